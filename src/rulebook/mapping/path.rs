//! JSON paths (RFC 9535), with a short cut for the shapes that nearly all mappings have.
//!
//! Guarantees: the library reads every path, so what is accepted is RFC 9535; the short cut (names,
//! indexes from the start, and `[?@.a.b=='x']`) finds the same nodes in the same order, which a
//! test holds against the library.
//! Does not know: what a node is for.

use serde_json::Value;
use serde_json_path::JsonPath;

/// Bytes of a path.
const LENGTH_MAX: usize = 300;

/// Brackets inside each other. The library reads them by recursion, and tries some twice.
const DEPTH_MAX: usize = 6;

/// A compiled path.
#[derive(Clone, Debug)]
pub struct Path(How);

#[derive(Clone, Debug)]
enum How {
    Steps(Box<[Step]>),
    Library(Box<JsonPath>),
}

#[derive(Clone, Debug, PartialEq)]
enum Step {
    Name(Box<str>),
    Index(usize),
    /// The children in which the value at these names is this text.
    Where(Box<[Box<str>]>, Box<str>),
}

impl Path {
    /// Reads a path.
    ///
    /// # Errors
    /// The byte at which reading stopped, and why.
    pub fn parse(text: &str) -> Result<Self, (usize, String)> {
        if text.len() > LENGTH_MAX {
            return Err((LENGTH_MAX, format!("it is longer than {LENGTH_MAX} bytes")));
        }
        if depth(text) > DEPTH_MAX {
            return Err((0, format!("more than {DEPTH_MAX} brackets stand inside each other")));
        }
        if let Some(at) = cut_off(text) {
            return Err((at, "an escape \\u needs four hexadecimal digits".to_owned()));
        }
        let path =
            JsonPath::parse(text).map_err(|why| (why.position(), why.message().to_owned()))?;
        Ok(Self(match steps(text) {
            Some(steps) => How::Steps(steps.into()),
            None => How::Library(Box::new(path)),
        }))
    }

    /// The nodes of `document`, in order.
    pub fn nodes<'v>(&self, document: &'v Value) -> Vec<&'v Value> {
        match &self.0 {
            How::Library(path) => path.query(document).all(),
            How::Steps(steps) => {
                let mut found = Vec::new();
                walk(document, steps, &mut found);
                found
            }
        }
    }
}

/// The most brackets that are open at once; those in quotes count too, which does no harm.
fn depth(text: &str) -> usize {
    let (mut open, mut most) = (0_usize, 0);
    for byte in text.bytes() {
        match byte {
            b'(' | b'[' => open += 1,
            b')' | b']' => open = open.saturating_sub(1),
            _ => {}
        }
        most = most.max(open);
    }
    most
}

/// Where the text ends inside a `\u` escape: there the library panics instead of refusing.
fn cut_off(text: &str) -> Option<usize> {
    let (before, digits) = text.rsplit_once("\\u")?;
    // An even number of backslashes before it makes it a backslash and a plain u.
    let backslashes = before.bytes().rev().take_while(|byte| *byte == b'\\').count();
    (digits.len() < 4 && backslashes.is_multiple_of(2)).then_some(before.len())
}

fn walk<'v>(value: &'v Value, steps: &[Step], found: &mut Vec<&'v Value>) {
    let Some((step, rest)) = steps.split_first() else {
        found.push(value);
        return;
    };
    match step {
        Step::Name(name) => {
            if let Some(child) = value.as_object().and_then(|object| object.get(&**name)) {
                walk(child, rest, found);
            }
        }
        Step::Index(at) => {
            if let Some(child) = value.as_array().and_then(|list| list.get(*at)) {
                walk(child, rest, found);
            }
        }
        Step::Where(names, text) => {
            let list = value.as_array().into_iter().flatten();
            let members = value.as_object().into_iter().flat_map(|object| object.values());
            for child in list.chain(members) {
                let mut at = Some(child);
                for name in names {
                    at = at.and_then(Value::as_object).and_then(|object| object.get(&**name));
                }
                if at.and_then(Value::as_str) == Some(&**text) {
                    walk(child, rest, found);
                }
            }
        }
    }
}

/// The steps of a path that needs nothing else; `None` sends it to the library.
fn steps(text: &str) -> Option<Vec<Step>> {
    let mut rest = text.strip_prefix('$')?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        let step;
        (step, rest) = if let Some(tail) = rest.strip_prefix("[?@") {
            filter(tail)?
        } else if let Some(tail) = rest.strip_prefix('[') {
            let (step, tail) = if let Some((name, tail)) = quoted(tail) {
                (Step::Name(name.into()), tail)
            } else {
                let digits = tail.bytes().take_while(u8::is_ascii_digit).count();
                let (number, tail) = tail.split_at_checked(digits)?;
                (Step::Index(number.parse().ok()?), tail)
            };
            (step, tail.strip_prefix(']')?)
        } else {
            let (name, tail) = dotted(rest)?;
            (Step::Name(name.into()), tail)
        };
        steps.push(step);
    }
    Some(steps)
}

