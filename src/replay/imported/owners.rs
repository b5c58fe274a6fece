//! Which rep an owner means, as it was written in an import.
//!
//! Guarantees: an id goes before an address, that before an owner id of a CRM, that before a name;
//! a name of two reps means neither. Does not know: why it was written so.

use std::collections::HashMap;

use crate::rulebook::Rulebook;

/// The reps of a rulebook by everything that may be written for them.
#[derive(Debug, Default)]
pub struct Owners(HashMap<String, Option<String>>);

impl Owners {
    /// Of this rulebook.
    #[must_use]
    pub fn of(book: &Rulebook) -> Self {
        let mut known: HashMap<String, Option<String>> = HashMap::new();
        let reps = || book.reps.values();
        let exact = reps().map(|rep| (&rep.id, rep)).chain(reps().map(|rep| (&rep.email, rep)));
        let crm = reps().flat_map(|rep| rep.crm.values().map(move |owner| (owner, rep)));
        for (written, rep) in exact.chain(crm) {
            known.entry(plain(written)).or_insert_with(|| Some(rep.id.clone()));
        }
        let mut names: HashMap<String, Option<String>> = HashMap::new();
        for rep in reps() {
            let is_first = !names.contains_key(&plain(&rep.name));
            names.insert(plain(&rep.name), is_first.then(|| rep.id.clone()));
        }
        for (name, rep) in names {
            known.entry(name).or_insert(rep);
        }
        Self(known)
    }

    /// The id of the rep; nothing if the rulebook knows nobody by it, or two.
    #[must_use]
    pub fn rep(&self, written: &str) -> Option<&str> {
        self.0.get(&plain(written))?.as_deref()
    }
}

/// As it is compared: without case, and with single blanks.
fn plain(written: &str) -> String {
    written.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rulebook::{Rep, condition::Schema};

    #[test]
    fn an_owner_is_found_by_whatever_is_written_and_never_guessed() {
        let mut book = Rulebook::empty(Schema::builder().build().unwrap());
        for (id, name, crm) in
            [("ada", "Ada Byron", "11"), ("bob", "Sam Lee", "ada"), ("sam", "Sam  lee", "13")]
        {
            let rep = Rep {
                id: id.to_owned(),
                name: name.to_owned(),
                email: format!("{id}@acme.example"),
                crm: [("hubspot".to_owned(), crm.to_owned())].into(),
                hours: None,
                manager: None,
                tell_by: Vec::new(),
                backup: None,
                has_left: false,
            };
            book.reps.insert(id.to_owned(), rep);
        }
        let owners = Owners::of(&book);
        for (written, rep) in [
            ("ada", Some("ada")), // not bob, whom a CRM calls so
            ("ADA@acme.example", Some("ada")),
            ("13", Some("sam")),
            ("ada  BYRON", Some("ada")),
            ("Sam Lee", None), // there are two
            ("Eve", None),
            ("", None),
        ] {
            assert_eq!(owners.rep(written), rep, "{written:?}");
        }
    }
}
