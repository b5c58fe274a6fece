//! S25: what the product is made of: locked, few, each with a reason, and nothing unsafe of ours.

use std::fs;

use crate::architecture::source::{files, root};

fn manifest() -> String {
    fs::read_to_string(root().join("Cargo.toml")).unwrap()
}

/// The lines of a section.
fn section<'t>(text: &'t str, name: &str) -> Vec<&'t str> {
    let from = text.split(&format!("\n[{name}]\n")).nth(1).unwrap_or_default();
    let lines = from.lines().take_while(|line| !line.starts_with('['));
    lines.filter(|line| !line.trim().is_empty() && !line.starts_with('#')).collect()
}

#[test]
fn s25_every_dependency_has_a_line_of_reason() {
    let text = manifest();
    let mut count = 0;
    for name in ["dependencies", "dev-dependencies"] {
        for line in section(&text, name) {
            let reason = line.rsplit_once(" # ").map_or("", |(_, reason)| reason);
            assert!(reason.trim().len() > 5, "Cargo.toml says no reason for: {line}");
            count += 1;
        }
    }
    assert!(count > 30, "the sections were read: {count}");
}

#[test]
fn s25_nothing_of_ours_is_unsafe_or_runs_at_build_time() {
    let text = manifest();
    assert!(text.contains("\nunsafe_code = \"forbid\"\n"));
    assert!(!text.contains("\nbuild = ") && !text.contains("[build-dependencies]"), "{text}");
    assert!(!root().join("build.rs").exists(), "no build script");
    assert!(!text.contains("[patch") && !text.contains("git = "), "the registry alone");
    // Put together here, so that this file does not find itself.
    let word = ["unsa", "fe "].concat();
    for (file, text) in files(&["src"], ".rs") {
        for line in text.lines() {
            let code = line.split("//").next().unwrap_or_default();
            let is_one = code.trim_start().starts_with(&word) || code.contains(&format!(" {word}"));
            assert!(!(is_one && code.contains(['{', '('])), "{file}: {line}");
        }
    }
}

#[test]
fn s25_the_lock_pins_every_dependency_by_its_checksum() {
    let lock = fs::read_to_string(root().join("Cargo.lock")).unwrap();
    let mut outside = 0;
    for package in lock.split("[[package]]").skip(1) {
        if package.contains("name = \"handoff\"") {
            assert!(!package.contains("source = "), "ours is here");
            continue;
        }
        assert!(package.contains("\nchecksum = \""), "{package}");
        assert!(package.contains("\nsource = \"registry+"), "{package}");
        outside += 1;
    }
    assert!(outside > 100, "{outside}");
}

#[test]
fn s25_what_may_be_part_of_it_is_written_down() {
    let deny = fs::read_to_string(root().join("deny.toml")).unwrap();
    for line in [
        "yanked = \"deny\"",
        "multiple-versions = \"deny\"",
        "unknown-registry = \"deny\"",
        "unknown-git = \"deny\"",
        "{ crate = \"openssl\"",
    ] {
        assert!(deny.contains(line), "deny.toml lacks {line}");
    }
    let how = fs::read_to_string(root().join("CONTRIBUTING.md")).unwrap();
    for command in ["cargo deny", "cargo metadata --locked"] {
        assert!(how.contains(command), "CONTRIBUTING.md does not say how to: {command}");
    }
    let dockerfile = fs::read_to_string(root().join("docker/Dockerfile")).unwrap();
    assert!(dockerfile.contains("--locked"), "the image is built from the lock");
}
