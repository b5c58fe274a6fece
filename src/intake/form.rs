//! A stored raw body as a document that field mappings can walk.
//!
//! Guarantees: JSON and form bodies come out as one kind of value; what is too deep, too wide or
//! too long is refused with a sentence that holds none of the content; never a panic.
//! Does not know: which source the body came from, nor what its fields mean.

use serde_json::{Map, Value};

/// How deep a document may be nested.
pub const DEEPEST: usize = 64;
/// How many members and elements it may have in all.
pub const MOST_MEMBERS: usize = 10_000;
/// How many bytes a text or a name may have.
pub const LONGEST_TEXT: usize = 64 * 1024;

/// The document that a body holds. JSON or a form (`application/x-www-form-urlencoded`, with
/// `data[merges][FNAME]` as nested objects and `tags[]` or repeated names as lists); without a
/// content type that says which, the first byte decides.
///
/// # Errors
/// A sentence that says what is wrong and how to mend it, without content.
pub fn document(content_type: Option<&str>, body: &[u8]) -> Result<Value, String> {
    if essence(content_type).starts_with("multipart/") {
        return Err(
            "the body is multipart/form-data, which is not read: let the sender post JSON \
                    or a plain form"
                .to_owned(),
        );
    }
    let value = if is_form(content_type, body) { form(body)? } else { json(body)? };
    let mut members = 0;
    limit(&value, 1, &mut members)?;
    Ok(value)
}

/// Whether a body is to be read as a form. A body that begins as JSON does is JSON, whatever its
/// content type says: senders often leave the one their library sets.
pub(super) fn is_form(content_type: Option<&str>, body: &[u8]) -> bool {
    let kind = essence(content_type);
    let json = kind == "application/json" || kind.ends_with("+json");
    let first = body.trim_ascii_start().first().copied();
    let opens = matches!(first, Some(b'{' | b'['));
    if kind == "application/x-www-form-urlencoded" {
        !opens
    } else {
        !json && !opens && first != Some(b'"') && body.contains(&b'=')
    }
}

/// The media type without parameters, in lower case.
fn essence(content_type: Option<&str>) -> String {
    let kind = content_type.unwrap_or_default().split(';').next().unwrap_or_default();
    kind.trim().to_ascii_lowercase()
}

fn json(body: &[u8]) -> Result<Value, String> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    if body.trim_ascii().is_empty() {
        return Err("the body is empty: the sender must post the fields of the lead".to_owned());
    }
    serde_json::from_slice(body).map_err(|error| {
        format!(
            "the body is not JSON (line {}, column {}) and not a form: let the sender post one of \
             the two with its content type",
            error.line(),
            error.column()
        )
    })
}

fn form(body: &[u8]) -> Result<Value, String> {
    let mut root = Map::new();
    for (count, (name, value)) in url::form_urlencoded::parse(body).enumerate() {
        if count >= MOST_MEMBERS {
            return Err(too_many());
        }
        let path = brackets(&name);
        if path.len() > DEEPEST {
            return Err(too_deep());
        }
        if !place(&mut root, &path, &value) {
            // `a=1&a[b]=2` cannot be one object: the odd one keeps its name as it was written.
            place(&mut root, &[&name], &value);
        }
    }
    Ok(Value::Object(root))
}

/// `data[merges][FNAME]` as its parts; what is not well-formed is one name as it stands.
fn brackets(name: &str) -> Vec<&str> {
    let whole = || vec![name];
    let Some((first, rest)) = name.split_once('[') else { return whole() };
    let Some(inner) = rest.strip_suffix(']').filter(|_| !first.is_empty()) else {
        return whole();
    };
    let mut parts = vec![first];
    parts.extend(inner.split("]["));
    if parts.iter().skip(1).any(|part| part.contains(['[', ']'])) { whole() } else { parts }
}

