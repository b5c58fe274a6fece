//! Sets of rule numbers.
//!
//! Guarantees: numbers beyond the size are not taken; whole sets are joined a word at a time.
//! Does not know: what the numbers mean.

/// So many numbers in one word.
const WORD: usize = 64;

/// A set of numbers from 0 up to a size, a bit each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bits(Vec<u64>);

impl Bits {
    /// None of so many.
    pub fn none(size: usize) -> Self {
        Self(vec![0; size.div_ceil(WORD)])
    }

    /// All of so many.
    pub fn all(size: usize) -> Self {
        let mut words = vec![u64::MAX; size.div_ceil(WORD)];
        if let (Some(last), true) = (words.last_mut(), !size.is_multiple_of(WORD)) {
            *last = (1 << (size % WORD)) - 1;
        }
        Self(words)
    }

    /// Puts one in.
    pub fn put(&mut self, number: u32) {
        if let Some(word) = self.0.get_mut(number as usize / WORD) {
            *word |= 1 << (number as usize % WORD);
        }
    }

    /// Takes one out.
    pub fn take(&mut self, number: u32) {
        if let Some(word) = self.0.get_mut(number as usize / WORD) {
            *word &= !(1 << (number as usize % WORD));
        }
    }

    /// Takes one out or puts it in.
    pub(super) fn flip(&mut self, number: u32) {
        if let Some(word) = self.0.get_mut(number as usize / WORD) {
            *word ^= 1 << (number as usize % WORD);
        }
    }

    /// Whether it is in.
    pub fn has(&self, number: usize) -> bool {
        self.0.get(number / WORD).is_some_and(|word| word >> (number % WORD) & 1 == 1)
    }

    /// Becomes the same as another.
    pub(super) fn copy(&mut self, other: &Self) {
        self.0.clone_from(&other.0);
    }

    /// Takes everything out.
    pub(super) fn empty(&mut self) {
        self.0.fill(0);
    }

    /// Leaves what is in both.
    pub fn keep(&mut self, other: &Self) {
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word &= other;
        }
    }

    /// Puts in what is in the other.
    pub fn join(&mut self, other: &Self) {
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word |= other;
        }
    }

    /// Takes out what is in the other.
    pub fn drop(&mut self, other: &Self) {
        for (word, other) in self.0.iter_mut().zip(&other.0) {
            *word &= !other;
        }
    }

    /// Whether everything in this is in the other.
    pub(super) fn is_within(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).all(|(one, other)| one & !other == 0)
    }

    /// Whether something is in both.
    fn meets(&self, other: &Self) -> bool {
        self.0.iter().zip(&other.0).any(|(one, other)| one & other != 0)
    }

    /// Whether each is in, from 0 on, up to the next full word.
    pub(super) fn each(&self) -> impl Iterator<Item = bool> + '_ {
        self.0.iter().flat_map(|word| (0..WORD).map(move |bit| word >> bit & 1 == 1))
    }

    /// The numbers, from small to large.
    pub fn numbers(self) -> Numbers {
        Numbers { words: self.0, at: 0 }
    }
}

/// Numbers of a set, from small to large.
#[derive(Clone, Debug)]
pub struct Numbers {
    words: Vec<u64>,
    at: usize,
}

impl Iterator for Numbers {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        loop {
            let word = self.words.get_mut(self.at)?;
            if *word == 0 {
                self.at += 1;
                continue;
            }
            let bit = word.trailing_zeros() as usize;
            *word &= *word - 1;
            return Some(self.at * WORD + bit);
        }
    }
}

/// The rules that stand behind one value: their numbers, or when they are many, their bits.
#[derive(Clone, Debug)]
pub(super) enum Posting {
    Few(Box<[u32]>),
    Many(Bits),
}

impl Posting {
    pub(super) fn new(mut numbers: Vec<u32>, size: usize) -> Self {
        numbers.sort_unstable();
        numbers.dedup();
        // Above one in 64, bits are both smaller and faster.
        if numbers.len() <= size.div_ceil(WORD) {
            return Self::Few(numbers.into());
        }
        let mut bits = Bits::none(size);
        for number in numbers {
            bits.put(number);
        }
        Self::Many(bits)
    }

    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::Few(numbers) if numbers.is_empty())
    }

    /// Puts them into a set.
    pub(super) fn put(&self, bits: &mut Bits) {
        match self {
            Self::Few(numbers) => numbers.iter().for_each(|number| bits.put(*number)),
            Self::Many(more) => bits.join(more),
        }
    }

    /// Takes them out of a set.
    pub(super) fn take(&self, bits: &mut Bits) {
        match self {
            Self::Few(numbers) => numbers.iter().for_each(|number| bits.take(*number)),
            Self::Many(less) => bits.drop(less),
        }
    }

    /// Whether one of them is in a set.
    pub(super) fn meets(&self, bits: &Bits) -> bool {
        match self {
            Self::Few(numbers) => numbers.iter().any(|number| bits.has(*number as usize)),
            Self::Many(own) => own.meets(bits),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_join_keep_and_drop() {
        for size in [1, 63, 64, 65, 200] {
            let all = Bits::all(size);
            assert_eq!(all.clone().numbers().count(), size);
            let even = Posting::new((0..size as u32).step_by(2).collect(), size);
            let mut some = Bits::none(size);
            even.put(&mut some);
            assert_eq!(some.clone().numbers().count(), size.div_ceil(2));
            assert!(even.meets(&some));
            let mut odd = all.clone();
            odd.drop(&some);
            assert!(!even.meets(&odd));
            even.take(&mut some);
            assert_eq!(some, Bits::none(size));
            odd.put(0);
            odd.flip(0);
            odd.put(1_000);
            assert_eq!(odd.numbers().collect::<Vec<_>>(), (1..size).step_by(2).collect::<Vec<_>>());
        }
    }
}
