//! The words of a company's name, for comparing it with others.
//!
//! Guarantees: pure and total; a name has at most twelve words, each once, in its order; spellings
//! of one word are one (`Mueller` and `Müller`, `Intl.` and `International`, `Österreich` and
//! `Austria`).
//! Does not know: how often a word occurs.

use crate::model::normalize::company_key;

/// A longer name is cut.
const WORDS_MAX: usize = 12;

/// What a word says about a company.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It may be the company's own.
    Own,
    /// What many companies do: `Logistics`, `Software`.
    Trade,
    /// Next to nothing: `Group`, `International`, `and`.
    Empty,
    /// Where a part of it is: `Germany`, `EMEA`.
    Place,
}

/// A word of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Folded, in its one spelling.
    pub text: String,
    /// What it says.
    pub kind: Kind,
}

/// Words that nearly every name may have or not have.
#[rustfmt::skip] // A list reads better as one.
const EMPTY: [&str; 54] = [
    "and", "und", "et", "y", "e", "en", "of", "the", "de", "der", "die", "des", "du", "la", "le",
    "les", "el", "di", "da", "do", "for", "fur", "group", "holding", "international", "global",
    "worldwide", "company", "corporation", "enterprise", "limited", "incorporated", "co", "inc",
    "ltd", "llc", "gmbh", "ag", "aktiebolag", "bv", "kft", "kg", "nv", "ohg", "ooo", "oy", "plc",
    "pty", "pvt", "sarl", "sas", "spa", "srl", "sro",
];

/// What many companies do; each of these stands in hundreds of names.
#[rustfmt::skip] // A list reads better as one.
const TRADE: [&str; 78] = [
    "advisor", "agency", "analytics", "architect", "associate", "automation", "automotive",
    "bank", "bau", "biotech", "brother", "business", "capital", "care", "chemical", "cloud",
    "college", "communication", "construction", "consulting", "cosmetics", "data", "design",
    "development", "digital", "electronics", "energy", "engineering", "entertainment", "estate",
    "finance", "food", "foundation", "furniture", "gear", "health", "hospital", "hotel",
    "industry", "insurance", "interactive", "investment", "laboratory", "law", "legal",
    "logistics", "machinery", "management", "manufacturing", "marketing", "material", "media",
    "medical", "metal", "mobility", "motor", "network", "partner", "pharma", "power", "press",
    "product", "property", "realty", "research", "restaurant", "retail", "school", "security",
    "service", "software", "solution", "studio", "system", "technology", "trading", "transport",
    "university",
];

/// Other spellings of words, each with the one that is kept.
#[rustfmt::skip] // A list reads better as one.
const SPELLINGS: [(&str, &str); 54] = [
    ("assoc", "associate"), ("associates", "associate"), ("auto", "automotive"),
    ("bros", "brother"), ("comm", "communication"), ("comms", "communication"),
    ("constr", "construction"), ("corp", "corporation"), ("dev", "development"),
    ("eng", "engineering"), ("engr", "engineering"), ("ent", "enterprise"), ("fin", "finance"),
    ("financial", "finance"), ("gebruder", "brother"), ("gebr", "brother"), ("glob", "global"),
    ("groep", "group"), ("groupe", "group"), ("grp", "group"), ("grupo", "group"),
    ("gruppe", "group"), ("gruppo", "group"), ("hldg", "holding"), ("hldgs", "holding"),
    ("ind", "industry"), ("inds", "industry"), ("industrie", "industry"), ("ins", "insurance"),
    ("internacional", "international"), ("internationale", "international"),
    ("intl", "international"), ("int", "international"), ("inv", "investment"),
    ("lab", "laboratory"), ("labs", "laboratory"), ("log", "logistics"),
    ("logistic", "logistics"), ("logistik", "logistics"), ("mach", "machinery"),
    ("med", "medical"), ("mfg", "manufacturing"), ("mgmt", "management"), ("mktg", "marketing"),
    ("pharmaceutical", "pharma"), ("sol", "solution"), ("svc", "service"), ("svcs", "service"),
    ("sys", "system"), ("tech", "technology"), ("technologie", "technology"),
    ("techs", "technology"), ("trans", "transport"), ("univ", "university"),
];

