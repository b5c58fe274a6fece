//! The bodies of the fuzz targets: one function of bytes for each parser of bytes from outside.
//!
//! Guarantees: a target states properties and panics when one is broken; it has no state that
//! outlives a call, reads no file, no clock and no network. The fuzzer (`fuzz/`) and the replay of
//! the corpus (`tests/it/fuzz`) run the same functions.
//! Does not know: where its bytes come from.

mod answer;
mod body;
mod condition;
mod hours;
mod http;
mod http_store;
mod hubspot;
mod ical;
mod link;
mod normalize;
mod path;
mod rulebook;
mod salesforce;
mod script;
mod settings;
mod signature;
mod table;
mod text;
mod timestamp;

use std::{io, path::Path, sync::LazyLock};

use handoff::{
    model::{finding::Finding, time::Time},
    rulebook::{Files, Rulebook, Setup, SourceShape},
    settings::{REFERENCE, Settings, World},
};

/// A target: the name of its binary and of its folder of fixtures, and its body.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const ALL: &[Target] = &[
    ("answer", answer::run),
    ("body", body::run),
    ("condition", condition::run),
    ("hours", hours::run),
    ("http", http::run),
    ("hubspot", hubspot::run),
    ("ical", ical::run),
    ("link", link::run),
    ("normalize", normalize::run),
    ("path", path::run),
    ("rulebook", rulebook::run),
    ("salesforce", salesforce::run),
    ("settings", settings::run),
    ("signature", signature::run),
    ("table", table::run),
    ("text", text::run),
    ("timestamp", timestamp::run),
];

/// Runs the target of this name.
pub fn run(name: &str, bytes: &[u8]) {
    let found = ALL.iter().find(|(known, _)| *known == name);
    let (_, run) = found.unwrap_or_else(|| panic!("there is no target {name}"));
    run(bytes);
}

/// Thursday 2026-01-01 12:00 UTC.
const NOON: Time = Time(1_767_268_800_000);

/// Takes bytes off the front; behind the end there are zeros.
struct Cut<'a>(&'a [u8]);

impl<'a> Cut<'a> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn pick<'t, T>(&mut self, from: &'t [T]) -> &'t T {
        &from[usize::from(self.byte()) % from.len()]
    }

    fn number(&mut self, bytes: usize) -> i64 {
        let number = (0..bytes).fold(0_i64, |number, _| number << 8 | i64::from(self.byte()));
        let shift = 64 - 8 * bytes.min(8);
        number << shift >> shift
    }

    /// What stands before the next line break, which is taken off too.
    fn line(&mut self) -> &'a [u8] {
        let mut parts = self.0.splitn(2, |byte| *byte == b'\n');
        let line = parts.next().unwrap_or_default();
        self.0 = parts.next().unwrap_or_default();
        line
    }

    /// `name: value` lines as far as an empty one; a line without a colon is a name alone.
    fn headers(&mut self) -> Vec<(String, Vec<u8>)> {
        let mut headers = Vec::new();
        while !self.0.is_empty() {
            let line = self.line();
            if line.is_empty() {
                break;
            }
            let mut parts = line.splitn(2, |byte| *byte == b':');
            let name = String::from_utf8_lossy(parts.next().unwrap_or_default());
            let value = parts.next().unwrap_or_default();
            let value = value.strip_prefix(b" ").unwrap_or(value);
            headers.push((name.trim().to_ascii_lowercase(), value.to_vec()));
        }
        headers
    }
}

/// A secret that must never come out again.
const CANARY: &str = "canary-7f3a91d2c4e5b6";

/// The environment of settings: every name has a value that fits where the reference asks for it.
fn env(name: &str) -> Option<String> {
    Some(match name {
        "NONE" => return None,
        // Over the file the environment sets what it names; here it sets nothing.
        name if name.starts_with("HANDOFF_") && name != "HANDOFF_LINK_SECRET" => return None,
        "BLANK" => " ".to_owned(),
        name if name.contains("URL") => format!("https://hooks.example/{CANARY}"),
        name if name.contains("WAREHOUSE") => {
            "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=".to_owned()
        }
        _ => format!("{CANARY}-0123456789abcdef0123456789"),
    })
}

fn read_settings(text: &str) -> Result<Settings, handoff::settings::Broken> {
    let file = |path: &Path| match path.to_str() {
        Some(path) if path.starts_with("/run/secrets/") => Ok(CANARY.to_owned()),
        _ => Err(io::ErrorKind::NotFound.into()),
    };
    Settings::read("handoff.toml", text, Path::new("etc"), World { env: &env, file: &file })
}

/// What the reference settings offer to a rulebook.
static SETUP: LazyLock<Setup> = LazyLock::new(|| {
    let settings = read_settings(REFERENCE).unwrap_or_else(|broken| panic!("{broken}"));
    handoff::app::parts::setup(&settings)
});

/// The same with short mappings: reading the usual ones again for every rulebook takes longer than
/// all the rest.
static SHORT_SETUP: LazyLock<Setup> = LazyLock::new(|| {
    let mapping = ["email", "country", "employees", "form"]
        .map(|field| (field.to_owned(), vec![format!("$.{field}")]))
        .to_vec();
    let sources = SETUP.sources.keys().cloned();
    let sources = sources.map(|name| (name, SourceShape { mapping: mapping.clone() })).collect();
    Setup { sources, ..SETUP.clone() }
});

/// The example rulebook that is shipped, as files.
fn example() -> Files {
    let text = |bytes: &[u8]| bytes.to_vec();
    Files::new(text(include_bytes!("../../../../config/rulebook.toml")))
        .with(
            "tables/named_accounts.csv",
            text(include_bytes!("../../../../config/tables/named_accounts.csv")),
        )
        .with(
            "tables/territory.csv",
            text(include_bytes!("../../../../config/tables/territory.csv")),
        )
        .with(
            "holidays/england.ics",
            text(include_bytes!("../../../../config/holidays/england.ics")),
        )
        .with(
            "holidays/germany.ics",
            text(include_bytes!("../../../../config/holidays/germany.ics")),
        )
}

/// The same, compiled.
static BOOK: LazyLock<Rulebook> = LazyLock::new(|| {
    Rulebook::compile(&example(), &SETUP, 1).unwrap_or_else(|findings| panic!("{findings:#?}"))
});

/// Findings that a person can use: each in a place of its file, with a message, in one line.
fn findings_are_usable(findings: &[Finding], text: impl Fn(&str) -> Option<String>) {
    for finding in findings {
        assert!(finding.line >= 1 && finding.column >= 1, "{finding:?}");
        assert!(!finding.message.is_empty(), "{finding:?}");
        assert!(!finding.to_string().chars().any(char::is_control), "{finding:?}");
        if let Some(text) = text(&finding.file) {
            let lines = text.split('\n').count();
            assert!(finding.line <= lines && finding.end.line <= lines, "{finding:?} of {lines}");
            let end = (finding.end.line, finding.end.column);
            assert!((finding.line, finding.column) <= end, "{finding:?} ends before it begins");
        }
    }
}
