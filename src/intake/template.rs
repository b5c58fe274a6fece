//! The text that is signed, as parts that are hashed one after the other.
//!
//! Guarantees: parts are joined as bytes, nothing is decoded, trimmed or re-encoded, but for the
//! twelve escapes of HubSpot v3; a template whose parts could be cut in two ways is refused.
//! Does not know: keys and algorithms.

use std::borrow::Cow;

/// One part of the signed text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Text(Cow<'static, str>),
    Body,
    Timestamp,
    Id,
    Method,
    Uri,
    /// The URI after HubSpot's decode table.
    HubspotUri,
}

/// The values that the parts stand for, verbatim.
#[derive(Clone, Copy, Default)]
pub(super) struct Values<'a> {
    pub method: &'a str,
    pub uri: &'a str,
    pub body: &'a [u8],
    pub timestamp: &'a [u8],
    pub id: &'a [u8],
}

impl Part {
    pub(super) fn bytes<'a>(&'a self, values: &Values<'a>) -> Cow<'a, [u8]> {
        match self {
            Self::Text(text) => Cow::Borrowed(text.as_bytes()),
            Self::Body => Cow::Borrowed(values.body),
            Self::Timestamp => Cow::Borrowed(values.timestamp),
            Self::Id => Cow::Borrowed(values.id),
            Self::Method => Cow::Borrowed(values.method.as_bytes()),
            Self::Uri => Cow::Borrowed(values.uri.as_bytes()),
            Self::HubspotUri => match hubspot_uri(values.uri) {
                Cow::Borrowed(uri) => Cow::Borrowed(uri.as_bytes()),
                Cow::Owned(uri) => Cow::Owned(uri.into_bytes()),
            },
        }
    }
}

/// Reads `v0:{ts}:{body}`.
///
/// # Errors
/// A sentence that says what to mend.
pub(super) fn parse(text: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, tail)) = rest.split_once('{') {
        if !before.is_empty() {
            parts.push(Part::Text(Cow::Owned(before.to_owned())));
        }
        let (name, after) = tail.split_once('}').ok_or_else(|| {
            format!("template: {text:?} opens a brace and does not close it; write {{body}}")
        })?;
        parts.push(match name {
            "body" => Part::Body,
            "ts" => Part::Timestamp,
            "id" => Part::Id,
            other => {
                return Err(format!(
                    "template: {{{other}}} is unknown; it may hold {{body}}, {{ts}} and {{id}}"
                ));
            }
        });
        rest = after;
    }
    if !rest.is_empty() {
        parts.push(Part::Text(Cow::Owned(rest.to_owned())));
    }
    for (part, name) in [(Part::Body, "{body}"), (Part::Timestamp, "{ts}"), (Part::Id, "{id}")] {
        if parts.iter().filter(|other| **other == part).count() > 1 {
            return Err(format!("template: {name} stands there twice; once is enough"));
        }
    }
    if !parts.contains(&Part::Body) {
        return Err("template: without {body} the body would not be signed; add it".to_owned());
    }
    separators(&parts)?;
    Ok(parts)
}

/// The bytes that an id must not hold, for the signed text could then be cut elsewhere
/// (`{id}.{ts}.{body}`: the specification forbids a dot in the id for this reason).
pub(super) fn separators(parts: &[Part]) -> Result<Vec<u8>, String> {
    let Some(at) = parts.iter().position(|part| *part == Part::Id) else {
        return Ok(Vec::new());
    };
    let body = parts.iter().position(|part| *part == Part::Body).unwrap_or(0);
    let neighbour = |index: Option<usize>, last: bool| {
        let part = index.and_then(|index| parts.get(index));
        match part {
            Some(Part::Text(text)) if last => Ok(text.bytes().last()),
            Some(Part::Text(text)) => Ok(text.bytes().next()),
            None => Ok(None),
            Some(_) => Err("template: put a separator on both sides of {id}, as in \
                            {id}.{ts}.{body}; else it could be cut in two ways"
                .to_owned()),
        }
    };
    let before = neighbour(at.checked_sub(1), true)?;
    let after = neighbour(at.checked_add(1), false)?;
    Ok((if body < at { before } else { after }).into_iter().collect())
}

/// HubSpot v3 signs the URI after replacing these twelve escapes and no others, in one pass
/// (developers.hubspot.com, "Validating requests"). Lower-case hex is read as upper case, which
/// the page does not settle.
fn hubspot_uri(uri: &str) -> Cow<'_, str> {
    const TABLE: [(&str, char); 12] = [
        ("%3A", ':'),
        ("%2F", '/'),
        ("%3F", '?'),
        ("%40", '@'),
        ("%21", '!'),
        ("%24", '$'),
        ("%27", '\''),
        ("%28", '('),
        ("%29", ')'),
        ("%2A", '*'),
        ("%2C", ','),
        ("%3B", ';'),
    ];
    if !uri.contains('%') {
        return Cow::Borrowed(uri);
    }
    let mut out = String::with_capacity(uri.len());
    let mut rest = uri;
    while let Some((before, tail)) = rest.split_once('%') {
        out.push_str(before);
        let known = TABLE.iter().find(|(escape, _)| {
            let digits = escape.trim_start_matches('%');
            tail.get(..2).is_some_and(|hex| hex.eq_ignore_ascii_case(digits))
        });
        if let Some((_, plain)) = known {
            out.push(*plain);
            rest = tail.get(2..).unwrap_or_default();
        } else {
            out.push('%');
            rest = tail;
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_reads_into_parts() {
        assert_eq!(
            parse("v0:{ts}:{body}"),
            Ok(vec![Part::Text("v0:".into()), Part::Timestamp, Part::Text(":".into()), Part::Body])
        );
        assert_eq!(parse("{body}{ts}"), Ok(vec![Part::Body, Part::Timestamp]));
    }

    #[test]
    fn a_template_that_cannot_be_is_refused_with_advice() {
        let check = |text: &str, word: &str| {
            let error = parse(text).unwrap_err();
            assert!(error.contains(word), "{text}: {error}");
        };
        check("", "{body}");
        check("{ts}", "{body}");
        check("{ts}.{body", "close");
        check("{uri}{body}", "{uri} is unknown");
        check("{body}{body}", "twice");
        check("{id}{body}", "separator");
        check("{id}{ts}.{body}", "separator");
        check("{body}{id}", "separator");
    }

    #[test]
    fn the_byte_beside_the_id_may_not_be_inside_it() {
        let check = |text: &str, bytes: &[u8]| {
            assert_eq!(separators(&parse(text).unwrap()), Ok(bytes.to_vec()), "{text}");
        };
        check("{id}.{ts}.{body}", b".");
        check("x-{id}:{body}", b":");
        check("{body}#{id}", b"#");
        check("{body}", b"");
    }

    #[test]
    fn hubspots_table_has_twelve_entries_and_is_used_once() {
        let check = |uri: &str, expected: &str| assert_eq!(hubspot_uri(uri), expected, "{uri}");
        check("https://a.example/x?y=1", "https://a.example/x?y=1");
        check("%3A%2F%3F%40%21%24%27%28%29%2A%2C%3B", ":/?@!$'()*,;");
        check("%3a%2f", ":/");
        check("%20%26%3D%2B%C3%A9%25", "%20%26%3D%2B%C3%A9%25");
        check("%253A", "%253A");
        check("%", "%");
        check("%3", "%3");
        check("%é3A", "%é3A");
        check("%%3A", "%:");
    }
}
