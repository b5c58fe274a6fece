//! Slips, each with the one line that must come of it.

use proptest::prelude::*;
use toml::de::DeTable;

use super::{Slip, slips};

fn said(text: &str) -> Vec<Slip> {
    let (_, errors) = DeTable::parse_recoverable(text);
    let failures: Vec<_> =
        errors.iter().map(|error| (error.span().unwrap_or(0..0), error.message())).collect();
    slips(text, &failures)
}

fn shown(text: &str) -> Vec<String> {
    let line = |slip: &Slip| {
        let before = text.get(..slip.at.start).unwrap_or(text);
        let row = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        format!("{row}:{column}: {}; {}", slip.message, slip.mend)
    };
    said(text).iter().map(line).collect()
}

const AROUND: &str = "x.id = \"a\"\n{}\nassign_to = \"pool: inbound\"\n\n[[sla]]\nid = \"s\"\n";

#[test]
fn a_slip_is_said_once_in_plain_words_at_its_place() {
    let mut wrong = Vec::new();
    for (line, expected) in [
        (
            "if.account = \"known\"\nif.account.tier = \"A\"",
            "3:4: one key cannot be a value and the front of others; if.account = \"known\" cannot stand beside if.account.tier: write if.account.known = true",
        ),
        ("c = Germany", "2:5: Germany stands without quotes; write \"Germany\""),
        (
            "c = United Kingdom  # why",
            "2:5: United Kingdom stands without quotes; write \"United Kingdom\"",
        ),
        ("c = 2h", "2:5: 2h stands without quotes; write \"2h\""),
        ("c = 75%", "2:5: 75% stands without quotes; write \"75%\""),
        ("c = Germany\"", "2:5: there is no quote before Germany; write \"Germany\""),
        ("c = Yes", "2:5: Yes is no value; write true or false"),
        ("c =", "2:3: there is no value behind the =; write one, as in \"…\""),
        (
            "c = \"Germany",
            "2:5: the text that begins here has no closing quote; write \" where it ends",
        ),
        (
            "c = \"Germany'",
            "2:5: the text that begins here has no closing quote; write the same quote at both ends: \"",
        ),
        (
            "c = “Germany”",
            "2:5: “ is a typographic quote, as word processors write it; write the straight quote \" before and behind the text",
        ),
        (
            "c = „Germany“",
            "2:5: „ is a typographic quote, as word processors write it; write the straight quote \" before and behind the text",
        ),
        (
            "c = \"Germany”",
            "2:13: ” is a typographic quote, as word processors write it; write the straight quote \" before and behind the text",
        ),
        (
            "c = [“Germany”, “Austria”]",
            "2:6: “ is a typographic quote, as word processors write it; write the straight quote \" before and behind the text",
        ),
        (
            "c\u{a0}= \"Germany\"",
            "2:2: here stands an invisible character, as word processors and web pages have it; delete it, and type a blank",
        ),
        (
            "when = 'lead.country == 'DE''",
            "2:26: the text ended at the quote before this; within '…' write \", and within \"…\" write '",
        ),
        (
            "when = \"lead.country == \"DE\"\"",
            "2:26: the text ended at the quote before this; within '…' write \", and within \"…\" write '",
        ),
        (
            "c = \"a\" is what Ada wanted",
            "2:9: this stands behind the value, and nothing does; write one thing on a line, and # before what is meant for people",
        ),
        (
            "if.employees > 500",
            "2:14: a key has one = behind it, and no other sign; write if.employees = \"> 500\"",
        ),
        (
            "if.employees >= 500",
            "2:14: a key has one = behind it, and no other sign; write if.employees = \">= 500\"",
        ),
        (
            "if.country != \"DE\"",
            "2:12: a key has one = behind it, and no other sign; write when = 'lead.country != \"DE\"'",
        ),
        ("if.country == \"DE\"", "2:12: a key has one = behind it; write if.country = \"DE\""),
        ("if.country: \"DE\"", "2:11: a key has no : behind it; write if.country = \"DE\""),
        (
            "if.c = \"DE\"\nif.c = \"AT\"",
            "3:4: this stands twice in one rule; one line with a list means any of them: if.c = [\"AT\", …]",
        ),
        ("y = \"a\"\ny = \"b\"", "3:1: this stands twice in one section; keep one of the two"),
        (
            "c = [\"DE\" \"AT\"]",
            "2:11: a comma is missing before this; write a comma between the two",
        ),
        (
            "c = { at = \"75%\" tell = [] }",
            "2:18: a comma is missing before this; write a comma between the two",
        ),
        (
            "c = [\n  { a = 1 }\n  { a = 2 },\n]",
            "4:3: a comma is missing before this; write a comma between the two",
        ),
        ("c = { weight = 1,5 }", "2:16: a number has a point, and no comma; write 1.5"),
        ("c = 1,5", "2:5: a number has a point, and no comma; write 1.5"),
        ("c = [\"DE\", \"AT\"", "2:5: this [ is never closed; write ] where it ends"),
        (
            "c = [{ rep = \"ada\", weight = 2 ]",
            "2:6: this { is never closed; write } where it ends",
        ),
        (
            "step = [\n  { at = \"75%\" },\n  # more",
            "2:8: this [ is never closed; write ] where it ends",
        ),
        (
            "step = [\n  { at = \"75% },\n  { at = \"100%\" },\n]",
            "3:10: the text that begins here has no closing quote; write \" where it ends",
        ),
        (
            "when = '''\nlead.country == \"DE\"",
            "2:8: the text that begins with ''' here is never closed; write ''' once more where it ends",
        ),
        ("[[rule]", "2:1: this is no heading of a section; write [[rule]] alone on its line"),
        ("[[ Rule ]", "2:1: this is no heading of a section; write [[rule]] alone on its line"),
        ("// my rule", "2:1: // does not begin a remark here; begin it with #"),
        ("  -- don't touch", "2:3: -- does not begin a remark here; begin it with #"),
        (
            "my rule for Ada",
            "2:4: there is no = in this line; write key = value, and # before what is meant for people",
        ),
    ] {
        let found = shown(&AROUND.replace("{}", line));
        if found != [expected] {
            wrong.push(format!("{line}\n  {}", found.join("\n  ")));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn slips_on_several_lines_are_all_said() {
    let found = shown("a = “x”\nb = \"y\"\nc = Germany\nd = [\"x\" \"y\"]\n");
    let places: Vec<&str> = found.iter().map(|line| &line[..3]).collect();
    assert_eq!(places, ["1:5", "3:5", "4:1"], "{found:?}");
}

#[test]
fn a_good_document_has_none() {
    let text = include_str!("../../../../config/rulebook.toml");
    assert_eq!(said(text), []);
    assert_eq!(super::first_open(text), None);
}

/// A part of a good document, damaged by leaving out a piece and putting another in.
fn damaged() -> impl Strategy<Value = String> {
    let text = include_str!("../../../../config/rulebook.toml");
    let length = text.len();
    (0..length, 0..length, 0..6_usize, "[\"'\\[\\]{}=#\n,“ \u{a0}a]{0,4}").prop_map(
        move |(start, at, cut, put)| {
            let part = |range: std::ops::Range<usize>| {
                String::from_utf8_lossy(text.as_bytes().get(range).unwrap_or_default()).into_owned()
            };
            let at = at.max(start);
            let end = (at + 2_000).min(length);
            format!("{}{put}{}", part(start..at), part((at + cut).min(end)..end))
        },
    )
}

proptest! {
    #[test]
    fn whatever_cannot_be_read_is_said_at_a_place_within(text in damaged()) {
        let (_, errors) = DeTable::parse_recoverable(&text);
        let slips = said(&text);
        prop_assert_eq!(errors.is_empty(), slips.is_empty(), "{:?}", slips);
        for slip in slips {
            prop_assert!(text.get(slip.at.clone()).is_some() || slip.at.start >= text.len());
            prop_assert!(!slip.message.is_empty());
        }
    }
}
