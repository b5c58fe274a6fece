//! JSON paths of field mappings.
//!
//! States: what is accepted is RFC 9535, and finds what the library finds, in the same order; a
//! refusal points into the path.
//! Input: the path on the first line, then a document.

use handoff::rulebook::Path;
use serde_json::Value;
use serde_json_path::JsonPath;

use super::Cut;

pub fn run(bytes: &[u8]) {
    let mut cut = Cut(bytes);
    let Ok(text) = std::str::from_utf8(cut.line()) else { return };
    match Path::parse(text) {
        Ok(path) => {
            let library = JsonPath::parse(text).expect("what is accepted is RFC 9535");
            if let Ok(document) = serde_json::from_slice::<Value>(cut.0) {
                let (found, wanted) = (path.nodes(&document), library.query(&document).all());
                let places = |nodes: &[&Value]| -> Vec<*const Value> {
                    nodes.iter().map(|node| std::ptr::from_ref(*node)).collect()
                };
                assert_eq!(places(&found), places(&wanted), "{text}");
            }
        }
        Err((at, why)) => {
            assert!(at <= text.len() && !why.is_empty(), "{at} of {text:?}: {why}");
        }
    }
}
