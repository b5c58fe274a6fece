//! Commands that need no daemon, on the example in `config/`.

use std::{path::Path, process::Command};

use handoff::store::sqlite::SqliteStore;
use serde_json::Value;

use super::run;

/// A command in a copy of `config/`, with no secret set and no daemon within reach.
pub fn command(folder: &Path, line: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_handoff"));
    command
        .current_dir(folder)
        .env_clear()
        .env("HANDOFF_URL", "http://127.0.0.1:9")
        .env("TZ", "UTC")
        .args(line.split_whitespace());
    command
}

pub fn example() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy(Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/config")), folder.path());
    folder
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in from.read_dir().unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            std::fs::copy(&path, &target).unwrap();
        }
    }
}

const LEAD: &str = r#"{"email": "eva@linden.example", "first_name": "Eva\u001b[31m",
    "company": "Linden GmbH", "country": "Germany", "employees": 800}"#;

#[test]
fn a_payload_is_explained_without_a_daemon_and_without_secrets() {
    let folder = example();
    let line = "explain - --source website --at 2026-03-02T10:00:00Z";
    let (code, out, err) = run(command(folder.path(), line), LEAD);
    assert_eq!(code, 0, "{err}");
    for part in ["dach-enterprise", "emmy", "konrad", "lead.employees is 800", "SLA: hot"] {
        assert!(out.contains(part), "{part} in:\n{out}");
    }
    assert!(!out.contains('\u{1b}'), "{out:?}");

    let (code, out, _) = run(command(folder.path(), &format!("{line} --json")), LEAD);
    let decided: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(code, 0);
    assert_eq!(decided["lead"]["rule"], "dach-enterprise");
    assert_eq!(decided["why"]["rulebook"], 0);
    assert_eq!(decided["fields"]["country"], "DE");
}

#[test]
fn who_has_no_secrets_checks_a_rulebook_alone() {
    let folder = example();
    let (code, out, err) = run(command(folder.path(), "check --rulebook ."), "");
    assert_eq!(code, 0, "{out}{err}");
    for part in ["its secrets are not on this machine", "rulebook.toml: good; rules:"] {
        assert!(out.contains(part), "{part} in {out}");
    }
    let (code, out, _) = run(command(folder.path(), "check"), "");
    assert!(code == 1 && out.contains("is not set"), "the settings alone are not good: {out}");
    let settings = folder.path().join("handoff.toml");
    let text = std::fs::read_to_string(&settings).unwrap().replace("listen =", "lisen =");
    std::fs::write(settings, text).unwrap();
    let (code, out, _) = run(command(folder.path(), "check --rulebook ."), "");
    assert!(code == 1 && out.contains("lisen"), "other mistakes are said: {out}");
}

#[test]
fn an_account_owner_in_the_crm_is_a_fact_like_any_other() {
    let folder = example();
    let line = "explain - --source website --at 2026-03-02T10:00:00Z --json --account-owner";
    let (code, out, err) = run(command(folder.path(), &format!("{line} ada")), LEAD);
    assert_eq!(code, 0, "{err}");
    let decided: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(decided["lead"]["rule"], "existing-customer");
    assert_eq!(decided["lead"]["owner"], "ada");
    let (code, _, err) = run(command(folder.path(), &format!("{line} nobody")), LEAD);
    assert_eq!(code, 2);
    assert!(err.contains("no rep has this id"), "{err}");
}

const EXPLAIN: &str = "explain - --source website --at 2026-03-02T10:00:00Z";

fn decided(folder: &Path) -> Value {
    let (code, out, err) = run(command(folder, &format!("{EXPLAIN} --json")), LEAD);
    assert_eq!(code, 0, "{out}{err}");
    serde_json::from_str(&out).unwrap()
}

