//! An account as somebody wrote it, made one that can be matched.
//!
//! Guarantees: total; tidying twice changes nothing more; what is wrong is said in a sentence that
//! says how to mend it. Does not know: files or requests.

use super::Account;
use crate::model::{
    country,
    normalize::{is_free_mail, registrable_domain, website},
};

/// The longest text of an account, in characters.
const TEXT_MAX: usize = 300;
/// Domains of one account.
const DOMAINS_MAX: usize = 100;

/// Something of an account that was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut(pub String);

/// Makes an account one that can be matched, and says what was left out: free-mail domains.
///
/// # Errors
/// What is wrong with it, and how to mend it.
pub fn tidy(account: &Account) -> Result<(Account, Vec<LeftOut>), String> {
    let mut left_out = Vec::new();
    let id = account.id.trim();
    if id.is_empty() {
        return Err("it has no id; write the id that the account has in the CRM".to_owned());
    }
    let domains = domains(&account.domains, &mut left_out)?;
    let name = account.name.trim();
    if name.is_empty() && domains.is_empty() && left_out.is_empty() {
        return Err("it has no name and no domain; nobody could be matched to it".to_owned());
    }
    let country = match text("country", account.country.as_ref())? {
        None => None,
        Some(text) => Some(country_code(&text)?),
    };
    let mut opportunity = account.opportunity.clone();
    if let Some(open) = &mut opportunity {
        open.stage = text("opportunity_stage", open.stage.as_ref())?;
        open.owner = text("opportunity_owner", open.owner.as_ref())?;
        if open.amount.is_some_and(|amount| !amount.is_finite()) {
            return Err("its opportunity_amount is no number".to_owned());
        }
    }
    let tidied = Account {
        id: required("id", id)?,
        name: required("name", name)?,
        domains,
        country,
        owner: text("owner", account.owner.as_ref())?,
        parent: text("parent", account.parent.as_ref())?.filter(|parent| parent != id),
        opportunity,
        tier: text("tier", account.tier.as_ref())?,
        last_activity: account.last_activity,
        created: account.created,
    };
    Ok((tidied, left_out))
}

fn required(what: &str, value: &str) -> Result<String, String> {
    Ok(text(what, Some(&value.to_owned()))?.unwrap_or_default())
}

/// A text without blanks around it; nothing, if it is empty.
fn text(what: &str, value: Option<&String>) -> Result<Option<String>, String> {
    let Some(value) = value.map(|value| value.trim()).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    if value.chars().count() > TEXT_MAX {
        return Err(format!("its {what} is longer than {TEXT_MAX} characters; shorten it"));
    }
    if value.chars().any(char::is_control) {
        return Err(format!("its {what} holds a control character; remove it"));
    }
    Ok(Some(value.to_owned()))
}

fn country_code(text: &str) -> Result<String, String> {
    country::parse(text).map(str::to_owned).ok_or_else(|| match country::suggest(text) {
        Some(name) => format!("{text:?} is not a country; did you mean {name:?}?"),
        None => format!("{text:?} is not a country; write its name or its two-letter code"),
    })
}

/// Registrable domains, each once, in order.
fn domains(written: &[String], left_out: &mut Vec<LeftOut>) -> Result<Vec<String>, String> {
    let mut domains: Vec<String> = Vec::new();
    for text in written.iter().map(|text| text.trim()).filter(|text| !text.is_empty()) {
        let host = text.rsplit('@').next().unwrap_or(text);
        let domain = website(host).or_else(|| registrable_domain(host)).ok_or_else(|| {
            format!("{text:?} is not a domain; write it as acme.example, or leave it out")
        })?;
        if is_free_mail(&domain) {
            left_out.push(LeftOut(format!("{domain}: anybody can have an address there")));
        } else if !domains.contains(&domain) {
            domains.push(domain);
        }
    }
    if domains.len() > DOMAINS_MAX {
        let count = domains.len();
        return Err(format!("it has {count} domains; {DOMAINS_MAX} are taken at most"));
    }
    domains.sort_unstable();
    Ok(domains)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(domains: &[&str]) -> Account {
        let domains = domains.iter().map(|&domain| domain.to_owned()).collect();
        Account { id: " 7 ".into(), name: "Linden".into(), domains, ..Account::default() }
    }

    #[test]
    fn domains_are_those_that_somebody_registered_and_nobody_elses() {
        let written = ["https://www.Linden.example/de", "eu.linden.example", "@linden.de", ""];
        let (tidied, left_out) = tidy(&account(&written)).unwrap();
        assert_eq!(tidied.domains, ["linden.de", "linden.example"]);
        assert_eq!((tidied.id.as_str(), left_out.len()), ("7", 0));
        assert_eq!(tidy(&tidied).unwrap().0, tidied, "twice changes nothing");
        let (tidied, left_out) = tidy(&account(&["gmail.com"])).unwrap();
        assert!(tidied.domains.is_empty() && left_out.len() == 1);
    }

    #[test]
    fn what_is_wrong_is_said_with_how_to_mend_it() {
        let no_id = Account { id: " ".into(), ..account(&[]) };
        let nothing = Account { name: String::new(), ..account(&[]) };
        let country = Account { country: Some("Germny".into()), ..account(&[]) };
        let long = Account { tier: Some("x".repeat(301)), ..account(&[]) };
        let control = Account { owner: Some("a\0b".into()), ..account(&[]) };
        for (account, expected) in [
            (no_id, "it has no id"),
            (nothing, "no name and no domain"),
            (country, "did you mean \"Germany\""),
            (long, "longer than 300"),
            (control, "control character"),
            (account(&["not a domain"]), "is not a domain"),
        ] {
            let why = tidy(&account).unwrap_err();
            assert!(why.contains(expected), "{why}");
        }
    }
}
