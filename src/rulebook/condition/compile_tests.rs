//! What the type check refuses, where it points, and how it says so.

use super::super::{Field, MAX_REGEX, Place, cel};
use super::*;

fn schema() -> Schema {
    let country = |written: &str| match written.to_lowercase().as_str() {
        "de" | "germany" => Ok("DE".to_owned()),
        _ => Err(format!("I do not know the country {written:?}, did you mean Germany?")),
    };
    Schema::builder()
        .with(Field::new("lead.country", Type::Text).normalised(country))
        .with(Field::new("lead.persona", Type::Text).allowed(["buyer", "student"]))
        .with(Field::new("lead.email", Type::Text))
        .with(Field::new("lead.employees", Type::Number))
        .with(Field::new("lead.free_mail", Type::Bool))
        .with(Field::new("lead.tags", Type::List))
        .with(Field::new("account.known", Type::Bool))
        .with(Field::new("account.domain", Type::Text))
        .group("account", "account.known")
        .build()
        .unwrap()
}

#[track_caller]
fn check(source: &str, span: Range<usize>, part: &str) {
    let findings = cel(source, &schema()).expect_err(source);
    assert_eq!(findings.len(), 1, "{source}: {findings:#?}");
    assert_eq!(findings[0].place, Place::Source(span), "{source}: {}", findings[0]);
    assert!(findings[0].message.contains(part), "{source}: {}", findings[0]);
}

#[test]
fn unknown_names_get_a_proposal() {
    check("lead.emploees > 5", 0..13, "did you mean lead.employees?");
    check("has(lead.emial)", 0..15, "did you mean lead.email?");
    check("account", 0..7, "write account.known");
    check("lead == 'x'", 0..4, "is not a field but a group");
}

#[test]
fn types_that_do_not_fit_say_what_to_write() {
    check("lead.employees == '500'", 0..23, "write 500 without quotes");
    check("lead.employees > 'many'", 0..23, "> orders numbers");
    check("lead.employees > '500'", 17..22, "write 500 without quotes");
    check("'500' < lead.employees", 0..5, "write 500 without quotes");
    check("lead.country < 'DE'", 0..19, "use == or !=");
    check("lead.email == 5", 0..15, "write \"5\" in quotes");
    check("lead.email == lead.employees", 0..28, "compare what is alike");
    check("lead.free_mail == 'yes'", 0..23, "write lead.free_mail or !lead.free_mail");
    check("lead.country", 0..12, "is text, not a condition by itself");
    check("lead.employees && true", 0..14, "as in lead.employees >= 500");
    check("'a'", 0..3, "not a condition by itself");
    check("lead.tags == ['a']", 0..18, "lists are not compared");
    check("lead.tags.contains('a')", 0..23, "write \"a\" in lead.tags");
    check("lead.tags in ['a']", 0..18, "ask for each value");
    check("lead.email in 'abc'", 14..19, "contains() for a part");
    check("lead.email in lead.country", 14..26, "in looks into a list");
    check("5 in lead.tags", 0..1, "look for a text");
    check("lead.email in ['a', 5]", 20..21, "constants of one kind");
    check("lead.employees in ['a']", 19..22, "among numbers");
    check("lead.free_mail in [true]", 0..14, "write it alone");
    check("1 == 1", 0..6, "both sides are constants");
    check("'a' in ['a']", 0..12, "both sides are constants");
    check("(lead.free_mail && true) == false", 0..33, "a condition is not compared");
    check("lead.employees.startsWith('a')", 0..14, "startsWith() is for a text field");
    check("lead.email.startsWith(5)", 22..23, "looks for a text");
    check("'a'.contains(lead.email)", 0..3, "is a constant");
    check("lead.employees.lowerAscii() == 'a'", 0..14, "lowerAscii() is for a text field");
    check("lead.free_mail.size() == 1", 0..14, "size() is for");
    check("lead.email.lowerAscii().contains(account.domain)", 0..48, "remove lowerAscii()");
}

#[test]
fn values_that_a_field_never_has_are_mistakes() {
    check("lead.country == 'Germany'", 16..25, "write \"DE\"");
    check("lead.country in ['DE', 'Germny']", 23..31, "did you mean Germany?");
    check("lead.persona != 'studnet'", 16..25, "did you mean student?");
    check("lead.persona == 'robot'", 16..23, "it can be buyer, student");
}

#[test]
fn regular_expressions_have_limits() {
    check("lead.email.matches('(')", 19..22, "unclosed group");
    check("lead.email.matches(lead.country)", 19..31, "between quotes");
    check("lead.email.lowerAscii().matches('a')", 0..36, "(?i)");
    check("lead.email.matches('(a{500}){500}')", 19..34, "too large");
    let long = |length: usize| format!("lead.email.matches('{}')", "a".repeat(length));
    assert!(cel(&long(MAX_REGEX), &schema()).is_ok());
    check(&long(MAX_REGEX + 1), 19..MAX_REGEX + 22, "at most 1024");
}

#[test]
fn all_findings_are_reported_with_their_places() {
    let source = "lead.x == 1 && (lead.employees == '5' || !(lead.country == 'Germny')) && 1 == 2";
    let findings = cel(source, &schema()).unwrap_err();
    let found = findings.into_iter().map(|finding| match finding.place {
        Place::Source(span) => &source[span],
        place => panic!("{place:?}"),
    });
    let expected = ["lead.x", "lead.employees == '5'", "'Germny'", "1 == 2"];
    assert_eq!(found.collect::<Vec<_>>(), expected);
}

#[test]
fn clauses_are_numbered_in_reading_order_and_know_their_text() {
    let source = "lead.free_mail && (lead.employees>5 || lead.email != 'x')";
    let pred = cel(source, &schema()).unwrap();
    let found: Vec<_> = pred.clauses().iter().map(|clause| clause.text.as_str()).collect();
    assert_eq!(found, ["lead.free_mail", "lead.employees > 5", "lead.email != \"x\""]);
    assert_eq!(pred.clauses()[1].span, Some(19..35));
    let both = Pred::all([pred.clone(), cel("has(lead.email)", &schema()).unwrap()]);
    assert_eq!(both.clauses().len(), 4);
    assert_eq!(both.slots().len(), 3);
}

#[test]
fn what_always_holds_is_known_to() {
    for (source, expected) in [
        ("true", true),
        ("lead.free_mail || true", true),
        ("!(lead.free_mail && false)", true),
        ("lead.free_mail", false),
        ("has(lead.email)", false),
        ("true && lead.free_mail", false),
    ] {
        assert_eq!(cel(source, &schema()).unwrap().holds_always(), expected, "{source}");
    }
    assert!(Pred::always().holds_always());
    assert!(Pred::all([]).holds_always());
}
