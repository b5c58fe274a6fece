//! The corpus of the fuzz targets, run in every test: what fuzzing found stays found.
//!
//! Guarantees: every target has fixtures and all of them hold; so do thousands of mutants of
//! them, made from a fixed seed. A failure names the file, or prints the mutant's bytes.
//! Does not know: coverage; the fuzzer does (`fuzz/run`).

mod targets;

use std::{
    collections::BTreeSet,
    fs,
    panic::{self, AssertUnwindSafe},
    path::{Path, PathBuf},
};

use handoff::{
    clock::{Clock as _, SystemClock},
    model::time::Span,
};

use crate::architecture::source::root;

/// What a mutant costs, where it is more than a fraction of a millisecond: so many times fewer are
/// made. These compile a whole document, or walk years.
const COST: &[(&str, usize)] = &[
    ("body", 8),
    ("condition", 8),
    ("hours", 10),
    ("ical", 4),
    ("normalize", 20),
    ("rulebook", 20),
    ("settings", 50),
    ("table", 20),
];
/// Mutants of each target in every run; more in a long one.
const MUTANTS: usize = 2_000;
const MUTANTS_LONG: usize = 100_000;
/// Fixtures larger than this are for the fuzzer alone.
const FIXTURE_MAX: u64 = 64 * 1024;

fn folder(target: &str) -> PathBuf {
    root().join("tests/fixtures/fuzz").join(target)
}

/// The fixtures of a target, by name.
fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder(target))
        .unwrap_or_else(|why| panic!("tests/fixtures/fuzz/{target}: {why}"))
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files.into_iter().map(|file| (file.clone(), fs::read(file).unwrap())).collect()
}

/// Runs one input; what went wrong, if anything did.
fn broken(target: &str, bytes: &[u8]) -> Option<String> {
    panic::catch_unwind(AssertUnwindSafe(|| targets::run(target, bytes))).err().map(|why| {
        let text = why.downcast_ref::<String>().map(String::as_str);
        text.or_else(|| why.downcast_ref::<&str>().copied()).unwrap_or("no message").to_owned()
    })
}

#[test]
fn every_fixture_of_every_target_holds() {
    let clock = SystemClock::new();
    let (mut count, mut wrong) = (0, Vec::new());
    for (target, _) in targets::ALL {
        let corpus = corpus(target);
        assert!(!corpus.is_empty(), "{target} has no fixtures");
        for (file, bytes) in corpus {
            count += 1;
            if let Some(why) = broken(target, &bytes) {
                wrong.push(format!("{}: {why}", file.display()));
            }
        }
    }
    println!("fuzz: {count} fixtures of {} targets in {}", targets::ALL.len(), clock.monotonic());
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn every_mutant_of_every_fixture_holds() {
    let clock = SystemClock::new();
    let long = std::env::var_os("HANDOFF_TEST_LONG").is_some();
    let most = if long { MUTANTS_LONG } else { MUTANTS };
    let mut wrong = Vec::new();
    for (target, _) in targets::ALL {
        let corpus: Vec<Vec<u8>> = corpus(target)
            .into_iter()
            .map(|(_, bytes)| bytes)
            .filter(|bytes| bytes.len() < 4 * 1024)
            .collect();
        let mut dice = Dice(0x5eed_0ff0);
        let started = clock.monotonic();
        let cost = COST.iter().find(|(name, _)| name == target).map_or(1, |(_, cost)| *cost);
        let most = most / cost;
        for _ in 0..most {
            let mutant = dice.mutant(&corpus);
            if let Some(why) = broken(target, &mutant) {
                wrong.push(format!("{target}: {why}\n  of {}", mutant.escape_ascii()));
                break;
            }
        }
        println!("fuzz: {most} mutants of {target} in {}", Span(clock.monotonic().0 - started.0));
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn the_fixtures_are_small_and_each_belongs_to_a_target() {
    let known: BTreeSet<&str> = targets::ALL.iter().map(|(name, _)| *name).collect();
    let mut total = 0;
    for entry in fs::read_dir(folder("")).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().to_string_lossy().into_owned();
        assert!(known.contains(name.as_str()), "tests/fixtures/fuzz/{name} belongs to no target");
        let sizes: Vec<u64> = fs::read_dir(entry.path())
            .unwrap()
            .map(|file| file.unwrap().metadata().unwrap().len())
            .collect();
        assert!(sizes.len() <= 200, "{name} has {} fixtures", sizes.len());
        assert!(sizes.iter().all(|size| *size <= FIXTURE_MAX), "{name}: {sizes:?}");
        total += sizes.iter().sum::<u64>();
    }
    assert!(total < 2 * 1024 * 1024, "{total} bytes of fixtures");
}

#[test]
fn every_target_has_its_binary() {
    let manifest = fs::read_to_string(root().join("fuzz/Cargo.toml")).unwrap();
    let binaries: BTreeSet<&str> = manifest
        .split("[[bin]]")
        .skip(1)
        .filter_map(|part| part.split("name = \"").nth(1)?.split('"').next())
        .collect();
    let names: BTreeSet<&str> = targets::ALL.iter().map(|(name, _)| *name).collect();
    assert_eq!(binaries, names, "fuzz/Cargo.toml and the targets differ");
    for name in names {
        let file = root().join("fuzz/fuzz_targets").join(name).with_extension("rs");
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains(&format!("run(\"{name}\"")), "{}", Path::new(&file).display());
    }
}

/// Bytes that mean something to a parser.
const SIGNS: &[u8] = b"\0\n\r \"'\\[]{}()=:;,&<>%+-.0\xff";

/// Numbers from a seed (splitmix64), the same on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.roll() % most.max(1) as u64).unwrap()
    }

    fn mutant(&mut self, corpus: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = corpus[self.below(corpus.len())].clone();
        for _ in 0..=self.below(4) {
            self.mutate(&mut bytes, corpus);
        }
        bytes
    }

    fn mutate(&mut self, bytes: &mut Vec<u8>, corpus: &[Vec<u8>]) {
        let at = self.below(bytes.len() + 1);
        let length = 1 + self.below(16);
        let to = (at + length).min(bytes.len());
        match self.below(8) {
            0 if !bytes.is_empty() => {
                let at = at.min(bytes.len() - 1);
                bytes[at] ^= 1 << self.below(8);
            }
            1 => bytes.insert(at, SIGNS[self.below(SIGNS.len())]),
            2 => drop(bytes.drain(at..to)),
            3 => {
                let piece = bytes[at..to].to_vec();
                bytes.splice(at..at, piece);
            }
            4 => bytes.truncate(at),
            5 => {
                let other = &corpus[self.below(corpus.len())];
                let from = self.below(other.len() + 1);
                let until = (from + length * 4).min(other.len());
                bytes.splice(at..to, other[from..until].iter().copied());
            }
            6 => {
                let number = [0, 1, 9, 255, 65_536, i64::MAX as u64][self.below(6)];
                bytes.splice(at..to, number.to_string().into_bytes());
            }
            _ => {
                let piece = ["é", "\u{202e}", "\u{feff}", "😀", "İ", "ß", "\u{0}"][self.below(7)];
                bytes.splice(at..at, piece.bytes());
            }
        }
    }
}
