//! Sources as the house rules see them: modules, and the paths that they name.
//!
//! Guarantees: comments, strings and code for tests are left out; `use` trees are unfolded;
//! `crate`, `self` and `super` are resolved. Does not know: which paths are forbidden.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// File name (from the root of the project) to text.
pub type Files = BTreeMap<String, String>;

/// One path that a source names: inside the crate `["crate", "store", "sqlite"]`, outside
/// `["std", "env"]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The parts.
    pub path: Vec<String>,
    /// The line, from 1.
    pub line: usize,
}

/// The root of the project.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every file under these folders whose name ends so, sorted by name.
pub fn files(folders: &[&str], ending: &str) -> Files {
    let mut found = Files::new();
    for folder in folders {
        collect(&root().join(folder), ending, &mut found);
    }
    found
}

fn collect(folder: &Path, ending: &str, found: &mut Files) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            collect(&entry, ending, found);
        } else if entry.to_string_lossy().ends_with(ending) {
            let name = entry.strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
            if let Ok(text) = fs::read_to_string(&entry) {
                found.insert(name, text);
            }
        }
    }
}

/// The module of a source file: `src/store/sqlite/mod.rs` is `["store", "sqlite"]`.
pub fn module(file: &str) -> Vec<String> {
    let path = file.trim_start_matches("src/").trim_end_matches(".rs");
    let mut parts: Vec<String> = path.split('/').map(str::to_owned).collect();
    if matches!(parts.last().map(String::as_str), Some("mod" | "lib")) {
        parts.pop();
    }
    parts
}

/// The modules that are compiled for tests alone: declared under `#[cfg(test)]`, as a file.
pub fn test_modules(files: &Files) -> BTreeSet<Vec<String>> {
    let mut found = BTreeSet::new();
    for (file, text) in files {
        let tokens = tokens(text);
        for (at, _) in tokens.iter().enumerate().filter(|(at, _)| is_mark(&tokens, *at)) {
            let after: Vec<&str> = tokens
                .iter()
                .skip(at + MARK.len())
                .take(3)
                .map(|token| token.text.as_str())
                .collect();
            if let ["mod", name, ";"] = after.as_slice() {
                let mut path = module(file);
                path.push((*name).to_owned());
                found.insert(path);
            }
        }
    }
    found
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Token {
    text: String,
    line: usize,
}

/// Every path with at least two parts, or imported by `use`, outside of tests.
pub fn named(file: &str, text: &str) -> Vec<Named> {
    let tokens = without_tests(&tokens(text));
    let here = module(file);
    let mut found = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let text = tokens[at].text.as_str();
        let is_start = is_name(text) && (at == 0 || tokens[at - 1].text != "::");
        let follows = tokens.get(at + 1).map(|token| token.text.as_str());
        if text == "use" {
            at = tree(&tokens, at + 1, &[], &mut found);
        } else if is_start && follows == Some("::") {
            at = tree(&tokens, at, &[], &mut found);
        } else {
            at += 1;
        }
    }
    found.into_iter().map(|named| resolve(&here, &named)).collect()
}

/// Reads one path or tree from `at`; returns where it ends.
fn tree(tokens: &[Token], mut at: usize, before: &[String], found: &mut Vec<Named>) -> usize {
    let mut path = before.to_vec();
    let line = tokens.get(at).map_or(0, |token| token.line);
    while let Some(token) = tokens.get(at) {
        match token.text.as_str() {
            "::" => at += 1,
            "{" if at > 0 && (tokens[at - 1].text == "::" || tokens[at - 1].text == "use") => {
                at += 1;
                while tokens.get(at).is_some_and(|token| token.text != "}") {
                    at = tree(tokens, at, &path, found);
                    if tokens.get(at).is_some_and(|token| token.text == ",") {
                        at += 1;
                    }
                }
                return at + 1;
            }
            // A generic or anything else ends the path. A name does too, unless `::` precedes it.
            name if is_name(name)
                && (path.len() == before.len() || tokens[at - 1].text == "::") =>
            {
                path.push(name.to_owned());
                at += 1;
            }
            "*" if tokens[at - 1].text == "::" => at += 1,
            _ => break,
        }
    }
    if tokens.get(at).is_some_and(|token| token.text == "as") {
        at += 2;
    }
    if path.len() > before.len() || !before.is_empty() {
        found.push(Named { path, line });
    }
    at.max(1)
}

