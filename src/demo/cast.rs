//! Who fills in forms: made-up people with made-up companies, some of them a nuisance.
//!
//! Guarantees: the same number is the same person in every run; every address ends in `.example`
//! and no two people share one. Does not know: when they fill in what.

use crate::model::{id::digest, text::fold};

/// First name, last name, company, domain, country, people, job and form tool, by tabs.
const FILE: &str = include_str!("../../config/demo/people.tsv");

/// A person, as they type themselves into a form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub first: String,
    pub last: String,
    pub company: String,
    pub domain: String,
    pub country: String,
    /// How many people the company has, as typed.
    pub people: String,
    pub job: String,
    /// The form tool that they meet, by its word in the file.
    pub tool: String,
    pub email: String,
}

impl Person {
    fn new(cells: [&str; 8], number: usize) -> Self {
        let [first, last, company, domain, country, people, job, tool] = cells;
        // A dash in the file is a field left empty.
        let [first, last, company, domain, country, people, job, tool] =
            [first, last, company, domain, country, people, job, tool]
                .map(|cell| if cell == "-" { String::new() } else { cell.to_owned() });
        let plain = |text: &str| -> String {
            fold(text).chars().filter(char::is_ascii_alphanumeric).take(20).collect()
        };
        let local = match (plain(&first), plain(&last)) {
            (first, last) if number == 0 => format!("{first}.{last}"),
            (first, last) => format!("{first}.{last}.{number}"),
        };
        let email = format!("{local}@{domain}");
        Self { first, last, company, domain, country, people, job, tool, email }
    }
}

/// Everybody.
#[derive(Debug)]
pub struct Cast {
    first_rows: Vec<Person>,
}

impl Cast {
    /// Reads the file, and adds somebody whose name turns the writing direction and rings bells.
    #[must_use]
    pub fn read() -> Self {
        let rows = FILE.lines().filter(|line| !line.starts_with('#'));
        let mut first_rows: Vec<Person> = rows
            .filter_map(|line| <[&str; 8]>::try_from(line.split('\t').collect::<Vec<_>>()).ok())
            .map(|cells| Person::new(cells, 0))
            .collect();
        let mirror = [
            "\u{202e}evE",
            "\u{202d}\u{2067}Liame",
            "Acme\u{7} \u{1b}[31mRed\u{1b}[0m",
            "mirror.example",
            "Canada",
            "15",
            "Buyer",
            "website",
        ];
        first_rows.insert(first_rows.len() / 3, Person::new(mirror, 0));
        Self { first_rows }
    }

    /// How many people have a row of their own.
    #[must_use]
    pub fn len(&self) -> usize {
        self.first_rows.len()
    }

    /// The person with this number. Beyond the rows people are mixed of three rows each: the first
    /// name of one, the last name of another, who works at the company of the third.
    #[must_use]
    pub fn person(&self, number: usize) -> Person {
        let rows = self.len().max(1);
        let row = |at: usize| self.first_rows.get(at % rows);
        let (round, at) = (number / rows, number % rows);
        let (Some(own), true) = (row(at), round > 0) else {
            return row(at).cloned().unwrap_or_else(|| Person::new([""; 8], number));
        };
        let drawn = digest(&[b"cast", &number.to_be_bytes()]);
        let draw = |at: usize| usize::from(drawn.get(at).copied().unwrap_or_default());
        let first = row(draw(0) + at).unwrap_or(own);
        let last = row(draw(1) * 3 + at).unwrap_or(own);
        let cells = [
            &first.first,
            &last.last,
            &own.company,
            &own.domain,
            &own.country,
            &own.people,
            &own.job,
            &own.tool,
        ];
        Person::new(cells.map(String::as_str), round)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn people_are_many_and_no_two_share_an_address() {
        let cast = Cast::read();
        assert!(cast.len() > 60, "{}", cast.len());
        let emails: BTreeSet<String> = (0..500).map(|number| cast.person(number).email).collect();
        assert_eq!(emails.len(), 500);
        for email in emails {
            let (local, domain) = email.split_once('@').unwrap();
            assert!(domain.ends_with(".example") && local.len() > 2, "{email}");
            assert!(email.is_ascii() && !email.contains(['<', ' ']), "{email}");
        }
    }

    #[test]
    fn a_number_is_the_same_person_in_every_run() {
        let (one, other) = (Cast::read(), Cast::read());
        assert!((0..300).all(|number| one.person(number) == other.person(number)));
        assert_eq!(one.person(0).email, "eva.novak@linden.example");
    }
}