/// Places with their one spelling.
#[rustfmt::skip] // A list reads better as one.
const PLACES: [(&str, &str); 76] = [
    ("africa", "africa"), ("america", "usa"), ("americas", "americas"), ("apac", "apac"),
    ("asia", "asia"), ("australia", "australia"), ("austria", "austria"), ("belgie", "belgium"),
    ("belgique", "belgium"), ("belgium", "belgium"), ("benelux", "benelux"),
    ("brasil", "brazil"), ("brazil", "brazil"), ("britain", "uk"), ("bulgaria", "bulgaria"),
    ("canada", "canada"), ("chile", "chile"), ("china", "china"), ("colombia", "colombia"),
    ("croatia", "croatia"), ("czechia", "czechia"), ("dach", "dach"), ("danmark", "denmark"),
    ("denmark", "denmark"), ("deutschland", "germany"), ("emea", "emea"), ("espana", "spain"),
    ("estonia", "estonia"), ("europe", "europe"), ("europa", "europe"), ("finland", "finland"),
    ("france", "france"), ("germany", "germany"), ("greece", "greece"), ("hungary", "hungary"),
    ("iberia", "iberia"), ("iberica", "iberia"), ("india", "india"), ("ireland", "ireland"),
    ("israel", "israel"), ("italia", "italy"), ("italy", "italy"), ("japan", "japan"),
    ("korea", "korea"), ("latam", "latam"), ("magyarorszag", "hungary"), ("mexico", "mexico"),
    ("nederland", "netherlands"), ("netherlands", "netherlands"), ("nordic", "nordic"),
    ("norge", "norway"), ("norway", "norway"), ("osterreich", "austria"), ("poland", "poland"),
    ("polska", "poland"), ("portugal", "portugal"), ("romania", "romania"),
    ("schweiz", "switzerland"), ("serbia", "serbia"), ("singapore", "singapore"),
    ("slovakia", "slovakia"), ("slovenia", "slovenia"), ("spain", "spain"),
    ("suisse", "switzerland"), ("suomi", "finland"), ("sverige", "sweden"),
    ("svizzera", "switzerland"), ("sweden", "sweden"), ("switzerland", "switzerland"),
    ("taiwan", "taiwan"), ("turkey", "turkey"), ("turkiye", "turkey"), ("uae", "uae"),
    ("uk", "uk"), ("us", "usa"), ("usa", "usa"),
];

/// The words of a name, legal forms dropped.
#[must_use]
pub fn words(name: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    for text in company_key(name).unwrap_or_default().split(' ') {
        let word = word(text);
        let is_new = !word.text.is_empty() && words.iter().all(|known| known.text != word.text);
        if is_new && words.len() < WORDS_MAX {
            words.push(word);
        }
    }
    words
}

/// A name without anything between its words: `Sun-Power` and `Sunpower` have the same.
#[must_use]
pub fn squeezed(words: &[Word]) -> String {
    words.iter().filter(|word| word.text != "and").map(|word| word.text.as_str()).collect()
}

fn word(text: &str) -> Word {
    if let Some((_, place)) = PLACES.iter().find(|(known, _)| *known == text) {
        return Word { text: (*place).to_owned(), kind: Kind::Place };
    }
    let spelled = |text: &str| SPELLINGS.iter().find(|(known, _)| *known == text);
    let known = |text: &str| {
        let list = |words: &[&str], kind| words.contains(&text).then_some(kind);
        list(&EMPTY, Kind::Empty).or_else(|| list(&TRADE, Kind::Trade))
    };
    let one = |text: &str| {
        let text = spelled(text).map_or(text, |(_, kept)| kept);
        known(text).map(|kind| Word { text: text.to_owned(), kind })
    };
    one(text)
        .or_else(|| one(&singular(text)))
        .unwrap_or_else(|| Word { text: umlauts(text), kind: Kind::Own })
}

/// An English plural as the word itself; only known words are looked up by it.
fn singular(text: &str) -> String {
    match (text.strip_suffix("ies"), text.strip_suffix('s')) {
        (Some(stem), _) => format!("{stem}y"),
        (None, Some(stem)) => stem.to_owned(),
        (None, None) => text.to_owned(),
    }
}

/// `ae`, `oe` and `ue` before a consonant as the one letter to which `ä`, `ö` and `ü` fold.
fn umlauts(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let is_vowel = |letter: &char| "aeiouy".contains(*letter);
    let mut plain = String::with_capacity(text.len());
    for (place, letter) in letters.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|place| letters.get(place));
        let after = letters.get(place + 1);
        let follows = before.is_some_and(|before| "aou".contains(*before));
        let after_q = place >= 2 && letters.get(place - 2) == Some(&'q');
        let is_mark = *letter == 'e' && follows && !after_q;
        if !(is_mark && after.is_some_and(|after| !is_vowel(after))) {
            plain.push(*letter);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(name: &str) -> Vec<String> {
        words(name).into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn spellings_of_a_name_have_the_same_words() {
        for (one, other) in [
            ("Müller GmbH", "Mueller Inc."),
            ("Börse Öl AG", "Boerse Oel"),
            ("Linden Intl Mfg", "Linden International Manufacturing Ltd"),
            ("Linden Deutschland", "LINDEN GERMANY"),
            ("Linden Technologies", "Linden Tech"),
            ("Gebr. Linden", "Bros Linden"),
            ("Linden & Co. KG", "Linden"),
        ] {
            assert_eq!(texts(one), texts(other), "{one} / {other}");
        }
    }

    #[test]
    fn words_that_only_look_alike_stay_as_they_are() {
        for (name, expected) in
            [("Blue Value", "blue value"), ("Queen", "queen"), ("Boeing", "boeing")]
        {
            assert_eq!(texts(name).join(" "), expected);
        }
        assert_eq!(texts("").len(), 0);
        assert_eq!(words(&"word ".repeat(500)).len(), 1, "a word counts once");
    }

    #[test]
    fn no_list_names_a_word_twice_or_one_that_folding_changes() {
        let folded = crate::model::text::fold;
        let spelled = SPELLINGS.iter().chain(&PLACES).map(|(text, _)| *text);
        let mut all: Vec<&str> = EMPTY.into_iter().chain(TRADE).chain(spelled).collect();
        assert!(all.iter().all(|word| folded(word) == *word));
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
        for (text, kept) in SPELLINGS {
            assert!(TRADE.contains(&kept) || EMPTY.contains(&kept), "{text}");
        }
    }
}
