//! What a rulebook is compiled from: its files, and what the engineers' settings offer it.
//!
//! Guarantees: nothing here is read from anywhere; whoever has a disk fills these in.
//! Does not know: whether the files make a good rulebook.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::calendar::Zones;
use crate::model::record::Basis;

/// The name of the main file.
pub const MAIN: &str = "rulebook.toml";

/// A rulebook as written: the main file and all that it names, by their paths beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// `rulebook.toml`.
    pub main: Vec<u8>,
    /// Tables (`tables/territory.csv`) and holidays (`holidays/england.ics`).
    pub others: BTreeMap<String, Vec<u8>>,
}

impl Files {
    /// A rulebook of one file.
    pub fn new(main: impl Into<Vec<u8>>) -> Self {
        Self { main: main.into(), others: BTreeMap::new() }
    }

    /// With one more file.
    #[must_use]
    pub fn with(mut self, name: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.others.insert(name.to_owned(), bytes.into());
        self
    }

    /// The files that the main file names and that must be beside it, in no special order. What
    /// cannot be read names nothing; compiling says why.
    pub fn named_in(main: &[u8]) -> Vec<String> {
        let Ok(text) = std::str::from_utf8(main) else { return Vec::new() };
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let (document, _) = toml::de::DeTable::parse_recoverable(text);
        let document = document.into_inner();
        let entries = |section: &str| {
            let list = document.get(section).and_then(|list| list.get_ref().as_array());
            list.into_iter().flatten().filter_map(|entry| entry.get_ref().as_table())
        };
        let tables = entries("table").filter_map(|table| table.get("file"));
        let holidays = entries("hours").filter_map(|hours| hours.get("holidays"));
        let holidays = holidays.filter_map(|list| list.get_ref().as_array()).flatten();
        let tables = tables.filter_map(|name| name.get_ref().as_str());
        let holidays = holidays.filter_map(|name| name.get_ref().as_str());
        let names = tables.chain(holidays.filter(|name| is_calendar(name)));
        names.map(str::trim).filter(|name| is_path_inside(name)).map(str::to_owned).collect()
    }

    /// As one JSON object of file names to texts, which is how a store keeps it.
    ///
    /// # Errors
    /// The name of the first file that is not UTF-8; a rulebook that compiled has none.
    pub fn to_json(&self) -> Result<String, String> {
        let main = std::iter::once((MAIN, &self.main));
        let others = self.others.iter().map(|(name, bytes)| (name.as_str(), bytes));
        let texts: Result<BTreeMap<&str, &str>, String> = main
            .chain(others)
            .map(|(name, bytes)| match std::str::from_utf8(bytes) {
                Ok(text) => Ok((name, text)),
                Err(_) => Err(format!("{name} is not UTF-8; save it as UTF-8")),
            })
            .collect();
        serde_json::to_string(&texts?).map_err(|why| why.to_string())
    }

    /// Reads what [`Files::to_json`] wrote.
    ///
    /// # Errors
    /// What is wrong with the JSON, or that it has no main file.
    pub fn from_json(json: &str) -> Result<Self, String> {
        let texts: BTreeMap<String, String> =
            serde_json::from_str(json).map_err(|why| format!("not a rulebook's files: {why}"))?;
        let mut others: BTreeMap<String, Vec<u8>> =
            texts.into_iter().map(|(name, text)| (name, text.into_bytes())).collect();
        let main =
            others.remove(MAIN).ok_or_else(|| format!("there is no {MAIN} among the files"))?;
        Ok(Self { main, others })
    }
}

/// Whether a holiday is a file of holidays.
pub(super) fn is_calendar(name: &str) -> bool {
    std::path::Path::new(name.trim())
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("ics"))
}

/// Whether a name stays inside the rulebook's folder, whoever reads it.
pub(super) fn is_path_inside(name: &str) -> bool {
    let good = |part: &str| !part.is_empty() && part != "." && part != "..";
    !name.contains(['\\', ':', '\0']) && name.len() <= 200 && name.split('/').all(good)
}

/// What the engineers' settings offer to a rulebook.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Setup {
    /// Sources by name.
    pub sources: BTreeMap<String, SourceShape>,
    /// Notification channels by name.
    pub channels: BTreeMap<String, ChannelKind>,
    /// Names of CRM connections.
    pub crms: Vec<String>,
    /// Those of them that are asked about a person before deciding: only what they do not know is
    /// known to be missing.
    pub asked: Vec<String>,
    /// The rules of time zones.
    pub zones: Zones,
}

impl Setup {
    /// This, with the rules of these zones as they are here: what decisions stand on.
    #[must_use]
    pub fn basis<'a>(&self, zones: impl Iterator<Item = &'a str>) -> Basis {
        let mut setup = self.clone();
        if setup.zones.are_compiled_in() {
            setup.zones = Zones::of(zones);
        }
        // It is made of maps with names as keys, which JSON can always say.
        Basis::of(serde_json::to_string(&setup).unwrap_or_default())
    }

    /// Reads a basis back.
    ///
    /// # Errors
    /// It is not what [`Setup::basis`] made.
    pub fn of_basis(doc: &str) -> Result<Self, String> {
        serde_json::from_str(doc).map_err(|why| format!("not what decisions stood on: {why}"))
    }
}

/// The mapping that a source brings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceShape {
    /// Canonical field (or `custom.<name>`) to JSON paths (RFC 9535), first that yields wins.
    pub mapping: Vec<(String, Vec<String>)>,
}

/// What a channel reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChannelKind {
    /// A person, by an address: mail.
    Addressed,
    /// Whoever looks there: a chat channel.
    Plain,
    /// Whoever is on call.
    Pager,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_survive_the_store() {
        let files = Files::new("a = 1").with("tables/x.csv", "a;b\n");
        let json = files.to_json().unwrap();
        assert_eq!(Files::from_json(&json), Ok(files));
        let error = Files::new("").with("x.csv", [0xff_u8].as_slice()).to_json().unwrap_err();
        assert_eq!(error, "x.csv is not UTF-8; save it as UTF-8");
    }

    #[test]
    fn named_files_are_those_inside_the_folder() {
        let main = br#"
            [[table]]
            file = "tables/territory.csv"
            [[table]]
            file = "../secret.csv"
            [[table]]
            file = "/etc/passwd"
            [[hours]]
            holidays = ["holidays/de.ics", 5, "12-25"]
        "#;
        assert_eq!(Files::named_in(main), ["tables/territory.csv", "holidays/de.ics"]);
        assert!(Files::named_in(b"[[table").is_empty());
    }
}
