//! Dice with a seed: the same seed, the same run.
//!
//! Guarantees: `HANDOFF_TEST_SEED` replays a run. Does not know: what is thrown for.

/// SplitMix64.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// Dice with this seed, unless the environment names another. It is printed.
    pub fn new(seed: u64) -> Self {
        let asked = std::env::var("HANDOFF_TEST_SEED").ok().and_then(|text| text.parse().ok());
        let seed = asked.unwrap_or(seed);
        println!("seed {seed}");
        Self(seed)
    }

    /// Dice of one of many runs, without a word.
    pub fn of_run(run: u64) -> Self {
        Self(run.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    /// The next number.
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `end`, which is above zero.
    pub fn below(&mut self, end: u64) -> u64 {
        self.roll() % end
    }

    /// True in `percent` of a hundred.
    pub fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// One of these.
    pub fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[usize::try_from(self.below(all.len() as u64)).expect("small")]
    }

    /// Puts them into another order.
    pub fn shuffle<T>(&mut self, all: &mut [T]) {
        for end in (1..all.len()).rev() {
            all.swap(end, usize::try_from(self.below(end as u64 + 1)).expect("small"));
        }
    }
}
