//! A lead of the time before: when it came, what it said, and who got it then.
//!
//! Imported leads are history for back-tests. They are never leads: nobody is told of them, no
//! turn is counted for them, and no figure of leads has them in it.
//!
//! Guarantees: a [tidied](tidy) one has somebody to recognise it by, times that can be, and texts
//! of bounded length. Does not know: files, and which rep an owner is; a rulebook says that.

use serde::{Deserialize, Serialize};

use super::{
    field::{Field, Fields},
    time::{Span, Time},
};

/// The longest source and owner, in characters.
const NAME_MAX: usize = 300;
/// The longest text of a field, in characters.
const TEXT_MAX: usize = 2_000;
/// Fields of one lead.
const FIELDS_MAX: usize = 200;
/// What came before this is a slip: 2000-01-01.
const EARLIEST: Time = Time(946_684_800_000);
/// Clocks may differ so much.
const AHEAD_MAX: Span = Span::hours(1);

/// An imported lead.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Imported {
    /// When it arrived.
    pub at: Time,
    /// Where it came from, as a source is called.
    pub source: String,
    /// Its normalised fields.
    pub fields: Fields,
    /// Who got it, as it was written: a rep's id, name or address, or an owner id of a CRM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// When somebody answered, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answered_at: Option<Time>,
}

impl Imported {
    /// By what the person is recognised: the address, else the telephone; nothing, if it has
    /// neither.
    #[must_use]
    pub fn person(&self) -> &str {
        self.fields.text("email").or_else(|| self.fields.text("phone")).unwrap_or_default()
    }
}

/// Makes it one that can be kept; `now` says what lies in the future.
///
/// # Errors
/// What is wrong with it, and how to mend it.
pub fn tidy(lead: &Imported, now: Time) -> Result<Imported, String> {
    let source = name("source", &lead.source)?;
    if source.is_empty() {
        return Err("it has no source; say where it came from".to_owned());
    }
    if lead.person().is_empty() {
        return Err("it has no usable email and no phone; nobody could be recognised".to_owned());
    }
    if lead.at < EARLIEST || lead.at > now.plus(AHEAD_MAX) {
        let at = lead.at.rfc3339();
        return Err(format!("it came at {at}, before 2000 or in the future; mend the time"));
    }
    if let Some(answered_at) = lead.answered_at {
        if answered_at < lead.at {
            return Err("it was answered before it came; mend one of the two times".to_owned());
        }
        if answered_at > now.plus(AHEAD_MAX) {
            return Err("it is answered in the future; mend the time".to_owned());
        }
    }
    if lead.fields.0.len() > FIELDS_MAX {
        return Err(format!("it has more than {FIELDS_MAX} fields; leave some out"));
    }
    for (name, field) in &lead.fields.0 {
        let is_long = |text: &str| text.chars().count() > TEXT_MAX;
        if is_long(name) || matches!(field, Field::Text(text) if is_long(text.as_str_for_logic())) {
            return Err(format!("a field is longer than {TEXT_MAX} characters; shorten it"));
        }
    }
    let owner = name("owner", lead.owner.as_deref().unwrap_or_default())?;
    Ok(Imported {
        source,
        owner: (!owner.is_empty()).then_some(owner),
        at: lead.at,
        fields: lead.fields.clone(),
        answered_at: lead.answered_at,
    })
}

fn name(what: &str, text: &str) -> Result<String, String> {
    let text = text.trim();
    if text.chars().count() > NAME_MAX {
        return Err(format!("its {what} is longer than {NAME_MAX} characters; shorten it"));
    }
    if text.chars().any(char::is_control) {
        return Err(format!("its {what} holds a control character; remove it"));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-03-02 11:00 UTC.
    const NOW: Time = Time(1_772_449_200_000);

    fn lead() -> Imported {
        let mut fields = Fields::default();
        fields.put_text("email", "eva@linden.example");
        fields.put_text("phone", "+4930123456");
        let owner = Some(" Ada Byron ".to_owned());
        let at = NOW.minus(Span::days(3));
        Imported { at, source: " webform ".into(), fields, owner, answered_at: Some(at) }
    }

    #[test]
    fn names_are_trimmed_and_twice_changes_nothing() {
        let tidied = tidy(&lead(), NOW).unwrap();
        assert_eq!(
            (tidied.source.as_str(), tidied.owner.as_deref()),
            ("webform", Some("Ada Byron"))
        );
        assert_eq!(tidied.person(), "eva@linden.example");
        assert_eq!(tidy(&tidied, NOW).unwrap(), tidied);
        let nobody = Imported { owner: Some(" ".into()), ..lead() };
        assert_eq!(tidy(&nobody, NOW).unwrap().owner, None);
    }

    #[test]
    fn what_is_wrong_is_said_with_how_to_mend_it() {
        let with = |name: &str, text: String| {
            let mut lead = lead();
            lead.fields.put_text(name, text);
            lead
        };
        let mut many = lead();
        (0..FIELDS_MAX).for_each(|n| many.fields.put_text(&format!("custom.f{n}"), "x"));
        for (lead, expected) in [
            (Imported { source: " ".into(), ..lead() }, "no source"),
            (Imported { fields: Fields::default(), ..lead() }, "no usable email and no phone"),
            (Imported { at: Time(0), ..lead() }, "before 2000"),
            (Imported { at: NOW.plus(Span::hours(2)), answered_at: None, ..lead() }, "the future"),
            (Imported { answered_at: Some(Time(5)), ..lead() }, "answered before it came"),
            (Imported { answered_at: Some(NOW.plus(Span::days(1))), ..lead() }, "in the future"),
            (Imported { owner: Some("a\0b".into()), ..lead() }, "control character"),
            (Imported { owner: Some("x".repeat(301)), ..lead() }, "longer than 300"),
            (with("message", "x".repeat(2_001)), "longer than 2000"),
            (many, "more than 200"),
        ] {
            let why = tidy(&lead, NOW).unwrap_err();
            assert!(why.contains(expected), "{why}");
        }
        assert!(tidy(&with("message", "x".repeat(2_000)), NOW).is_ok());
    }
}