/// `.name`, in ASCII.
fn dotted(text: &str) -> Option<(&str, &str)> {
    let text = text.strip_prefix('.')?;
    let letters = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let length = text.bytes().take_while(letters).count();
    let (name, rest) = text.split_at_checked(length)?;
    (!name.is_empty()).then_some((name, rest))
}

/// A text in quotes without escapes.
fn quoted(text: &str) -> Option<(&str, &str)> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
    let (inside, rest) = text.get(1..)?.split_once(quote)?;
    (!inside.contains('\\')).then_some((inside, rest))
}

/// `.a.b == 'x']`, behind `[?@`.
fn filter(text: &str) -> Option<(Step, &str)> {
    let mut names: Vec<Box<str>> = Vec::new();
    let mut rest = text;
    while let Some((name, tail)) = dotted(rest) {
        names.push(name.into());
        rest = tail;
    }
    let rest = rest.trim_start_matches(' ').strip_prefix("==")?.trim_start_matches(' ');
    let (wanted, rest) = quoted(rest)?;
    let rest = rest.trim_start_matches(' ').strip_prefix(']')?;
    Some((Step::Where(names.into(), wanted.into()), rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn same_as_library(text: &str, document: &Value) {
        let Ok(path) = Path::parse(text) else { return };
        let library = JsonPath::parse(text).unwrap();
        assert_eq!(path.nodes(document), library.query(document).all(), "{text}");
    }

    #[test]
    fn the_short_cut_finds_what_the_library_finds() {
        let document = json!({
            "form_response": { "answers": [
                { "type": "email", "email": "a@b.example", "field": { "ref": "email" } },
                { "type": "text", "text": "ACME", "field": { "ref": "company" } },
                { "type": "text", "text": "more", "field": { "ref": "company" } },
                { "type": "choices", "choices": { "labels": ["x", "y"] }, "field": { "ref": "c" } },
            ] },
            "First Name": "Eva", "0": "zero", "list": [[1, 2], [3]],
            "answers": { "a": { "id": "x", "v": 1 }, "b": { "id": "x", "v": 2 } },
        });
        for text in [
            "$",
            "$.form_response.answers[0].email",
            "$.form_response.answers[?@.field.ref=='company'].text",
            "$.form_response.answers[?@.field.ref == \"c\" ].choices.labels[1]",
            "$.form_response.answers[?@.type=='nothing'].text",
            "$['First Name']",
            "$[\"First Name\"]",
            "$.list[0][1]",
            "$.list[9]",
            "$.list.x",
            "$['0']",
            "$[0]",
            "$.answers[?@.id=='x'].v",
            "$..email",
            "$.list[-1]",
            "$.list[*][0]",
            "$.form_response.answers[?@.type!='email'].text",
        ] {
            same_as_library(text, &document);
        }
        let fast = Path::parse("$.form_response.answers[?@.field.ref=='company'].text").unwrap();
        assert!(matches!(fast.0, How::Steps(_)));
    }

    #[test]
    fn a_path_of_nothing_but_brackets_is_refused_in_time() {
        for piece in ["(", "!(", "[?@", "[?@==(", "..[?@.a[", "length(", "(!(@.a)||", "!"] {
            for times in 1..290 / piece.len() {
                let text = format!("$[?{}", piece.repeat(times));
                assert!(Path::parse(&text).is_err(), "{text}");
            }
        }
        assert!(Path::parse(&format!("$.{}", "a".repeat(298))).is_ok());
        assert!(Path::parse(&format!("$.{}", "a".repeat(299))).is_err());
    }

    #[test]
    fn what_is_no_path_is_refused_with_its_place() {
        for text in ["", "email", "$.", "$.a b", "$[", "$['a'", "$.answers[?@.x=='y'"] {
            assert!(Path::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_escape_that_is_cut_off_is_refused_and_a_plain_backslash_is_none() {
        for tail in ["", "D", "d", "00", "D834\\u", "D834\\uD", "D834\\udd1"] {
            for front in ["$['\\u", "$[\"\\u", "$[?@.a=='\\u", "$['\\\\\\u"] {
                let text = format!("{front}{tail}");
                assert!(Path::parse(&text).is_err(), "{text}");
            }
        }
        for text in ["$['\\\\u']", "$['\\u0061']", "$['\\uD834\\uDD1E']"] {
            assert!(Path::parse(text).is_ok(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn the_short_cut_agrees_on_any_path(
            text in "\\$((\\.[ab0_]{1,2})|(\\['[ab ]{0,2}'\\])|(\\[[0-2]{1,2}\\])|(\\[\\?@(\\.[ab]){0,2} ?== ?'[ab]'\\])){0,4}"
        ) {
            let document = json!({
                "a": [{ "a": "a", "b": { "a": "b" } }, { "a": "a" }, ["b", { "a": "a" }], "a"],
                "b": { "a": { "a": "a", "b": [1, 2] }, "b": "b" },
                "_": { "": 1 },
            });
            same_as_library(&text, &document);
        }
    }
}
