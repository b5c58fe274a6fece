//! The normalising of facts that the rulebook needs for its own examples, in one place.
//!
//! Guarantees: the same functions as for leads.
//! Does not know: anything itself.

use crate::model::normalize;

/// The domain that somebody registered.
pub fn domain(host: &str) -> Option<String> {
    normalize::registrable_domain(host)
}

/// Whether anybody can have an address at this domain.
pub fn is_free_mail(domain: &str) -> bool {
    normalize::is_free_mail(domain)
}

/// Yes or no.
pub fn truth(text: &str) -> Option<bool> {
    normalize::bool(text)
}

/// A whole number, of a range its lower end.
pub fn number(text: &str) -> Option<f64> {
    normalize::number(text).map(|whole| whole as f64)
}

/// A phone number in E.164, if it says its country.
pub fn phone(text: &str) -> Option<String> {
    normalize::phone(text, None)
}

/// A company's name for looking it up.
pub fn company_key(text: &str) -> Option<String> {
    normalize::company_key(text)
}

/// A mail address as leads have it.
///
/// # Errors
/// Why it is none.
pub fn email(text: &str) -> Result<String, &'static str> {
    normalize::email(text).map(|email| email.address().to_owned())
}

/// A phone number in E.164, read with the lead's country.
pub fn phone_in(text: &str, country: Option<&str>) -> Option<String> {
    normalize::phone(text, country)
}

/// The domain of a website.
pub fn website(text: &str) -> Option<String> {
    normalize::website(text)
}