/// Puts a value where its name says; false when something of another form stands there.
fn place(object: &mut Map<String, Value>, path: &[&str], value: &str) -> bool {
    let Some((name, rest)) = path.split_first() else { return false };
    let slot = object.entry((*name).to_owned()).or_insert(Value::Null);
    fill(slot, rest, value)
}

fn fill(slot: &mut Value, path: &[&str], value: &str) -> bool {
    match (path.split_first(), slot) {
        // `a[b]=2&a=1`: the plain value goes inside, under an empty name.
        (None, Value::Object(object)) => place(object, &[""], value),
        (None, Value::Array(list)) => {
            list.push(Value::from(value));
            true
        }
        (None, slot) => {
            *slot = match slot.take() {
                Value::Null => Value::from(value),
                first => Value::Array(vec![first, Value::from(value)]),
            };
            true
        }
        (Some((name, rest)), slot) => {
            if slot.is_null() {
                *slot =
                    if name.is_empty() { Value::Array(vec![]) } else { Value::Object(Map::new()) };
            }
            match slot {
                Value::Array(list) if name.is_empty() => {
                    let mut next = Value::Null;
                    let placed = fill(&mut next, rest, value);
                    list.push(next);
                    placed
                }
                Value::Object(object) if !name.is_empty() => place(object, path, value),
                _ => false,
            }
        }
    }
}

fn limit(value: &Value, depth: usize, members: &mut usize) -> Result<(), String> {
    let text = |text: &str| if text.len() > LONGEST_TEXT { Err(too_long()) } else { Ok(()) };
    let inside = match value {
        Value::String(it) => return text(it),
        Value::Array(list) => list.len(),
        Value::Object(object) => object.len(),
        _ => return Ok(()),
    };
    if depth > DEEPEST {
        return Err(too_deep());
    }
    *members += inside;
    if *members > MOST_MEMBERS {
        return Err(too_many());
    }
    match value {
        Value::Object(object) => object.iter().try_for_each(|(name, value)| {
            text(name)?;
            limit(value, depth + 1, members)
        }),
        Value::Array(list) => list.iter().try_for_each(|value| limit(value, depth + 1, members)),
        _ => Ok(()),
    }
}

fn too_deep() -> String {
    format!("the body is nested more than {DEEPEST} deep: let the sender post a flatter document")
}

fn too_many() -> String {
    format!("the body has more than {MOST_MEMBERS} members: let the sender post smaller batches")
}

