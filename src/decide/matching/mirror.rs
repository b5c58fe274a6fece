//! The mirror of accounts in memory, made for look-ups by domain and by name.
//!
//! Compact: texts lie in one piece, look-ups are sorted arrays. Per account there are its texts,
//! 48 bytes, and some 4 bytes for each word and 12 for each domain.
//!
//! Guarantees: never changes once it is built; the same accounts in the same order give the same
//! look-ups. Hashes only lead to accounts: what they lead to is compared in full.
//! Does not know: where accounts are kept.

use super::words::{Kind, Word};
use crate::model::{
    account::{Account, Opportunity, Parent},
    time::Time,
};

/// The place of an account in the mirror.
pub type Place = u32;

/// One account, without its texts.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// Where its texts begin.
    pub text: u32,
    pub origin: u32,
    pub owner: u32,
    pub country: u32,
    pub tier: u32,
    pub parent: Place,
    pub activity: i64,
    pub created: i64,
    /// What all of its words weigh.
    pub weight: f32,
}

/// No such text, no such account.
pub(super) const NONE: u32 = u32::MAX;
/// No such time.
pub(super) const NEVER: i64 = i64::MIN;

/// A sorted list of hashes, each with where it leads.
#[derive(Clone, Debug, Default)]
pub(super) struct Hashed<H> {
    pub hashes: Vec<H>,
    pub places: Vec<u32>,
}

impl<H: Ord + Copy> Hashed<H> {
    pub fn of(mut pairs: Vec<(H, u32)>) -> Self {
        pairs.sort_unstable();
        pairs.dedup();
        Self {
            hashes: pairs.iter().map(|(hash, _)| *hash).collect(),
            places: pairs.iter().map(|(_, place)| *place).collect(),
        }
    }

    /// Where a hash leads.
    pub fn get(&self, hash: H) -> &[u32] {
        let from = self.hashes.partition_point(|known| *known < hash);
        let rest = self.hashes.get(from..).unwrap_or_default();
        let count = rest.iter().take_while(|known| **known == hash).count();
        self.places.get(from..from + count).unwrap_or_default()
    }

    fn bytes(&self) -> usize {
        self.hashes.capacity() * size_of::<H>() + self.places.capacity() * size_of::<u32>()
    }
}

/// The mirror.
#[derive(Clone, Debug, Default)]
pub struct Mirror {
    pub(super) version: u64,
    /// How many accounts did not fit.
    pub(super) left_out: usize,
    /// Of each account its id, name, parent's id and domains, each ended by a zero byte.
    pub(super) texts: String,
    pub(super) rows: Vec<Row>,
    /// Origins, owners, countries and tiers, each once.
    pub(super) names: Vec<Box<str>>,
    pub(super) opportunities: Vec<(Place, Opportunity)>,
    pub(super) domains: Hashed<u64>,
    /// Names without blanks.
    pub(super) whole: Hashed<u32>,
    /// Every word once, in order, one behind the other; where each begins, and its kind.
    pub(super) words: String,
    pub(super) word_starts: Vec<u32>,
    pub(super) kinds: Vec<Kind>,
    /// The accounts that have a word, word after word.
    pub(super) having: Vec<Place>,
    pub(super) having_starts: Vec<u32>,
    /// Words with one letter less.
    pub(super) slips: Hashed<u32>,
}

