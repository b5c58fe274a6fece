//! A company that somebody asks about, as it was typed.
//!
//! Guarantees: the API and the command line understand the same thing, and refuse with the same
//! sentence. Does not know: who asks.

use super::{Asked, Mirror, find};
use crate::model::{
    account::{Matched, Matching},
    country, normalize,
};

/// What is known of a company: at least one of its domain, its name and a person's address.
#[derive(Clone, Copy, Debug, Default)]
pub struct Company<'a> {
    /// A domain or a web address.
    pub domain: Option<&'a str>,
    /// What it is called.
    pub name: Option<&'a str>,
    /// A person's address.
    pub email: Option<&'a str>,
    /// Its country: a name or a code.
    pub country: Option<&'a str>,
}

/// What a question found.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Answer {
    /// The account that fits best; nothing of an empty mirror.
    pub matched: Option<Matched>,
    /// The registrable domain that was looked for.
    pub domain: Option<String>,
}

impl Company<'_> {
    /// The account that fits best, with at most so many others.
    ///
    /// # Errors
    /// What cannot be understood, in one sentence.
    pub fn find(
        &self,
        mirror: &Mirror,
        rules: &Matching,
        others_max: usize,
    ) -> Result<Answer, String> {
        if self.domain.is_none() && self.name.is_none() && self.email.is_none() {
            return Err("give a `domain`, a `name` or an `email`".to_owned());
        }
        let domain = self.looked_for()?;
        let country = match self.country {
            None => None,
            Some(text) => {
                Some(country::parse(text).ok_or("`country` is its name or its two-letter code")?)
            }
        };
        let asked = Asked { domain: domain.as_deref(), name: self.name, country };
        let matched = find(mirror, rules, asked, others_max);
        Ok(Answer { matched, domain })
    }

    /// The domain that is matched by: as it was given, or that of the address unless anybody can
    /// have one there.
    fn looked_for(&self) -> Result<Option<String>, String> {
        if let Some(text) = self.domain {
            let found = normalize::website(text).or_else(|| normalize::registrable_domain(text));
            let found = found.ok_or("`domain` is none; as in acme.example")?;
            return Ok((!normalize::is_free_mail(&found)).then_some(found));
        }
        let Some(email) = self.email else { return Ok(None) };
        let email = normalize::email(email).map_err(|why| format!("`email`: {why}"))?;
        let host = email.domain();
        Ok((!normalize::is_free_mail(host)).then(|| normalize::registrable_domain(host)).flatten())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_understood_is_refused_in_a_sentence() {
        let base = Company::default();
        for (company, part) in [
            (base, "give a `domain`"),
            (Company { country: Some("DE"), ..base }, "give a `domain`"),
            (Company { domain: Some("no domain"), ..base }, "`domain` is none"),
            (Company { email: Some("eva"), ..base }, "`email`: "),
            (Company { name: Some("Linden"), country: Some("Utopia"), ..base }, "`country`"),
        ] {
            let why = company.find(&Mirror::default(), &Matching::default(), 3).unwrap_err();
            assert!(why.contains(part), "{why}");
        }
    }

    #[test]
    fn a_free_mail_address_is_looked_for_by_name_alone() {
        for (company, expected) in [
            (Company { email: Some("eva@gmail.com"), ..Company::default() }, None),
            (
                Company { email: Some("eva@eu.linden.example"), ..Company::default() },
                Some("linden.example"),
            ),
            (
                Company { domain: Some("https://www.linden.example/x"), ..Company::default() },
                Some("linden.example"),
            ),
        ] {
            let answer = company.find(&Mirror::default(), &Matching::default(), 3).unwrap();
            assert_eq!(answer.domain.as_deref(), expected, "{company:?}");
        }
    }
}
