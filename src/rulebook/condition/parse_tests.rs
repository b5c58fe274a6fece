//! What the parser reads, refuses, and never does.

use proptest::prelude::*;

use super::super::arbitrary;
use super::super::finding::Place;
use super::*;

#[test]
fn conditions_print_in_canonical_form() {
    for (source, expected) in [
        ("lead.x=='a'", r#"lead.x == "a""#),
        ("((lead.x)) == (1)", "lead.x == 1"),
        ("a.b||c.d&&e.f", "a.b || c.d && e.f"),
        ("(a.b||c.d)&&e.f", "(a.b || c.d) && e.f"),
        ("a.b && (c.d && e.f) && g.h", "a.b && (c.d && e.f) && g.h"),
        ("!(a.b)", "!a.b"),
        ("!(a.b == c.d)", "!(a.b == c.d)"),
        ("!!has(lead.x)", "!!has(lead.x)"),
        ("lead.x in ['a',\"b\",]", r#"lead.x in ["a", "b"]"#),
        ("lead.x.lowerAscii().startsWith('a')", r#"lead.x.lowerAscii().startsWith("a")"#),
        ("size(lead.tags)>= -1.50", "lead.tags.size() >= -1.5"),
        (r"lead.x.matches(r'^\d+$')", r#"lead.x.matches("^\\d+$")"#),
        ("// all of them\ntrue", "true"),
    ] {
        let parsed = parse(source).unwrap_or_else(|findings| panic!("{source}: {findings:?}"));
        assert_eq!(parsed.to_string(), expected, "{source}");
    }
}

#[track_caller]
fn check(source: &str, span: Range<usize>, part: &str) {
    let findings = parse(source).expect_err(source);
    let first = &findings[0];
    assert_eq!(first.place, Place::Source(span), "{source}: {findings:?}");
    assert!(first.message.contains(part), "{source}: {first}");
}

#[test]
fn what_is_outside_the_subset_is_named_with_its_place() {
    check("lead.x + 1 > 2", 7..8, "arithmetic (+) is not part of conditions");
    check("-lead.x > 2", 0..1, "arithmetic (-)");
    check("lead.x > 2 * 3", 11..12, "arithmetic (*)");
    check("lead.x ? true : false", 7..8, "the choice");
    check("lead['x'] == 1", 4..9, "write lead.country");
    check("{'a': 1} == 1", 0..1, "maps");
    check("lead.X{a: 1}", 6..7, "messages");
    check("lead.x == null", 10..14, "null");
    check("lead.tags.exists(t, t == 'a')", 10..16, "exists() is not part of conditions");
    check("matches(lead.x, 'a')", 0..7, "write matches() behind");
    check("int(lead.x) == 1", 0..3, "conversions");
    check("lead.x.getHours() == 1", 7..15, "calendar");
    check("lead.x.startswith('a')", 7..17, "did you mean startsWith?");
    check("lead.x.frobnicate()", 7..17, "there are has, size");
    check("has(lead)", 4..8, "dotted name");
    check("has(lead.x, lead.y)", 0..3, "one field");
    check("lead.x.startsWith()", 7..17, "takes one text");
    check("lead.x.size(1) == 1", 7..11, "takes nothing");
    check("1 < lead.x < 3", 0..12, "do not chain");
}

#[test]
fn what_is_not_cel_is_refused_with_its_place() {
    check("", 0..0, "empty");
    check("  ", 2..2, "empty");
    check("lead.x ==", 9..9, "ends too early");
    check("lead.x == 1 and lead.y == 2", 12..15, "write &&");
    check("lead.x is 1", 7..9, "write ==");
    check("not lead.x == 1", 0..3, "write !");
    check("lead.x > 0,5", 9..12, "a number has no comma");
    check("lead.x > 10,000 && lead.y", 9..15, "a number has no comma");
    check("(lead.x == 1", 12..12, "a ) is missing");
    check("lead.x in ['a' 'b']", 15..18, "a , or ]");
    check("lead.x == 1)", 11..12, "one too many");
    check("lead. == 1", 4..5, "a name is missing");
    check("in ['a']", 0..2, "before in");
    check("'a'.b == 1", 4..5, "only fields have fields");
}

#[test]
fn all_that_is_outside_is_reported_at_once() {
    let findings = parse("lead.a + 1 > 2 && lead.b.map(x, x) && null == lead.c[0]").unwrap_err();
    assert_eq!(findings.len(), 4, "{findings:#?}");
}

#[test]
fn depth_and_length_have_an_end() {
    let nested = |levels: usize| format!("{}true{}", "(".repeat(levels), ")".repeat(levels));
    assert!(parse(&nested(MAX_DEPTH)).is_ok());
    check(&nested(MAX_DEPTH + 1), MAX_DEPTH + 1..MAX_DEPTH + 5, "levels deep");
    let negated = |levels: usize| format!("{}true", "!".repeat(levels));
    assert!(parse(&negated(MAX_DEPTH)).is_ok());
    assert!(parse(&negated(MAX_DEPTH + 1)).is_err());
    let called = |calls: usize| format!("lead.x{}", ".lowerAscii()".repeat(calls));
    assert!(parse(&called(MAX_DEPTH)).is_ok());
    assert!(parse(&called(MAX_DEPTH + 1)).is_err());
    let long = |length: usize| format!("{}true", " ".repeat(length - 4));
    assert!(parse(&long(MAX_LENGTH)).is_ok());
    check(&long(MAX_LENGTH + 1), 0..MAX_LENGTH + 1, "at most 8192");
    // Wide is not deep.
    assert!(parse(&vec!["has(a.b)"; 600].join(" && ")).is_ok());
    assert!(parse(&"1<".repeat(MAX_LENGTH / 2)).is_err());
    assert!(parse(&"1?".repeat(MAX_LENGTH / 2)).is_err());
    assert!(parse(&"1?1:".repeat(MAX_LENGTH / 4)).is_err());
    assert!(parse(&"1+".repeat(MAX_LENGTH / 2)).is_err());
    assert!(parse(&"[".repeat(MAX_LENGTH)).is_err());
    assert!(parse(&"a(".repeat(MAX_LENGTH / 2)).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_input_is_read_or_refused(source in ".{0,200}") {
        let _ = parse(&source);
    }

    #[test]
    fn any_tokens_are_read_or_refused_with_spans_inside_the_source(
        words in proptest::collection::vec(proptest::sample::select(vec![
            "lead", ".", "x", "(", ")", "[", "]", "==", "<", "in", "&&", "||", "!", "-", "1", "'a'",
            ",", "?", ":", "has", "size", "contains", "+", "{", "}", "true", "null", "ä", "\"", "\\",
        ]), 0..30)
    ) {
        for join in ["", " "] {
            let source = words.join(join);
            for finding in parse(&source).err().unwrap_or_default() {
                let Place::Source(span) = finding.place else { panic!("no span") };
                prop_assert!(source.get(span.clone()).is_some(), "{source}: {span:?}");
            }
        }
    }

    #[test]
    fn what_is_printed_reads_back_as_the_same_tree(expr in arbitrary::condition()) {
        let printed = expr.to_string();
        let parsed = parse(&printed);
        prop_assert_eq!(parsed.as_ref(), Ok(&expr), "{}", &printed);
        prop_assert_eq!(parsed.unwrap().to_string(), printed);
    }
}
