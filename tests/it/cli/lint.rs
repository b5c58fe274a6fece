//! `handoff rulebook lint` and `coverage`: on files, and with the leads of a daemon.

use std::path::Path;

use serde_json::Value;

use super::{offline::command, offline::example, remote::Bench, run};

/// Puts rules above all others.
fn above(main: &Path, rules: &str) {
    let text = std::fs::read_to_string(main).unwrap();
    std::fs::write(main, text.replacen("[[rule]]", &format!("{rules}\n[[rule]]"), 1)).unwrap();
}

const TWICE: &str = "[[rule]]\nid = \"one\"\nif.country = \"Peru\"\nset_aside = \"x\"\n
[[rule]]\nid = \"other\"\nif.country = \"PE\"\nif.employees = \"9 or more\"\nset_aside = \"y\"\n";

#[test]
fn the_example_has_nothing_to_be_done_and_a_rule_without_leads_is_shown() {
    let folder = example();
    let (code, out, err) = run(command(folder.path(), "rulebook lint"), "");
    assert_eq!(code, 0, "{out}{err}");
    for part in ["note[pool.empty]", "\"americas\"", "Nothing has to be done.", "no daemon"] {
        assert!(out.contains(part), "{part} in:\n{out}");
    }
    above(&folder.path().join("rulebook.toml"), TWICE);
    let (code, out, _) = run(command(folder.path(), "rulebook lint . --offline"), "");
    assert_eq!(code, 1);
    let said = ["warning[rule.shadowed]", "id = \"other\"", "^^^", "move it above \"one\""];
    for part in said {
        assert!(out.contains(part), "{part} in:\n{out}");
    }
    let (code, out, _) = run(command(folder.path(), "rulebook lint --json"), "");
    let answer: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((code, &answer["ok"], &answer["seen"]), (1, &false.into(), &false.into()));
    let of_rules = |one: &&Value| one["code"] == "rule.shadowed" && one["severity"] == "warning";
    assert_eq!(answer["findings"].as_array().unwrap().iter().filter(of_rules).count(), 1);
}

#[test]
fn a_table_says_what_it_leaves_open() {
    let folder = example();
    let table = "[[table]]\nid = \"sizes\"\nfile = \"tables/sizes.csv\"\nkey = { size = \"lead.employees\" }\ncolumns = { tier = \"number\" }\n";
    above(&folder.path().join("rulebook.toml"), table);
    std::fs::write(
        folder.path().join("tables/sizes.csv"),
        "size,tier\n1-49,1\n100-499,2\n400 or more,3\n",
    )
    .unwrap();
    let (code, out, err) = run(command(folder.path(), "rulebook coverage --table sizes"), "");
    assert_eq!(code, 0, "{out}{err}");
    for part in [
        "sizes: 3 rows by lead.employees",
        "no row for under 1",
        "no row for over 49 to under 100",
        "more than one row for 400 to 499",
    ] {
        assert!(out.contains(part), "{part} in:\n{out}");
    }
    assert!(!out.contains("territory"), "{out}");
    let (code, _, err) = run(command(folder.path(), "rulebook coverage --table size"), "");
    assert_eq!(code, 2);
    assert!(err.contains("there are: territory, named, sizes"), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_daemon_says_which_leads_came_and_publishing_says_what_was_found() {
    let bench = Bench::start().await;
    let draft = bench.daemon.folder.path().join("draft");
    bench.says(&format!("rulebook show 1 --out {}", draft.display()), 0);
    above(&draft.join("rulebook.toml"), TWICE);
    let (code, said) = bench.send("", r#"{"email": "ana@limon.example", "country": "Chile"}"#);
    assert_eq!(code, 0, "{said}");
    bench.until("leads", |all| all["leads"][0].is_object()).await;
    let (code, out, err) = run(bench.command("rulebook lint draft --json"), "");
    assert_eq!(code, 1, "{err}");
    let answer: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(answer["seen"], true, "{answer}");
    let of = |code: &str| {
        let findings = answer["findings"].as_array().unwrap();
        findings
            .iter()
            .find(|one| one["code"] == code)
            .unwrap_or_else(|| panic!("{code}: {answer}"))
    };
    assert!(of("seen.country")["message"].as_str().unwrap().contains("Chile (1)"));
    let said = bench.says("rulebook check draft", 0);
    assert!(said.contains("rule.shadowed") && said.contains("The daemon would take it."), "{said}");
    let said = bench.says("rulebook publish draft --message twice", 0);
    assert!(said.contains("rule.shadowed") && said.contains("Published as version 2."), "{said}");
}
