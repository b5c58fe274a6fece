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
    let mut lines = settings_of(family, kind);
    lines.find(|line| key_of(line) == Some(key)).map(without_comment)
}

/// The lines `key = value` of one section, commented out or not.
pub(super) fn settings_of(
    family: &str,
    kind: Option<&str>,
) -> impl Iterator<Item = &'static str> {
    let wanted = [Some(family.to_owned()), kind.map(|kind| format!("{family}.{kind}"))];
    let mut here = String::new();
    REFERENCE.lines().filter_map(move |line| {
        let line = line.strip_prefix("# ").unwrap_or(line).trim();
        if line.starts_with('[') && line.ends_with(']') {
            line.trim_matches(['[', ']']).clone_into(&mut here);
        }
        let is_wanted = wanted.iter().flatten().any(|name| *name == here);
        (is_wanted && key_of(line).is_some()).then_some(line)
    })
}

/// The key of a line, if it sets one.
pub(super) fn key_of(line: &str) -> Option<&str> {
    let (key, _) = line.split_once(" = ")?;
    key.chars().all(|c| c.is_ascii_lowercase() || c == '_').then_some(key)
}

fn without_comment(line: &'static str) -> &'static str {
    line.split_once(" # ").map_or(line, |(line, _)| line).trim_end()
}