impl Mirror {
    /// The store's version of it.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.version
    }

    /// How many accounts there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none: then nobody is matched, and nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How many accounts are not in it because they did not fit.
    #[must_use]
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// How many bytes it takes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.texts.capacity()
            + self.rows.capacity() * size_of::<Row>()
            + self.names.iter().map(|name| name.len() + size_of::<Box<str>>()).sum::<usize>()
            + self.opportunities.capacity() * (size_of::<(Place, Opportunity)>() + 32)
            + self.domains.bytes()
            + self.whole.bytes()
            + self.words.capacity()
            + self.kinds.capacity()
            + (self.word_starts.capacity() + self.having.capacity()) * size_of::<u32>()
            + self.having_starts.capacity() * size_of::<u32>()
            + self.slips.bytes()
    }

    fn text(&self, place: Place, which: usize) -> &str {
        let start = self.rows.get(place as usize).map_or(0, |row| row.text as usize);
        let rest = self.texts.get(start..).unwrap_or_default();
        rest.split('\0').nth(which).unwrap_or_default()
    }

    /// The id of an account.
    pub(super) fn id(&self, place: Place) -> &str {
        self.text(place, 0)
    }

    /// What an account is called.
    pub(super) fn name(&self, place: Place) -> &str {
        self.text(place, 1)
    }

    pub(super) fn known(&self, name: u32) -> Option<String> {
        self.names.get(name as usize).map(|name| (**name).to_owned())
    }

    pub(super) fn country(&self, place: Place) -> Option<&str> {
        let row = self.rows.get(place as usize)?;
        self.names.get(row.country as usize).map(AsRef::as_ref)
    }

    pub(super) fn opportunity(&self, place: Place) -> Option<&Opportunity> {
        let at = self.opportunities.binary_search_by_key(&place, |(of, _)| *of).ok()?;
        self.opportunities.get(at).map(|(_, opportunity)| opportunity)
    }

    /// Where an account comes from.
    pub(super) fn origin(&self, place: Place) -> String {
        self.rows.get(place as usize).and_then(|row| self.known(row.origin)).unwrap_or_default()
    }

    /// An account, without its domains.
    pub(super) fn account(&self, place: Place) -> Option<Account> {
        let row = self.rows.get(place as usize)?;
        let parent = self.text(place, 2);
        let time = |at: i64| (at != NEVER).then_some(Time(at));
        Some(Account {
            id: self.id(place).to_owned(),
            name: self.name(place).to_owned(),
            domains: Vec::new(),
            country: self.known(row.country),
            owner: self.known(row.owner),
            parent: (!parent.is_empty()).then(|| parent.to_owned()),
            opportunity: self.opportunity(place).cloned(),
            tier: self.known(row.tier),
            last_activity: time(row.activity),
            created: time(row.created),
        })
    }

    /// The account above an account.
    pub(super) fn parent(&self, place: Place) -> Option<Parent> {
        let row = self.rows.get(place as usize)?;
        let id = self.text(place, 2);
        if id.is_empty() {
            return None;
        }
        let above = self.rows.get(row.parent as usize);
        Some(Parent {
            id: id.to_owned(),
            name: above.map_or_else(String::new, |_| self.name(row.parent).to_owned()),
            owner: above.and_then(|above| self.known(above.owner)),
        })
    }

    /// The accounts of a registrable domain, in their order.
    pub(super) fn of_domain(&self, domain: &str) -> Vec<Place> {
        let led = self.domains.get(hash(domain.as_bytes())).iter().copied();
        led.filter(|place| self.text(*place, 3).split(' ').any(|known| known == domain)).collect()
    }

    /// A word of the vocabulary.
    pub(super) fn word(&self, number: u32) -> &str {
        let at = |number: usize| self.word_starts.get(number).map(|start| *start as usize);
        let from = at(number as usize).unwrap_or(self.words.len());
        let to = at(number as usize + 1).unwrap_or(self.words.len());
        self.words.get(from..to).unwrap_or_default()
    }

    /// The number of a word.
    pub(super) fn number(&self, text: &str) -> Option<u32> {
        let (mut low, mut high) = (0_u32, self.kinds.len() as u32);
        while low < high {
            let middle = low.midpoint(high);
            match self.word(middle).cmp(text) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return Some(middle),
            }
        }
        None
    }

    /// The accounts that have a word.
    pub(super) fn having(&self, number: u32) -> &[Place] {
        let at = |number: usize| self.having_starts.get(number).map(|start| *start as usize);
        let from = at(number as usize).unwrap_or(self.having.len());
        let to = at(number as usize + 1).unwrap_or(self.having.len());
        self.having.get(from..to).unwrap_or_default()
    }

    /// How many accounts have a word.
    pub(super) fn count(&self, word: &Word) -> usize {
        self.number(&word.text).map_or(0, |number| self.having(number).len())
    }
}

/// A hash for look-ups in memory: FNV-1a, its bits mixed.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    let start = 0xcbf2_9ce4_8422_2325_u64;
    let all = bytes
        .iter()
        .fold(start, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3));
    let mixed = (all ^ (all >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    mixed ^ (mixed >> 33)
}

/// The same in 32 bits.
pub(super) fn short(text: &str) -> u32 {
    (hash(text.as_bytes()) >> 32) as u32
}

/// A word, and the word without each of its letters: two words that are one slip apart share one
/// of these.
pub(super) fn with_slips(text: &str, mut each: impl FnMut(&str)) {
    each(text);
    let mut less = String::with_capacity(text.len());
    for (at, letter) in text.char_indices() {
        less.clear();
        less.push_str(text.get(..at).unwrap_or_default());
        less.push_str(text.get(at + letter.len_utf8()..).unwrap_or_default());
        each(&less);
    }
}