#[test]
fn a_payload_is_matched_against_the_accounts_of_the_store() {
    let folder = example();
    // Without a store nothing is known of accounts, and that is said; none is made by asking.
    let before = decided(folder.path());
    assert_eq!(before["lead"]["rule"], "dach-enterprise");
    let why = before["accounts"]["unknown_because"].as_str().unwrap();
    assert!(why.contains("no store at"), "{why}");
    let (_, out, _) = run(command(folder.path(), EXPLAIN), LEAD);
    assert!(out.contains("without the mirror of accounts"), "{out}");
    assert_eq!(decided(folder.path())["accounts"]["count"], Value::Null);

    let accounts = "id,name,domains,owner\n1,Linden Works,linden.example,ada\n";
    std::fs::write(folder.path().join("accounts.csv"), accounts).unwrap();
    let (code, out, err) = run(command(folder.path(), "accounts import accounts.csv"), "");
    assert_eq!(code, 0, "{out}{err}");
    let after = decided(folder.path());
    assert_eq!(after["accounts"]["count"], 1, "{after}");
    assert_eq!(after["lead"]["rule"], "existing-customer");
    assert_eq!(after["lead"]["owner"], "ada");
    let (_, out, _) = run(command(folder.path(), EXPLAIN), LEAD);
    assert!(out.contains("Linden Works (1) has the domain linden.example"), "{out}");
    assert!(!out.contains("without the mirror"), "{out}");
}

#[test]
fn a_company_is_matched_without_a_daemon() {
    let folder = example();
    let (code, out, err) = run(command(folder.path(), "accounts match --name Linden"), "");
    assert_ne!(code, 0, "{out}");
    assert!(err.contains("there is no store at"), "{err}");
    let accounts = "id,name,domains,country\n1,Linden Works,linden.example,DE\n2,Harrow Mills,,\n";
    std::fs::write(folder.path().join("accounts.csv"), accounts).unwrap();
    run(command(folder.path(), "accounts import accounts.csv"), "");
    let json = |line: &str| -> Value {
        let (code, out, err) = run(command(folder.path(), &format!("{line} --json")), "");
        assert_eq!(code, 0, "{err}");
        serde_json::from_str(&out).unwrap()
    };
    let found = json("accounts match --email eva@eu.linden.example");
    assert_eq!(
        (&found["matched"]["account"]["id"], &found["domain"]),
        (&"1".into(), &"linden.example".into())
    );
    assert_eq!(json("accounts match --name harow-mills")["matched"]["account"]["id"], "2");
    assert_eq!(json("accounts match --domain gmail.com")["matched"]["by"], "none");
    assert_eq!(json("accounts")["accounts"], 2);
    let (code, _, err) = run(command(folder.path(), "accounts match --domain nonsense"), "");
    assert_eq!(code, 2);
    assert!(err.contains("`domain` is none"), "{err}");
}

#[test]
fn what_cannot_be_read_is_an_answer_of_no() {
    let folder = example();
    let line = "explain - --source website";
    for (body, part) in [("{\"a\": 1}", "no email and no phone"), ("{", "rejected as unreadable")] {
        let (code, out, err) = run(command(folder.path(), line), body);
        assert_eq!(code, 1, "{err}");
        assert!(out.contains(part), "{out}");
    }
    let (code, _, err) = run(command(folder.path(), "explain - --source nowhere"), LEAD);
    assert_eq!(code, 2);
    assert!(err.contains("website"), "the names there are: {err}");
}

#[test]
fn the_example_checks_out_but_for_its_secrets() {
    let folder = example();
    let (code, out, _) = run(command(folder.path(), "check --sentences"), "");
    assert_eq!(code, 1, "secrets are not set");
    assert!(out.contains("TYPEFORM_SECRET is not set"), "{out}");
    assert!(out.contains("rulebook.toml: good"), "{out}");
    assert!(out.contains("If country is Germany, Austria or Switzerland"), "{out}");

    let mut whole = command(folder.path(), "check --json");
    let text = std::fs::read_to_string(folder.path().join("handoff.toml")).unwrap();
    for name in text.split("\"env:").skip(1).filter_map(|rest| rest.split('"').next()) {
        whole.env(name, "https://hooks.acme.example/0123456789abcdef0123456789abcdef:x");
    }
    let (_, out, err) = run(whole, "");
    let report: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}"));
    let errors = report["rulebook"]["findings"].as_array().unwrap();
    assert!(errors.iter().all(|one| one["severity"] != "error"), "{errors:?}");
}

