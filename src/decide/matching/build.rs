//! Building the mirror: accounts in, sorted arrays out.
//!
//! Guarantees: an account that does not fit (into the bytes that the mirror may take, or into four
//! gibibytes of texts) is left out and counted. While it is built it takes some two thirds more.
//! Does not know: where accounts come from.

use std::collections::HashMap;

use super::{
    alike::{may_slip, weight},
    mirror::{Hashed, Mirror, NEVER, NONE, Place, Row, hash, short, with_slips},
    words::{Kind, Word, squeezed, words},
};
use crate::model::account::{Account, Opportunity};

/// Bytes of a look-up by a hash of 64 bits, and by one of 32.
const HASHED: usize = size_of::<u64>() + size_of::<Place>();
const SHORT: usize = size_of::<u32>() + size_of::<u32>();

/// What a word takes when it is new: its text, its places in the tables, every slip of it.
fn bytes_of(word: &Word) -> usize {
    let may_slip = word.kind == Kind::Own && may_slip(&word.text);
    let slips = if may_slip { word.text.chars().count() + 1 } else { 0 };
    word.text.len() + 2 * size_of::<u32>() + size_of::<Kind>() + slips * SHORT
}

/// A mirror that is being built.
#[derive(Debug)]
pub struct Builder {
    mirror: Mirror,
    names: HashMap<Box<str>, u32>,
    /// Words in the order in which they came, with their numbers.
    vocabulary: HashMap<Box<str>, u32>,
    kinds: Vec<Kind>,
    /// Of each account its words, one behind the other, and where they end.
    row_words: Vec<u32>,
    row_ends: Vec<u32>,
    domains: Vec<(u64, Place)>,
    whole: Vec<(u32, Place)>,
    /// How many bytes the mirror may take, and how many it will.
    room: usize,
    bytes: usize,
}

impl Default for Builder {
    fn default() -> Self {
        Self::within(usize::MAX)
    }
}

impl Builder {
    /// A mirror of so many bytes at most, but for the last account.
    #[must_use]
    pub fn within(room: usize) -> Self {
        Self {
            mirror: Mirror::default(),
            names: HashMap::new(),
            vocabulary: HashMap::new(),
            kinds: Vec::new(),
            row_words: Vec::new(),
            row_ends: Vec::new(),
            domains: Vec::new(),
            whole: Vec::new(),
            room,
            bytes: 0,
        }
    }

    /// Adds an account of this origin.
    pub fn add(&mut self, origin: &str, account: &Account) {
        let texts = &mut self.mirror.texts;
        let place = self.mirror.rows.len();
        let (Ok(start), Ok(place)) = (u32::try_from(texts.len()), u32::try_from(place)) else {
            self.mirror.left_out += 1;
            return;
        };
        if self.bytes >= self.room {
            self.mirror.left_out += 1;
            return;
        }
        let domains = account.domains.join(" ");
        let parent = account.parent.as_deref().unwrap_or_default();
        for text in [&account.id, &account.name, parent, &domains] {
            texts.extend(text.chars().filter(|letter| *letter != '\0'));
            texts.push('\0');
        }
        let texts = texts.len() - start as usize;
        self.bytes += texts + size_of::<Row>() + account.domains.len() * HASHED + SHORT;
        for domain in &account.domains {
            self.domains.push((hash(domain.as_bytes()), place));
        }
        let words = words(&account.name);
        if !words.is_empty() {
            self.whole.push((short(&squeezed(&words)), place));
        }
        for word in words {
            let bytes = bytes_of(&word);
            let next = self.kinds.len() as u32;
            let number = *self.vocabulary.entry(word.text.into_boxed_str()).or_insert(next);
            if number == next {
                self.kinds.push(word.kind);
                self.bytes += bytes;
            }
            self.bytes += size_of::<Place>();
            self.row_words.push(number);
        }
        self.row_ends.push(self.row_words.len() as u32);
        if let Some(opportunity) = &account.opportunity {
            self.mirror.opportunities.push((place, opportunity.clone()));
            self.bytes += size_of::<(Place, Opportunity)>() + 32;
        }
        let row = Row {
            text: start,
            origin: self.name(Some(origin)),
            owner: self.name(account.owner.as_deref()),
            country: self.name(account.country.as_deref()),
            tier: self.name(account.tier.as_deref()),
            parent: NONE,
            activity: account.last_activity.map_or(NEVER, |at| at.0),
            created: account.created.map_or(NEVER, |at| at.0),
            weight: 0.0,
        };
        self.mirror.rows.push(row);
    }

