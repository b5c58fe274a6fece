//! Lint: every seeded defect is found, sound rulebooks are left alone, and what is said of small
//! random rulebooks is so for every lead there can be.

use std::{collections::BTreeSet, fmt::Write as _, fs, path::Path};

use proptest::{prelude::*, sample::select};

use super::*;
use crate::{
    model::finding::Severity,
    rulebook::{
        Found, IfUnknown, Rep, Rule, Setup, Then,
        condition::{Facts, Value, arbitrary},
        tests::{SMALLEST, lines, setup, shipped},
    },
};

/// Thursday 2026-01-01 12:00 UTC.
const NOON: Time = Time(1_767_268_800_000);

/// A rulebook of the fixtures: its files, what was seen, and what is to be found.
struct Case {
    name: String,
    files: Files,
    seen: Seen,
    finds: BTreeSet<String>,
}

/// All cases of a folder, by name.
fn cases(folder: &str) -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/lint").join(folder);
    let mut cases: Vec<Case> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
        .map(|path| case(&folder, &path))
        .collect();
    cases.sort_by(|a, b| a.name.cmp(&b.name));
    cases
}

fn case(folder: &Path, path: &Path) -> Case {
    let text = fs::read_to_string(path).unwrap();
    let mut files = Files::new(text.clone());
    for name in Files::named_in(text.as_bytes()) {
        files = files.with(&name, fs::read(folder.join(&name)).unwrap());
    }
    let mut seen = Seen::of_days(90);
    let told = |word: &'static str| text.lines().filter_map(move |line| line.strip_prefix(word));
    for line in told("# seen: ") {
        let [field, value, count] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let (value, count) = (value.to_owned(), count.parse().unwrap());
        match field {
            "country" => drop(seen.countries.insert(value, count)),
            "employees" => drop(seen.employees.insert(value.parse().unwrap(), count)),
            "source" => drop(seen.sources.insert(value, count)),
            _ => panic!("{line}"),
        }
    }
    let finds = told("# finds: ").map(str::to_owned).collect();
    Case { name: path.file_stem().unwrap().display().to_string(), files, seen, finds }
}

/// The settings of a rulebook: a CRM is connected where it names one.
fn around(files: &Files) -> Setup {
    let mut setup = setup();
    let text = String::from_utf8_lossy(&files.main);
    setup.crms.retain(|crm| text.contains(&format!("crm.{crm}")));
    setup
}

/// Everything that is found, whether it compiles or not.
fn found(files: &Files, seen: &Seen) -> Vec<Finding> {
    match Rulebook::compile(files, &around(files), 1) {
        Ok(book) => book.lint(files, seen, NOON),
        Err(findings) => findings,
    }
}

