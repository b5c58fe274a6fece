//! What people type into forms: addresses, numbers, countries, companies, names.
//!
//! States: whatever is read is canonical: reading it again gives the same; codes and names of
//! countries lead to each other; what is masked is not told.
//! Input: the country of a number, then the text.

use handoff::model::{country, normalize, text::fold, text::mask_email};

use super::Cut;

const COUNTRIES: [Option<&str>; 8] =
    [None, Some("DE"), Some("US"), Some("GB"), Some("IT"), Some("XX"), Some(""), Some("de")];

pub fn run(bytes: &[u8]) {
    let mut cut = Cut(bytes);
    let default = *cut.pick(&COUNTRIES);
    let Ok(text) = std::str::from_utf8(cut.0) else { return };

    match normalize::email(text) {
        Ok(email) => {
            let address = email.address();
            assert_eq!(normalize::email(address).as_ref(), Ok(&email));
            let (local, domain) = address.rsplit_once('@').expect("an address has an @");
            assert!(domain == email.domain() && !local.is_empty() && address.len() <= 254);
            assert!(
                !address.chars().any(|c| c.is_whitespace() || c.is_control() || c.is_uppercase())
            );
            assert!(!format!("{email:?}").contains(address));
            let masked = mask_email(address);
            assert!(local.chars().count() == 1 || !masked.contains(address), "{masked}");
        }
        Err(why) => assert!(!why.is_empty()),
    }
    let masked = mask_email(text);
    assert!(masked.contains("***") && !masked.chars().any(char::is_control));

    if let Some(phone) = normalize::phone(text, default) {
        let digits = phone.strip_prefix('+').expect("a number begins with +");
        assert!((3..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()));
        assert_eq!(normalize::phone(&phone, None).as_ref(), Some(&phone));
        assert_eq!(normalize::phone(&phone, Some("FR")), Some(phone));
    }
    if let Some(code) = country::parse(text) {
        let name = country::name(code).expect("a code has a name");
        assert_eq!((country::parse(code), country::parse(name)), (Some(code), Some(code)));
    }
    if let Some(name) = country::suggest(text) {
        assert!(country::parse(name).is_some());
    }
    if let Some(key) = normalize::company_key(text) {
        assert!(!key.is_empty() && key.trim() == key && fold(&key) == key, "{key:?}");
    }
    if let Some(name) = normalize::name(text) {
        assert_eq!(normalize::name(&name).as_ref(), Some(&name));
        assert!(name.chars().count() <= 120 && !name.chars().any(char::is_control));
        let (first, last) = normalize::split_name(&name);
        assert!(!first.is_empty() || !last.is_empty());
        assert!(first.len() + last.len() <= name.len());
    }
    if let Some(site) = normalize::website(text) {
        assert_eq!(normalize::website(&site).as_ref(), Some(&site));
        assert_eq!(normalize::registrable_domain(&site), Some(site));
    }
    if let Some(domain) = normalize::registrable_domain(text) {
        assert_eq!(normalize::registrable_domain(&domain).as_ref(), Some(&domain));
        assert_eq!(normalize::is_free_mail(text), normalize::is_free_mail(&domain));
    }
    if let Some(number) = normalize::number(text) {
        assert_eq!(normalize::number(&number.to_string()), Some(number));
    }
    let _ = normalize::bool(text);
    let folded = fold(text);
    assert_eq!(fold(&folded), folded);
}
