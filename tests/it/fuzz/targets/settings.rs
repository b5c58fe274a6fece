//! The engineers' settings: TOML with secrets by reference.
//!
//! States: findings are usable and point into the file; no secret is told, neither in a finding
//! nor in what was read; what was read makes a rulebook's setup.
//! Input: the file.

use handoff::model::finding::Finding;

use super::{CANARY, findings_are_usable, read_settings};

pub fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if text.len() > 64 * 1024 {
        return;
    }
    let of = |file: &str| (file == "handoff.toml").then(|| text.to_owned());
    let told = match read_settings(text) {
        Ok(settings) => {
            findings_are_usable(&settings.warnings, of);
            assert!(!settings.warnings.iter().any(Finding::is_error));
            let setup = handoff::app::parts::setup(&settings);
            assert_eq!(setup.sources.len(), settings.sources.len());
            let wrong = ("channel.x".to_owned(), "url: it is wrong; mend it".to_owned());
            let refused = settings.refused(&[wrong]);
            format!("{settings:?} {:?} {refused:?} {refused}", settings.warnings)
        }
        Err(broken) => {
            assert!(broken.findings.iter().any(Finding::is_error), "refused without an error");
            findings_are_usable(&broken.findings, of);
            format!("{broken} {broken:?}")
        }
    };
    assert!(text.contains("canary") || !told.contains(CANARY), "a secret is told: {told}");
}
