//! The reference of all settings: `config/handoff.toml`, compiled in.
//!
//! Guarantees: advice quotes the reference, and the tests read it as settings, so neither rots.
//! Does not know: which settings exist.

/// The reference: every setting, with its default and what it is for.
pub const REFERENCE: &str = include_str!("../../config/handoff.toml");

/// The line of the reference that shows `path`; `kind` tells sections of one family apart.
pub(super) fn example(path: &str, kind: Option<&str>) -> Option<&'static str> {
    let (section, key) = path.rsplit_once('.').unwrap_or(("", path));
    let family = section.split('.').next().unwrap_or_default();
    // Keys that a whole family shares are shown once, at another kind perhaps.
    [kind, None].into_iter().find_map(|kind| {
        let line = settings_of(family, kind).into_iter().find(|line| key_of(line) == Some(key))?;
        Some(without_comment(line))
    })
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