#[test]
fn every_seeded_defect_is_found_at_its_line_and_nothing_else() {
    let cases = cases("defects");
    assert!(cases.len() >= 40, "{}", cases.len());
    let mut codes_met = BTreeSet::new();
    let mut wrong = String::new();
    for case in cases {
        assert!(!case.finds.is_empty(), "{}: no line says what is to be found", case.name);
        let found = found(&case.files, &case.seen);
        let said = found.iter().map(|one| format!("{} {}:{}", one.code, one.file, one.line));
        if said.collect::<BTreeSet<_>>() != case.finds {
            let _ = writeln!(wrong, "{}: {:?}\n{}\n", case.name, case.finds, coded(&found));
        }
        for one in found {
            assert!(!one.message.is_empty() && !one.mend.is_empty(), "{one:?}");
            codes_met.insert(one.code.into_owned());
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    // Those of caps need more than one cap of a member, and are shown where they are.
    let elsewhere = ["cap.contradiction", "cap.above-pool", "alarm.nobody", "more"];
    let missing: Vec<&str> = codes()
        .iter()
        .map(|code| code.code)
        .filter(|code| !codes_met.contains(*code) && !elsewhere.contains(code))
        .collect();
    assert!(missing.is_empty(), "no defect shows {missing:?}");
    let listed = |code: &String| codes().iter().any(|known| known.code == code);
    assert!(codes_met.iter().all(listed), "{codes_met:?}");
}

fn coded(findings: &[Finding]) -> String {
    let lines: Vec<String> =
        findings.iter().map(|found| format!("  [{}] {found}", found.code)).collect();
    lines.join("\n")
}

/// Nothing but notes of nights.
fn assert_sound(name: &str, files: &Files, seen: &Seen) {
    let found: Vec<Finding> =
        found(files, seen).into_iter().filter(|found| found.severity != Severity::Note).collect();
    assert!(found.is_empty(), "{name}:\n{}", coded(&found));
}

#[test]
fn sound_rulebooks_are_left_alone() {
    let cases = cases("sound");
    let mut count = cases.len();
    for case in cases {
        assert_sound(&case.name, &case.files, &case.seen);
    }
    assert_sound("shipped", &shipped(), &Seen::default());
    count += 1;
    for (name, rule) in GENERATED {
        for rules in [10, 100, 1000] {
            assert_sound(name, &many(*rule, rules), &Seen::default());
            count += 1;
        }
    }
    assert_sound("ten thousand", &many(GENERATED[0].1, 9_999), &Seen::default());
    assert!(count >= 40, "{count}");
}

#[test]
fn two_hundred_findings_are_shown_and_the_rest_counted() {
    for (rules, shown, last) in [(201, 200, "rule.shadowed"), (202, 201, "more")] {
        let files = many(|_, _| "if.country = \"DE\"".to_owned(), rules);
        let found = found(&files, &Seen::default());
        assert_eq!((found.len(), found[shown - 1].code.as_ref()), (shown, last));
    }
}

/// The condition of a rule with this number, of so many.
type Condition = fn(usize, usize) -> String;

/// Rulebooks of which every rule is reached.
const GENERATED: &[(&str, Condition)] = &[
    ("of everything a little", |n, all| match n % 4 {
        0 => format!("if.country = \"DE\"\nif.employees = \"{} or more\"", 2 * all - n),
        1 => format!("if.industry = \"industry {n}\""),
        2 => format!("when = 'lead.email.endsWith(\"@firm{n}.example\")'"),
        _ => format!("if.country = \"not DE\"\nif.city = [\"a{n}\", \"b{n}\"]"),
    }),
    ("exceptions above", |n, all| format!("if.employees = \"{} or more\"", 10 * (all - n))),
    ("bands", |n, _| format!("if.employees = \"{} to {}\"", 100 * n, 100 * n + 99)),
    ("titles", |n, _| format!("when = 'lead.title.startsWith(\"Head of {n:05}\")'")),
    ("parts of titles", |n, _| format!("when = 'lead.title.contains(\"of {n:05}\")'")),
    ("expressions", |n, _| format!("when = 'lead.title.matches(\"(?i)^head of {n}$\")'")),
    ("wider and wider", |n, all| {
        let names: Vec<String> = (all - n..=all).take(20).map(|at| format!("\"c{at}\"")).collect();
        format!("if.city = [{}]\nif.employees = \"{n}\"", names.join(", "))
    }),
    ("unknown", |n, _| {
        format!(
            "if.region = \"r{n}\"\nif.employees = \"unknown\"\nif_unknown = {}",
            ["\"skip\"", "\"hold\"", "{ wait = \"60s\", then = \"skip\" }"][n % 3]
        )
    }),
];

fn many(rule: Condition, rules: usize) -> Files {
    let (front, last) = SMALLEST.split_at(SMALLEST.find("[[rule]]").unwrap());
    let mut text = front.to_owned();
    for n in 0..rules {
        let _ = write!(text, "[[rule]]\nid = \"r{n}\"\n{}\nset_aside = \"x\"\n", rule(n, rules));
    }
    Files::new(text + last)
}

const CLAUSES: [&str; 20] = [
    "lead.country == 'DE'",
    "lead.country in ['DE', 'AT']",
    "lead.country in ['AT', 'CH']",
    "lead.country != 'DE'",
    "lead.country.lowerAscii() == 'de'",
    "lead.country.lowerAscii() in ['at', 'ch']",
    "lead.country.startsWith('D')",
    "has(lead.country)",
    "!has(lead.country)",
    "lead.employees >= 50",
    "lead.employees < 50",
    "lead.employees > 10",
    "lead.employees == 10",
    "lead.employees <= 10",
    "has(lead.employees)",
    "lead.free_mail",
    "!lead.free_mail",
    "has(account.known)",
    "account.known",
    "!account.known",
];

const THENS: [&str; 4] = [
    "set_aside = \"x\"",
    "assign_to = \"pool: inbound\"",
    "assign_to = \"account.owner\"",
    "assign_to = \"account.owner\"\nif_unavailable = \"pool: inbound\"",
];

const UNKNOWNS: [&str; 4] = [
    "if_unknown = \"skip\"",
    "if_unknown = \"hold\"",
    "if_unknown = { wait = \"60s\", then = \"skip\" }",
    "if_unknown = { wait = \"60s\", then = \"hold\" }",
];

/// A condition of a few clauses, and what follows.
fn rule() -> impl Strategy<Value = String> {
    let clause = select(CLAUSES.to_vec()).prop_map(ToOwned::to_owned);
    let condition = clause.prop_recursive(2, 5, 3, |inner| {
        (proptest::collection::vec(inner, 1..3), select(vec!["&&", "||"])).prop_map(
            |(parts, join)| {
                let parts: Vec<String> = parts.iter().map(|part| format!("({part})")).collect();
                parts.join(join)
            },
        )
    });
    (condition, select(THENS.to_vec()), select(UNKNOWNS.to_vec()))
        .prop_map(|(when, then, unknown)| format!("when = \"{when}\"\n{then}\n{unknown}"))
}

/// Every lead that those clauses can tell apart.
fn all_leads(book: &Rulebook) -> Vec<Facts> {
    let texts = |list: &[&str]| list.iter().map(|text| Some(Value::text(text))).collect::<Vec<_>>();
    let countries =
        [vec![None], texts(&["DE", "De", "de", "AT", "at", "CH", "ch", "Dx", "x"])].concat();
    let sizes =
        [None, Some(5.0), Some(10.0), Some(30.0), Some(50.0)].map(|size| size.map(Value::Number));
    let truths = [None, Some(Value::Bool(true)), Some(Value::Bool(false))];
    // An owner comes with an account.
    let accounts =
        [(None, None), (Some(false), None), (Some(true), None), (Some(true), Some("ada"))];
    let slot = |name: &str| book.schema.slot(name).unwrap();
    let mut leads = Vec::new();
    for country in &countries {
        for size in &sizes {
            for free in &truths {
                for (known, owner) in accounts {
                    let mut facts = Facts::new(&book.schema);
                    facts.set(slot("lead.country"), country.clone());
                    facts.set(slot("lead.employees"), size.clone());
                    facts.set(slot("lead.free_mail"), free.clone());
                    facts.set(slot("account.known"), known.map(Value::Bool));
                    facts.set(slot("account.owner"), owner.map(Value::text));
                    leads.push(facts);
                }
            }
        }
    }
    leads
}

/// The rules that take a lead, and those that hold for one.
fn reached(book: &Rulebook, leads: &[Facts]) -> BTreeSet<String> {
    let mut reached = BTreeSet::new();
    for facts in leads {
        let mut from = 0;
        while let Some(found) = book.first_match(facts, from) {
            if found.found != Found::Unknown {
                reached.insert(found.rule.id.clone());
                break;
            }
            // Who waits and then skips goes on behind the rule; who is held does not.
            if !matches!(found.rule.if_unknown, IfUnknown::Wait { then_hold: false, .. }) {
                break;
            }
            from = found.at + 1;
        }
    }
    reached
}

/// The rules that are said to get no lead.
fn idle(book: &Rulebook, findings: &[Finding]) -> BTreeSet<String> {
    let mut idle = BTreeSet::new();
    for found in findings {
        let named = found.message.split('"').nth(1).unwrap_or_default().to_owned();
        match found.code.as_ref() {
            "rule.never" | "rule.shadowed" => drop(idle.insert(named)),
            "rule.always" => {
                let at = book.rules.iter().position(|rule| rule.id == named).unwrap();
                idle.extend(book.rules[at + 1..].iter().map(|rule| rule.id.clone()));
            }
            _ => {}
        }
    }
    idle
}

const SOMEBODY: Rep = Rep {
    id: String::new(),
    name: String::new(),
    email: String::new(),
    crm: std::collections::BTreeMap::new(),
    hours: None,
    manager: None,
    tell_by: Vec::new(),
    backup: None,
    has_left: false,
};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(120))]

    #[test]
    fn a_rule_is_said_to_be_idle_exactly_when_no_lead_reaches_it(
        rules in proptest::collection::vec(rule(), 1..7),
    ) {
        let (front, last) = SMALLEST.split_at(SMALLEST.find("[[rule]]").unwrap());
        let mut text = front.to_owned();
        for (at, rule) in rules.iter().enumerate() {
            let _ = write!(text, "[[rule]]\nid = \"r{at}\"\n{rule}\n");
        }
        let files = Files::new(text + last);
        let book = Rulebook::compile(&files, &setup(), 1).unwrap_or_else(|found| panic!("{}", lines(&found)));
        let leads = all_leads(&book);
        let reached = reached(&book, &leads);
        let findings = book.lint(&files, &Seen::default(), NOON);
        let idle = idle(&book, &findings);
        for rule in &book.rules {
            if rule.id == "everyone" {
                continue;
            }
            let (is_said, is_so) = (idle.contains(&rule.id), !reached.contains(&rule.id));
            // Never said without being so. And said, where conditions compare whole values: of two
            // texts that one value would have to begin with and be in small letters nothing is
            // known.
            let is_plain = !rules.iter().any(|rule| rule.contains("lowerAscii"));
            let holds = if is_plain { is_said == is_so } else { !is_said || is_so };
            prop_assert!(
                holds,
                "{}: said {is_said}, is {is_so}\n{}\n{}",
                rule.id, rules.join("\n\n"), coded(&findings)
            );
        }
    }

    #[test]
    fn no_lead_contradicts_what_is_said_of_any_condition(
        conditions in proptest::collection::vec(arbitrary::pred(), 2..8),
        unknowns in proptest::collection::vec(0..4_usize, 8),
        known in proptest::collection::vec(arbitrary::facts(), 200),
    ) {
        let mut book = Rulebook::empty(arbitrary::schema());
        let kinds = [
            IfUnknown::Skip,
            IfUnknown::Hold,
            IfUnknown::Wait { wait: crate::model::time::Span(1), then_hold: false },
            IfUnknown::Wait { wait: crate::model::time::Span(1), then_hold: true },
        ];
        for ((at, when), kind) in conditions.into_iter().enumerate().zip(unknowns) {
            let (id, then) = (format!("r{at}"), Then::SetAside("x".into()));
            let if_unknown = kinds[kind].clone();
            book.rules.push(Rule { id, when, if_unknown, then, sla: String::new(), sticky: None });
        }
        // An owner is a rep and comes with an account.
        book.reps.insert("ada".into(), SOMEBODY);
        let slot = |name: &str| book.schema.slot(name).unwrap();
        let (owner, account) = (slot("account.owner"), slot("account.known"));
        let employees = slot("lead.employees");
        let lead = |known: &Vec<Option<Value>>| {
            let mut facts = arbitrary::fill(&book.schema, known);
            if facts.get(owner).is_some() {
                facts.set(owner, Some(Value::text("ada")));
                facts.set(account, Some(Value::Bool(true)));
            }
            if let Some(Value::Number(number)) = facts.get(employees).cloned() {
                facts.set(employees, Some(Value::Number(number.trunc())));
            }
            facts
        };
        let leads: Vec<Facts> = known.iter().map(lead).collect();
        let reached = reached(&book, &leads);
        let findings = book.lint(&Files::new(""), &Seen::default(), NOON);
        let idle = idle(&book, &findings);
        let both: Vec<&String> = idle.intersection(&reached).collect();
        prop_assert!(both.is_empty(), "{both:?}\n{}", coded(&findings));
    }
}
