//! E-mail addresses, as identities of people.
//!
//! Guarantees: an [`Email`] is lower case, at most 254 bytes, of the everyday form
//! `local@domain.tld`, its domain in ASCII (IDNA). Two texts that name one mailbox in practice
//! are equal. Does not know: whether the mailbox exists; `+tags` and dots are left as typed.

use std::fmt;

use email_address::{EmailAddress, Options};
use serde::{Deserialize, Serialize};

use super::web;
use crate::model::text::mask_email;

/// An address that was checked; also the identity of a person.
///
/// `Debug` masks it and there is no `Display`, so that it does not end in a log by accident.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email {
    address: String,
    /// Where the domain starts in `address`.
    domain: usize,
}

impl Email {
    /// Reads an address; blanks around it and `mailto:` are taken off.
    ///
    /// Letters of the local part become lower case too: no mail system of today tells people
    /// apart by case, and forms are filled by phones that capitalise the first letter.
    ///
    /// # Errors
    /// The reason as a sentence that does not repeat the text.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const FORM: &str = "it is not of the form name@company.example";
        if text.len() > 1_000 {
            return Err("it is longer than any address");
        }
        let text = text.trim();
        let text = match text.get(..7) {
            Some(scheme) if scheme.eq_ignore_ascii_case("mailto:") => text.get(7..).unwrap_or(""),
            _ => text,
        };
        if text.is_empty() {
            return Err("it is empty");
        }
        let (local, domain) = text.rsplit_once('@').ok_or("it has no @")?;
        if local.is_empty() || domain.is_empty() {
            return Err(FORM);
        }
        if local.contains(['"', '(', ')', '\\']) {
            return Err("quotes and comments before the @ are not taken");
        }
        let strange =
            |letter: char| letter.is_whitespace() || !crate::model::text::is_visible(letter);
        if local.contains(strange) {
            return Err("it has blanks or invisible characters before the @");
        }
        let domain = web::ascii_host(domain).ok_or("the part after the @ is no domain")?;
        let Some((_, top)) = domain.rsplit_once('.') else {
            return Err("the part after the @ has no dot");
        };
        if top.len() < 2 || top.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err("the part after the @ ends in no top-level domain");
        }
        let local = local.to_lowercase();
        if local.len() > 64 {
            return Err("the part before the @ is longer than 64 bytes");
        }
        let address = format!("{local}@{domain}");
        if address.len() > 254 {
            return Err("it is longer than 254 bytes");
        }
        let options =
            Options::default().with_required_tld().without_display_text().without_domain_literal();
        match EmailAddress::parse_with_options(&address, options) {
            Ok(_) => Ok(Self { domain: local.len() + 1, address }),
            Err(_) => Err(FORM),
        }
    }

    /// The whole address.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What stands after the `@`, in ASCII.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.address.get(self.domain..).unwrap_or_default()
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Email({})", mask_email(&self.address))
    }
}

impl TryFrom<String> for Email {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.address
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_become_identities() {
        for (text, address, domain) in [
            (" Ada@Acme.Example\n", "ada@acme.example", "acme.example"),
            ("mailto:ada@acme.example", "ada@acme.example", "acme.example"),
            ("ada+news@acme.example", "ada+news@acme.example", "acme.example"),
            ("o'neil_x-y@mail.acme.example", "o'neil_x-y@mail.acme.example", "mail.acme.example"),
            ("ada@MÜNCHEN.example", "ada@xn--mnchen-3ya.example", "xn--mnchen-3ya.example"),
            ("ada@ａｃｍｅ.example", "ada@acme.example", "acme.example"),
            ("jürgen@acme.example", "jürgen@acme.example", "acme.example"),
        ] {
            let email = Email::parse(text).unwrap();
            assert_eq!((email.address(), email.domain()), (address, domain), "{text}");
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_a_reason() {
        let long = format!("{}@acme.example", "a".repeat(65));
        let longer = format!("a@{}example", "abcdefghi.".repeat(26));
        for (text, reason) in [
            ("", "empty"),
            ("ada", "no @"),
            ("@acme.example", "not of the form"),
            ("ada@", "not of the form"),
            ("ada@acme", "no dot"),
            ("ada@acme.", "no dot"),
            ("ada@acme.1", "no domain"),
            ("ada@10.0.0.1", "no top-level"),
            ("ada@[10.0.0.1]", "no domain"),
            ("ada@acme..example", "no domain"),
            ("ada@-acme.example", "no domain"),
            ("ada@acme_x.example", "no domain"),
            ("ada@acme.example/x", "no domain"),
            ("ada@%61cme.example", "no domain"),
            ("ada@acme.example, eva@acme.example", "blanks"),
            ("a da@acme.example", "blanks"),
            ("ada\r\nBcc:x@acme.example", "blanks"),
            ("a\u{202e}da@acme.example", "invisible"),
            ("Ada <ada@acme.example>", "blanks"),
            ("\"ada\"@acme.example", "quotes"),
            ("ada..b@acme.example", "not of the form"),
            ("a@b@acme.example", "not of the form"),
            (long.as_str(), "64 bytes"),
            (longer.as_str(), "no domain"),
        ] {
            let error = Email::parse(text).unwrap_err();
            assert!(error.contains(reason), "{text:?}: {error}");
        }
        assert!(Email::parse(&"a".repeat(5_000)).is_err());
    }

    #[test]
    fn the_limits_themselves_pass() {
        let local = "a".repeat(64);
        assert!(Email::parse(&format!("{local}@acme.example")).is_ok());
        let label = "b".repeat(61);
        let domain = format!("{label}.{label}.{label}.example");
        let room = 254 - 1 - domain.len();
        assert!(Email::parse(&format!("{}@{domain}", "a".repeat(room.min(64)))).is_ok());
    }

    #[test]
    fn debug_masks_and_json_is_checked() {
        let email = Email::parse("ada@acme.example").unwrap();
        assert_eq!(format!("{email:?}"), "Email(a***@acme.example)");
        assert_eq!(serde_json::to_string(&email).unwrap(), "\"ada@acme.example\"");
        assert!(serde_json::from_str::<Email>("\"ada\"").is_err());
    }
}
