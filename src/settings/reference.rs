//! The reference of all settings: `config/handoff.toml`, compiled in.
//!
//! Guarantees: advice quotes the reference, and the tests read it as settings, so neither rots.
//! Does not know: which settings exist.

/// The reference: every setting, with its default and what it is for.
pub const REFERENCE: &str = include_str!("../../config/handoff.toml");

/// The line of the reference that shows `path`; `kind` tells sections of one family apart. A
/// variable that is called after the section there is called after the section here.
pub(super) fn example(path: &str, kind: Option<&str>) -> Option<String> {
    let (section, key) = path.rsplit_once('.').unwrap_or(("", path));
    let (family, own) = section.split_once('.').unwrap_or((section, ""));
    // Keys that a whole family shares are shown once, at another kind perhaps.
    let line = [kind, None].into_iter().find_map(|kind| {
        settings_of(family, kind).into_iter().find(|line| key_of(line) == Some(key))
    });
    let line = without_comment(line?);
    let theirs = REFERENCE.lines().filter_map(|line| {
        let name = line.trim_start_matches(['#', ' ']).strip_prefix('[')?.strip_suffix(']')?;
        name.strip_prefix(family)?.strip_prefix('.')
    });
    let theirs = theirs.filter(|name| !own.is_empty() && Some(*name) != kind);
    let variable = |name: &str| format!("env:{}_", name.to_uppercase().replace(['-', '.'], "_"));
    let theirs = theirs.map(variable).find(|variable| line.contains(variable));
    Some(theirs.map_or_else(|| line.to_owned(), |theirs| line.replace(&theirs, &variable(own))))
}

/// The lines `key = value` of one section, or of all sections of a family that are of this kind;
/// commented out or not.
pub(super) fn settings_of(family: &str, kind: Option<&str>) -> Vec<&'static str> {
    let mut found = Vec::new();
    let mut here: (&str, Vec<&'static str>) = ("", Vec::new());
    for line in REFERENCE.lines().chain(["[end]"]) {
        let line = line.strip_prefix("# ").unwrap_or(line).trim();
        if line.starts_with('[') && line.ends_with(']') {
            let (name, lines) =
                std::mem::replace(&mut here, (line.trim_matches(['[', ']']), Vec::new()));
            let is_of_kind = kind
                .is_none_or(|kind| lines.iter().any(|line| **line == format!("kind = \"{kind}\"")));
            if name.split('.').next() == Some(family) && is_of_kind {
                found.extend(lines);
            }
        } else if key_of(line).is_some() {
            here.1.push(line);
        }
    }
    found
}

/// The key of a line, if it sets one.
pub(super) fn key_of(line: &str) -> Option<&str> {
    let (key, _) = line.split_once(" = ")?;
    key.chars().all(|c| c.is_ascii_lowercase() || c == '_').then_some(key)
}

fn without_comment(line: &'static str) -> &'static str {
    line.split_once(" # ").map_or(line, |(line, _)| line).trim_end()
}