#[test]
fn what_only_a_connection_refuses_is_a_mistake_of_the_settings() {
    let folder = example();
    let settings = folder.path().join("handoff.toml");
    std::fs::write(
        &settings,
        "rulebook = \"rulebook.toml\"\n[channel.warehouse]\nkind = \"webhook\"\n\
         url = \"env:HOOK\"\nsecrets = [\"env:SIGN\"]\n",
    )
    .unwrap();
    for (url, said, mend) in [
        ("http://10.0.0.7/hook", "url: 10.0.0.7: http is not allowed", "allow_private = true"),
        ("https://10.0.0.7/hook", "private or metadata address", "allow_private = true"),
        ("ftp://hooks.acme.example/", "ftp is not allowed", "write https"),
    ] {
        let mut check = command(folder.path(), "check");
        check.env("HOOK", url).env("SIGN", "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz");
        let (code, out, err) = run(check, "");
        assert_eq!(code, 1, "{out}{err}");
        for part in [said, mend, "--> handoff.toml:4:7", "^^^"] {
            assert!(out.contains(part), "{part} in:\n{out}{err}");
        }
        assert!(!out.contains("handoff.toml: good"), "{out}");
    }
}

#[test]
fn a_mistake_is_shown_in_its_place() {
    let folder = example();
    let path = folder.path().join("rulebook.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(
        &path,
        text.replace("assign_to = \"pool: inbound\"", "assign_to = \"pool: inbund\""),
    )
    .unwrap();
    let (code, out, _) = run(command(folder.path(), "check"), "");
    assert_eq!(code, 1);
    for part in ["rulebook.toml:", "pool: inbund", "^^^", "inbound"] {
        assert!(out.contains(part), "{part} in:\n{out}");
    }
}

#[test]
fn a_daemon_that_is_not_there_has_a_code_of_its_own() {
    let folder = example();
    for line in [
        "leads",
        "jobs",
        "reps",
        "open",
        "rulebook list",
        "explain --lead \
                  0197c1d2-0000-7000-8000-000000000001",
    ] {
        let (code, out, err) = run(command(folder.path(), line), "");
        assert_eq!(code, 3, "{line}: {out}");
        assert!(err.starts_with("error: no daemon answers at http://127.0.0.1:9"), "{err}");
    }
    let (code, _, err) = run(command(folder.path(), "leads --json"), "");
    assert_eq!(code, 3);
    let said: Value = serde_json::from_str(&err).unwrap();
    assert_eq!(said["exit"], 3);
    let (code, _, err) = run(command(folder.path(), "leeds"), "");
    assert_eq!(code, 2, "{err}");
}

#[test]
fn versions_are_compared_by_line_and_in_words() {
    let folder = example();
    let other = tempfile::tempdir().unwrap();
    copy(folder.path(), other.path());
    let path = other.path().join("rulebook.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("same_lead_within = \"30d\"", "same_lead_within = \"14d\""))
        .unwrap();
    let line = format!("rulebook diff . {}", other.path().display());
    let (code, out, err) = run(command(folder.path(), &line), "");
    assert_eq!(code, 1, "{err}");
    for part in ["* same_lead_within changed from 30d to 14d", "-same_lead", "+same_lead", "@@ -"] {
        assert!(out.contains(part), "{part} in:\n{out}");
    }
    let (code, out, _) = run(command(folder.path(), "rulebook diff . ."), "");
    assert_eq!((code, out.as_str()), (0, "No difference.\n"));
}

#[test]
fn a_store_without_decisions_has_nothing_to_make_again_and_nothing_to_test_on() {
    let folder = example();
    drop(SqliteStore::open(&folder.path().join("empty.db")).unwrap());
    let line = "replay --verify --store sqlite:empty.db";
    let (code, out, err) = run(command(folder.path(), line), "");
    assert_eq!(
        (code, out.trim()),
        (0, "There was nothing to make again: no such decision is stored."),
        "{err}"
    );
    let line = "rulebook backtest rulebook.toml --store sqlite:empty.db";
    let (code, _, err) = run(command(folder.path(), line), "");
    assert_eq!(code, 1, "{err}");
    assert!(err.contains("handoff leads import") && err.contains("--since"), "{err}");
}