    fn name(&mut self, name: Option<&str>) -> u32 {
        let Some(name) = name else { return NONE };
        if let Some(number) = self.names.get(name) {
            return *number;
        }
        let number = self.mirror.names.len() as u32;
        self.mirror.names.push(name.into());
        self.names.insert(name.into(), number);
        number
    }

    /// The mirror of this version.
    #[must_use]
    pub fn finish(mut self, version: u64) -> Mirror {
        self.mirror.version = version;
        self.link_parents();
        self.order_words();
        self.mirror.domains = Hashed::of(std::mem::take(&mut self.domains));
        self.mirror.whole = Hashed::of(std::mem::take(&mut self.whole));
        let mut mirror = self.mirror;
        let mut slips = Vec::new();
        for (number, kind) in (0_u32..).zip(&mirror.kinds) {
            let word = mirror.word(number);
            if *kind == Kind::Own && may_slip(word) {
                with_slips(word, |text| slips.push((short(text), number)));
            }
        }
        mirror.slips = Hashed::of(slips);
        mirror.texts.shrink_to_fit();
        mirror.rows.shrink_to_fit();
        mirror.names.shrink_to_fit();
        mirror.opportunities.shrink_to_fit();
        mirror
    }

    /// Parents are of the same origin.
    fn link_parents(&mut self) {
        let mirror = &self.mirror;
        let has_parent = |place: Place| mirror.parent(place).is_some();
        let children: Vec<Place> =
            (0..mirror.rows.len() as Place).filter(|place| has_parent(*place)).collect();
        if children.is_empty() {
            return;
        }
        let key = |origin: u32, id: &str| hash(id.as_bytes()) ^ u64::from(origin);
        let ids: HashMap<u64, Place> = (0_u32..)
            .zip(&mirror.rows)
            .map(|(place, row)| (key(row.origin, mirror.id(place)), place))
            .collect();
        let mut found = Vec::with_capacity(children.len());
        for place in children {
            let Some(row) = mirror.rows.get(place as usize) else { continue };
            let Some(parent) = mirror.parent(place) else { continue };
            let above = ids.get(&key(row.origin, &parent.id)).copied();
            // A hash that leads astray, and an account above itself, lead nowhere.
            let above = above.filter(|above| *above != place && mirror.id(*above) == parent.id);
            found.push((place, above.unwrap_or(NONE)));
        }
        for (place, above) in found {
            if let Some(row) = self.mirror.rows.get_mut(place as usize) {
                row.parent = above;
            }
        }
    }

    /// Sorts the vocabulary, and lists for each word the accounts that have it.
    fn order_words(&mut self) {
        let mut words: Vec<(Box<str>, u32)> =
            std::mem::take(&mut self.vocabulary).into_iter().collect();
        words.sort_unstable();
        let mut place_of = vec![0_u32; words.len()];
        let mirror = &mut self.mirror;
        for (place, (text, number)) in (0_u32..).zip(&words) {
            mirror.word_starts.push(mirror.words.len() as u32);
            mirror.words.push_str(text);
            mirror.kinds.extend(self.kinds.get(*number as usize));
            if let Some(slot) = place_of.get_mut(*number as usize) {
                *slot = place;
            }
        }
        mirror.words.shrink_to_fit();
        let in_order = |number: &u32| place_of.get(*number as usize).copied().unwrap_or(0);
        let mut starts = vec![0_u32; words.len() + 1];
        for number in &self.row_words {
            if let Some(count) = starts.get_mut(in_order(number) as usize + 1) {
                *count += 1;
            }
        }
        let mut before = 0;
        for start in &mut starts {
            before += *start;
            *start = before;
        }
        let accounts = mirror.rows.len();
        let weights: Vec<f64> = (mirror.kinds.iter().zip(starts.windows(2)))
            .map(|(kind, ends)| match ends {
                [from, to] => weight(*kind, (to - from) as usize, accounts),
                _ => 0.0,
            })
            .collect();
        let mut next = starts.clone();
        mirror.having = vec![0; self.row_words.len()];
        let mut from = 0;
        for ((place, row), end) in (0_u32..).zip(&mut mirror.rows).zip(&self.row_ends) {
            for number in self.row_words.get(from..*end as usize).unwrap_or_default() {
                let word = in_order(number) as usize;
                row.weight += weights.get(word).copied().unwrap_or(0.0) as f32;
                let Some(slot) = next.get_mut(word) else { continue };
                if let Some(having) = mirror.having.get_mut(*slot as usize) {
                    *having = place;
                }
                *slot += 1;
            }
            from = *end as usize;
        }
        mirror.having_starts = starts;
    }
}
