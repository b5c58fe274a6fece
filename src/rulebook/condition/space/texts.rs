//! Sets of texts: some, or all but some, in each of the ways in which conditions read a text.
//!
//! Guarantees: what is said to be empty is empty, what is said to lie within lies within; what
//! cannot be said (which texts are "de" in lower case) is not said.
//! Does not know: parts of texts and regular expressions; those are tests by themselves.

use std::sync::Arc;

use super::super::{field::fold, pred::Reading};

/// Some texts, or all but some. Sorted, each once.
#[derive(Clone, Debug, PartialEq)]
enum Members {
    In(Vec<Arc<str>>),
    NotIn(Vec<Arc<str>>),
}

impl Members {
    const ANY: Self = Self::NotIn(Vec::new());

    fn has(&self, text: &str) -> bool {
        let listed = |list: &[Arc<str>]| list.binary_search_by(|one| (**one).cmp(text)).is_ok();
        match self {
            Self::In(list) => listed(list),
            Self::NotIn(list) => !listed(list),
        }
    }

    fn not(&self) -> Self {
        match self {
            Self::In(list) => Self::NotIn(list.clone()),
            Self::NotIn(list) => Self::In(list.clone()),
        }
    }

    fn and(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::In(list), _) => {
                Self::In(list.iter().filter(|text| other.has(text)).cloned().collect())
            }
            (_, Self::In(_)) => other.and(self),
            (Self::NotIn(list), Self::NotIn(more)) => {
                let mut all: Vec<Arc<str>> = list.iter().chain(more).cloned().collect();
                all.sort();
                all.dedup();
                Self::NotIn(all)
            }
        }
    }

    fn is_any(&self) -> bool {
        matches!(self, Self::NotIn(list) if list.is_empty())
    }
}

/// The texts that every reading lets through.
#[derive(Clone, Debug, PartialEq)]
pub(in super::super) struct Texts {
    exact: Members,
    lower: Members,
    folded: Members,
}

/// A text as a reading has it. The later one of two readings decides: what is folded after it was
/// put in lower case is what is folded at once.
fn read(text: &str, reading: Reading) -> String {
    match reading {
        Reading::Exact => text.to_owned(),
        Reading::LowerAscii => text.to_ascii_lowercase(),
        Reading::Folded => fold(text),
    }
}

const READINGS: [Reading; 3] = [Reading::Exact, Reading::LowerAscii, Reading::Folded];

impl Texts {
    pub const ANY: Self = Self { exact: Members::ANY, lower: Members::ANY, folded: Members::ANY };

    /// Those that are one of `sorted` when they are read so.
    pub fn one_of(reading: Reading, sorted: &[Arc<str>]) -> Self {
        // No text in lower case has a capital.
        let never = |text: &str| reading == Reading::LowerAscii && text != read(text, reading);
        let can_be = sorted.iter().filter(|text| !never(text));
        Self::ANY.with(reading, Members::In(can_be.cloned().collect())).settled()
    }

    fn members(&self, reading: Reading) -> &Members {
        match reading {
            Reading::Exact => &self.exact,
            Reading::LowerAscii => &self.lower,
            Reading::Folded => &self.folded,
        }
    }

    fn with(mut self, reading: Reading, members: Members) -> Self {
        match reading {
            Reading::Exact => self.exact = members,
            Reading::LowerAscii => self.lower = members,
            Reading::Folded => self.folded = members,
        }
        self
    }

    /// Lets a reading that lists its texts be asked by those that come after it.
    fn settled(mut self) -> Self {
        if let Members::In(list) = &self.exact {
            let kept = list.iter().filter(|text| {
                self.lower.has(&read(text, Reading::LowerAscii))
                    && self.folded.has(&read(text, Reading::Folded))
            });
            self.exact = Members::In(kept.cloned().collect());
            (self.lower, self.folded) = (Members::ANY, Members::ANY);
        } else if let Members::In(list) = &self.lower {
            let kept = list.iter().filter(|text| self.folded.has(&read(text, Reading::Folded)));
            self.lower = Members::In(kept.cloned().collect());
            self.folded = Members::ANY;
        }
        self
    }

    pub fn and(&self, other: &Self) -> Self {
        Self {
            exact: self.exact.and(&other.exact),
            lower: self.lower.and(&other.lower),
            folded: self.folded.and(&other.folded),
        }
        .settled()
    }

    /// Sets that together are all other texts.
    pub fn not(&self) -> Vec<Self> {
        let all = READINGS.into_iter().filter(|reading| !self.members(*reading).is_any());
        all.map(|reading| Self::ANY.with(reading, self.members(reading).not())).collect()
    }

    pub fn is_empty(&self) -> bool {
        let nobody = Members::In(Vec::new());
        READINGS.into_iter().any(|reading| *self.members(reading) == nobody)
    }