fn resolve(here: &[String], named: &Named) -> Named {
    let mut path = named.path.clone();
    let is_relative = matches!(path.first().map(String::as_str), Some("self" | "super"));
    if is_relative {
        let mut base = here.to_vec();
        while let Some(first) = path.first().map(String::as_str) {
            match first {
                "self" => {}
                "super" => drop(base.pop()),
                _ => break,
            }
            path.remove(0);
        }
        base.insert(0, "crate".to_owned());
        base.append(&mut path);
        path = base;
    }
    path.retain(|part| part != "self");
    Named { path, line: named.line }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// What stands before an item that is compiled for tests alone.
const MARK: [&str; 7] = ["#", "[", "cfg", "(", "test", ")", "]"];

fn is_mark(tokens: &[Token], at: usize) -> bool {
    let is = |(offset, mark): (usize, &&str)| {
        tokens.get(at + offset).is_some_and(|token| token.text == *mark)
    };
    MARK.iter().enumerate().all(is)
}

/// Leaves out every item under the mark.
fn without_tests(tokens: &[Token]) -> Vec<Token> {
    let mut kept = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        if !is_mark(tokens, at) {
            kept.push(tokens[at].clone());
            at += 1;
            continue;
        }
        at += MARK.len();
        let mut depth = 0_usize;
        while let Some(token) = tokens.get(at) {
            at += 1;
            match token.text.as_str() {
                "{" | "(" | "[" => depth += 1,
                "}" | ")" | "]" => {
                    depth = depth.saturating_sub(1);
                    let ends_use = tokens.get(at).is_some_and(|next| next.text == ";");
                    if depth == 0 && token.text == "}" && !ends_use {
                        break;
                    }
                }
                ";" if depth == 0 => break,
                _ => {}
            }
        }
    }
    kept
}

/// Names, `::` and single marks; no comments, no strings, no lifetimes.
fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < chars.len() {
        let rest = &chars[at..];
        let step = match rest {
            ['/', '/', ..] => rest.iter().position(|c| *c == '\n').unwrap_or(rest.len()),
            ['/', '*', ..] => comment(rest),
            ['r' | 'b' | '"', ..] if string(rest).is_some() => string(rest).unwrap_or(1),
            ['\'', '\\', ..] => 2 + rest.iter().skip(3).position(|c| *c == '\'').unwrap_or(0) + 2,
            ['\'', _, '\'', ..] => 3,
            [':', ':', ..] => {
                found.push(Token { text: "::".to_owned(), line });
                2
            }
            [c, ..] if c.is_alphanumeric() || *c == '_' => {
                let word: String =
                    rest.iter().take_while(|c| c.is_alphanumeric() || **c == '_').collect();
                let length = word.chars().count();
                found.push(Token { text: word, line });
                length
            }
            [c, ..] if !c.is_whitespace() && *c != '\'' => {
                found.push(Token { text: c.to_string(), line });
                1
            }
            _ => 1,
        };
        line += rest.iter().take(step).filter(|c| **c == '\n').count();
        at += step;
    }
    found
}

/// The length of a block comment; they nest.
fn comment(rest: &[char]) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        match &rest[at..] {
            ['/', '*', ..] => (depth, at) = (depth + 1, at + 2),
            ['*', '/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at
}

/// The length of a string literal that begins here, if one does.
fn string(rest: &[char]) -> Option<usize> {
    let prefix = rest.iter().take_while(|c| matches!(c, 'b' | 'r')).take(2).count();
    let is_raw = rest[..prefix].contains(&'r');
    let hashes = rest[prefix..].iter().take_while(|c| **c == '#').count();
    if rest.get(prefix + hashes) != Some(&'"') || (hashes > 0 && !is_raw) {
        return None;
    }
    let mut at = prefix + hashes + 1;
    while at < rest.len() {
        if !is_raw && rest[at] == '\\' {
            at += 2;
            continue;
        }
        let closes = rest[at] == '"'
            && rest[at + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes;
        at += 1;
        if closes {
            return Some(at + hashes);
        }
    }
    Some(rest.len())
}

#[test]
fn paths_are_found_and_everything_else_is_left_out() {
    let text = r##"
        //! use crate::no;
        use std::{env, fmt::{self, Display}};
        use super::{plan, sqlite::*};
        pub use self::read::Page as P;
        fn f<'a>(x: &'a str) -> crate::model::time::Time { /* crate::no /* */ crate::no */
            let s = "crate::no \" crate::no"; let r = r#"crate::no " "#; let c = '"'; let q = '\'';
            Vec::<u8>::new(); tokio::spawn(x)
        }
        #[cfg(test)] use crate::no::{a, b};
        #[cfg(test)] mod tests { use crate::no; fn f() { crate::no::g() } }
        fn last() { crate::yes::f() }
    "##;
    let found: Vec<String> = named("src/store/sqlite/read.rs", text)
        .into_iter()
        .map(|named| format!("{}:{}", named.line, named.path.join("::")))
        .collect();
    for path in [
        "3:std::env",
        "3:std::fmt",
        "3:std::fmt::Display",
        "4:crate::store::sqlite::plan",
        "4:crate::store::sqlite::sqlite",
        "5:crate::store::sqlite::read::read::Page",
        "6:crate::model::time::Time",
        "8:tokio::spawn",
        "12:crate::yes::f",
    ] {
        assert!(found.iter().any(|it| it == path), "{path} in {found:?}");
    }
    assert!(!found.iter().any(|it| it.contains("no")), "{found:?}");
}
