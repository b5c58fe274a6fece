//! How alike two names are: a score from 0 to 1, and what it is made of.
//!
//! Guarantees: pure; the same two names under the same weights have the same score; equal names
//! have 1. Words weigh by how rare they are; a word with a slip of the pen counts a little less.
//! Names that say different places are different companies.
//! Does not know: where names and weights come from.

use super::{
    slip::slips,
    words::{Kind, Word, squeezed},
};
use crate::model::account::Part;

/// Names that differ only in blanks.
const SQUEEZED: f64 = 0.98;
/// The most for names that say different places.
const ELSEWHERE: f64 = 0.5;
/// Words shorter than this are the same or not.
const LETTERS_MIN: usize = 5;
/// Companies that are thought to be there beside those of the mirror: in a small mirror words do
/// not seem rarer or more common than they are.
const BEYOND: f64 = 100_000.0;

/// A word with its weight.
#[derive(Clone, Debug)]
pub struct Weighed {
    /// The word.
    pub word: Word,
    /// Its weight.
    pub weight: f64,
}

/// How alike a lead's name is to an account's.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Alike {
    /// From 0 to 1.
    pub score: f64,
    /// The account's words.
    pub parts: Vec<Part>,
    /// Which share of the lead's name the account's has not.
    pub left_over: f64,
}

/// What a word weighs that so many of so many accounts have.
#[must_use]
pub fn weight(kind: Kind, having: usize, accounts: usize) -> f64 {
    let (beyond, share) = match kind {
        Kind::Own => (50.0, 1.0),
        Kind::Trade => (2_000.0, 1.0),
        Kind::Place => (5_000.0, 0.35),
        Kind::Empty => (10_000.0, 0.2),
    };
    let rare = (accounts as f64 + BEYOND) / (having as f64 + beyond);
    share * (1.0 + rare.max(1.0).ln())
}

/// How alike two words are: 1 for the same, less for a slip of the pen, else 0.
#[must_use]
pub fn alike(one: &Word, other: &Word) -> f64 {
    if one.text == other.text {
        return 1.0;
    }
    let both_own = one.kind == Kind::Own || other.kind == Kind::Own;
    if !both_own || !may_slip(&one.text) || !may_slip(&other.text) {
        return 0.0;
    }
    // Slips are seldom in the first letter, and names that differ there are others.
    if one.text.chars().next() != other.text.chars().next() {
        return 0.0;
    }
    let letters = one.text.chars().count().max(other.text.chars().count());
    let slips = slips(&one.text, &other.text);
    let most = if letters < 10 { 1.5 } else { 2.2 };
    if slips > most { 0.0 } else { 1.0 - slips / letters as f64 }
}

/// Whether a word is long enough for a slip to be seen as one; numbers have none.
#[must_use]
pub fn may_slip(text: &str) -> bool {
    text.chars().count() >= LETTERS_MIN && !text.chars().any(char::is_numeric)
}

/// Compares a lead's name with an account's.
#[must_use]
pub fn compare(lead: &[Weighed], account: &[Weighed]) -> Alike {
    let whole: f64 = account.iter().map(|one| one.weight).sum();
    if lead.is_empty() || whole <= 0.0 {
        return Alike::default();
    }
    let mut free: Vec<&Weighed> = lead.iter().collect();
    let mut pairs: Vec<Option<(f64, f64)>> = vec![None; account.len()];
    // Words that are the same first, so that no slip takes one of them away.
    for is_same in [true, false] {
        for (own, pair) in account.iter().zip(&mut pairs).filter(|(_, pair)| pair.is_none()) {
            let found = best(own, &free, is_same);
            let Some((place, alike)) = found else { continue };
            let theirs = free.remove(place).weight;
            // A word with a slip is in no other name: it weighs what was meant.
            *pair = Some((alike, if is_same { theirs } else { own.weight }));
        }
    }
    let (mut both, mut weight) = (0.0, whole);
    for (own, (alike, theirs)) in
        account.iter().zip(&pairs).filter_map(|(own, pair)| Some((own, (*pair)?)))
    {
        both += alike * (own.weight + theirs);
        weight += theirs;
    }
    let left: f64 = free.iter().map(|one| one.weight).sum();
    weight += left;
    let parts = account.iter().zip(&pairs).map(|(own, pair)| Part {
        word: own.word.text.clone(),
        share: hundredths(own.weight / whole),
        alike: hundredths(pair.map_or(0.0, |(alike, _)| alike)),
    });
    let parts = parts.collect();
    let mut score = both / weight;
    if same_but_for_blanks(lead, account) {
        score = score.max(SQUEEZED);
    } else if are_elsewhere(lead, account) {
        score = score.min(ELSEWHERE);
    }
    Alike { score: hundredths(score), parts, left_over: hundredths(left / weight) }
}

/// The free word that is most like this one.
fn best(own: &Weighed, free: &[&Weighed], is_same: bool) -> Option<(usize, f64)> {
    let mut best: Option<(usize, f64)> = None;
    for (place, theirs) in free.iter().enumerate() {
        let alike = alike(&own.word, &theirs.word);
        let counts = if is_same { alike >= 1.0 } else { alike > 0.0 };
        if counts && best.is_none_or(|(_, most)| alike > most) {
            best = Some((place, alike));
        }
    }
    best
}

fn same_but_for_blanks(lead: &[Weighed], account: &[Weighed]) -> bool {
    let squeeze =
        |all: &[Weighed]| squeezed(&all.iter().map(|one| one.word.clone()).collect::<Vec<_>>());
    squeeze(lead) == squeeze(account)
}

/// Whether both say a place and none is the same.
fn are_elsewhere(lead: &[Weighed], account: &[Weighed]) -> bool {
    let places = |all: &[Weighed]| -> Vec<String> {
        let places = all.iter().filter(|one| one.word.kind == Kind::Place);
        places.map(|one| one.word.text.clone()).collect()
    };
    let (one, other) = (places(lead), places(account));
    !one.is_empty() && !other.is_empty() && one.iter().all(|place| !other.contains(place))
}

/// Rounded as it is shown and stored.
#[must_use]
pub fn hundredths(number: f64) -> f64 {
    (number * 100.0).round() / 100.0
}