    pub fn is_any(&self) -> bool {
        READINGS.into_iter().all(|reading| self.members(reading).is_any())
    }

    /// Those that are listed, if they are, as texts of a reading.
    pub fn listed(&self) -> Option<(Reading, &[Arc<str>])> {
        READINGS.into_iter().find_map(|reading| match self.members(reading) {
            Members::In(list) => Some((reading, list.as_slice())),
            Members::NotIn(_) => None,
        })
    }

    /// The listed texts, if they are listed as they are.
    pub fn exactly(&self) -> Option<&[Arc<str>]> {
        match &self.exact {
            Members::In(list) => Some(list),
            Members::NotIn(_) => None,
        }
    }

    /// Certainly each of these is one of `other`.
    pub fn is_within(&self, other: &Self) -> bool {
        self.is_empty() || READINGS.into_iter().all(|reading| self.passes(reading, other))
    }

    /// Certainly this reading of `other` lets each of these through.
    fn passes(&self, reading: Reading, other: &Self) -> bool {
        let wanted = other.members(reading);
        if wanted.is_any() {
            return true;
        }
        if let Some((known, list)) = self.listed()
            && READINGS.iter().position(|one| *one == known)
                <= READINGS.iter().position(|one| *one == reading)
        {
            return list.iter().all(|text| wanted.has(&read(text, reading)));
        }
        let Members::NotIn(left_out) = wanted else { return false };
        // What is left out there may not be among these: some reading of it keeps it out.
        left_out.iter().all(|text| {
            let later = READINGS.into_iter().skip_while(|one| *one != reading);
            later.into_iter().any(|one| !self.members(one).has(&read(text, one)))
        })
    }

    pub fn has(&self, text: &str) -> bool {
        READINGS.into_iter().all(|reading| self.members(reading).has(&read(text, reading)))
    }

    /// One of them that is not empty, if one is found.
    pub fn some(&self) -> Option<String> {
        let fresh = (0..64).map(|number| format!("x{number}"));
        match self.listed() {
            None => fresh.into_iter().find(|text| self.has(text)),
            Some((_, list)) => {
                let spelled = |text: &Arc<str>| {
                    let mut letters = text.chars();
                    let first = letters.next().map(|c| c.to_uppercase().to_string());
                    let title = first.unwrap_or_default() + letters.as_str();
                    [text.to_string(), text.to_uppercase(), title]
                };
                list.iter().flat_map(spelled).find(|text| self.has(text))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, sample::select};

    use super::*;

    const TEXTS: [&str; 9] = ["", "DE", "de", "De", "dE", "AT", "Straße", "STRASSE", "İ"];

    fn set() -> impl Strategy<Value = Texts> {
        let one = (
            select(READINGS.to_vec()),
            proptest::collection::vec(select(TEXTS.as_slice()), 0..4),
            any::<bool>(),
        );
        let one = one.prop_map(|(reading, texts, negated)| {
            let mut sorted: Vec<Arc<str>> = texts.into_iter().map(Arc::from).collect();
            sorted.sort();
            sorted.dedup();
            let set = Texts::one_of(reading, &sorted);
            if negated { set.not().pop().unwrap_or(Texts::ANY) } else { set }
        });
        proptest::collection::vec(one, 1..4)
            .prop_map(|sets| sets.iter().fold(Texts::ANY, |all, set| all.and(set)))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn what_is_said_of_sets_of_texts_is_so(a in set(), b in set()) {
            for text in TEXTS {
                prop_assert_eq!(a.and(&b).has(text), a.has(text) && b.has(text));
                prop_assert_eq!(a.not().iter().any(|set| set.has(text)), !a.has(text));
                prop_assert!(!a.is_empty() || !a.has(text));
                prop_assert!(!a.is_within(&b) || !a.has(text) || b.has(text), "{:?} {:?}", a, b);
            }
            if let Some(text) = a.some() {
                prop_assert!(a.has(&text));
            }
        }
    }

    #[test]
    fn readings_know_of_each_other_what_can_be_known() {
        let set = |reading, texts: &[&str]| {
            let texts: Vec<Arc<str>> = texts.iter().map(|text| Arc::from(*text)).collect();
            Texts::one_of(reading, &texts)
        };
        let (exact, folded) = (Reading::Exact, Reading::Folded);
        assert!(set(exact, &["DE"]).is_within(&set(folded, &["at", "de"])));
        assert!(!set(folded, &["de"]).is_within(&set(exact, &["DE"])));
        assert!(set(exact, &["DE"]).and(&set(folded, &["at"])).is_empty());
        assert!(set(Reading::LowerAscii, &["VP"]).is_empty());
        let not_at = set(exact, &["AT"]).not();
        assert!(set(folded, &["de"]).is_within(&not_at[0]));
        assert!(!set(folded, &["at"]).is_within(&not_at[0]));
    }
}