fn too_long() -> String {
    format!("a text in the body is longer than {LONGEST_TEXT} bytes: let the sender shorten it")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const FORM: Option<&str> = Some("application/x-www-form-urlencoded; charset=utf-8");

    fn check(kind: Option<&str>, body: &str, expected: &Value) {
        assert_eq!(document(kind, body.as_bytes()).as_ref(), Ok(expected), "{body}");
    }

    #[test]
    fn a_form_with_brackets_becomes_nested_objects() {
        check(
            FORM,
            "type=subscribe&data%5Bmerges%5D%5BFNAME%5D=Octavia&data[email]=o%40x.example&a+b=c+d",
            &json!({"type": "subscribe", "a b": "c d",
                "data": {"merges": {"FNAME": "Octavia"}, "email": "o@x.example"}}),
        );
        check(FORM, "t[]=1&t[]=2&u=1&u=2&u=3", &json!({"t": ["1", "2"], "u": ["1", "2", "3"]}));
        check(FORM, "l[][n]=1&l[][n]=2", &json!({"l": [{"n": "1"}, {"n": "2"}]}));
        check(FORM, "f[1]=a&f[0]=b", &json!({"f": {"1": "a", "0": "b"}}));
        check(FORM, "", &json!({}));
    }

    #[test]
    fn odd_names_keep_what_they_carry() {
        check(FORM, "a=1&a[b]=2", &json!({"a": "1", "a[b]": "2"}));
        check(FORM, "a[b]=2&a=1", &json!({"a": {"b": "2", "": "1"}}));
        check(
            FORM,
            "a[b=1&[c]=2&a]=3&x[y]z=4",
            &json!({"a[b": "1", "[c]": "2", "a]": "3", "x[y]z": "4"}),
        );
        check(FORM, "a=%zz&b=%ff&=x", &json!({"a": "%zz", "b": "\u{fffd}", "": "x"}));
    }

    #[test]
    fn the_first_byte_decides_when_the_content_type_does_not() {
        check(None, " {\"a\":1}", &json!({"a": 1}));
        check(None, "a=1", &json!({"a": "1"}));
        check(Some("text/plain"), "[1]", &json!([1]));
        check(FORM, "{\"a\":\"b=c\"}", &json!({"a": "b=c"}));
        check(Some("Application/JSON"), "\u{feff}7", &json!(7));
        check(Some("application/cloudevents+json"), "null", &json!(null));
    }

    #[test]
    fn what_cannot_be_read_is_refused_without_its_content() {
        for (kind, body, word) in [
            (None, "", "empty"),
            (None, "canary", "not JSON"),
            (Some("application/json"), "canary=1", "not JSON"),
            (Some("application/json"), "{\"canary\": canary}", "line 1"),
            (Some("multipart/form-data; boundary=canary"), "--canary", "multipart"),
        ] {
            let error = document(kind, body.as_bytes()).unwrap_err();
            assert!(error.contains(word) && !error.contains("canary"), "{error}");
        }
        assert!(document(Some("application/json"), b"\"\xff\"").is_err());
    }

    #[test]
    fn each_limit_holds_at_the_limit_and_breaks_one_past_it() {
        let deep = |n: usize| format!("{}1{}", "[".repeat(n), "]".repeat(n));
        let wide = |n: usize| format!("[{}1]", "1,".repeat(n - 1));
        let long = |n: usize| format!("\"{}\"", "x".repeat(n));
        let name = |n: usize| format!("{{\"{}\":1}}", "x".repeat(n));
        let pairs = |n: usize| (0..n).map(|i| format!("k{i}=1")).collect::<Vec<_>>().join("&");
        let nested = |n: usize| format!("a{}=1", "[b]".repeat(n - 1));
        let try_it = |body: String| document(None, body.as_bytes()).map(|_| ());
        assert_eq!(try_it(deep(DEEPEST)), Ok(()));
        assert_eq!(try_it(deep(DEEPEST + 1)), Err(too_deep()));
        assert!(try_it(deep(100_000)).is_err());
        assert_eq!(try_it(wide(MOST_MEMBERS)), Ok(()));
        assert_eq!(try_it(wide(MOST_MEMBERS + 1)), Err(too_many()));
        assert_eq!(try_it(long(LONGEST_TEXT)), Ok(()));
        assert_eq!(try_it(long(LONGEST_TEXT + 1)), Err(too_long()));
        assert_eq!(try_it(name(LONGEST_TEXT)), Ok(()));
        assert_eq!(try_it(name(LONGEST_TEXT + 1)), Err(too_long()));
        assert_eq!(try_it(pairs(MOST_MEMBERS)), Ok(()));
        assert_eq!(try_it(pairs(MOST_MEMBERS + 1)), Err(too_many()));
        assert_eq!(try_it(nested(DEEPEST)), Ok(()));
        assert_eq!(try_it(nested(DEEPEST + 1)), Err(too_deep()));
    }

    proptest! {
        #[test]
        fn no_body_panics(body in prop::collection::vec(any::<u8>(), 0..300), form: bool) {
            let kind = if form { FORM } else { None };
            let _ = document(kind, &body);
        }

        #[test]
        fn no_form_panics(body in "[a-c=&\\[\\]%0-9+]{0,80}") {
            let value = document(FORM, body.as_bytes());
            prop_assert!(value.is_ok() || body.trim_start().starts_with('['), "{:?}", value);
        }
    }
}
