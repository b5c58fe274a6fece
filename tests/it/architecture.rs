//! Who may import whom, read from the sources.
//!
//! Guarantees: every import that the tables below do not allow fails here, with the way out; no
//! two modules import each other, at any depth of the tree; the rules themselves are shown to
//! fail on planted sources. Does not know: macros that write paths.

pub mod source;

use std::collections::{BTreeMap, BTreeSet};

use source::{Files, Named, files, module, named, test_modules};

/// A module of the crate, what it may import of the crate beside itself, and the way out.
type Law = (&'static str, &'static [&'static str], &'static str);

const CORE_ADVICE: &str = "the core is pure: pass in what it needs as a value of `model`";
const PORT_ADVICE: &str =
    "adapters know the core alone: let `app` bring them together, and speak in nouns of `model`";
const LOOP_ADVICE: &str = "take the trait (`Store`, `Crm`, `Channel`, `Clock`) or a plain value as a \
                           field; only `app`, `cli` and `demo` know what stands behind it";

/// One line for each module; `app`, `cli`, `demo`, `load` and `main` may import everything.
const LAWS: &[Law] = &[
    ("model", &[], CORE_ADVICE),
    ("rulebook", &["model"], CORE_ADVICE),
    ("decide", &["model", "rulebook"], CORE_ADVICE),
    ("intake", &["model", "rulebook", "decide"], PORT_ADVICE),
    ("store", &["model", "rulebook", "decide"], PORT_ADVICE),
    ("replay", &["model", "rulebook", "decide", "intake", "store"], LOOP_ADVICE),
    ("outbound", &["model"], PORT_ADVICE),
    ("crm", &["model", "rulebook", "decide", "outbound"], PORT_ADVICE),
    ("notify", &["model", "rulebook", "decide", "outbound"], PORT_ADVICE),
    ("clock", &["model"], "a clock knows only `model::time`"),
    (
        "telemetry",
        &["model", "store"],
        "count plain values; let callers pull them out of their types",
    ),
    (
        "settings",
        &["model", "intake", "outbound", "crm", "notify", "telemetry"],
        "settings are read \
      before anything runs: keep types of running parts out of them",
    ),
    (
        "worker",
        &[
            "model",
            "rulebook",
            "decide",
            "intake",
            "store",
            "replay",
            "outbound",
            "crm",
            "notify",
            "clock",
            "telemetry",
        ],
        LOOP_ADVICE,
    ),
    (
        "http",
        &[
            "model",
            "rulebook",
            "decide",
            "intake",
            "store",
            "replay",
            "crm",
            "notify",
            "clock",
            "telemetry",
        ],
        LOOP_ADVICE,
    ),
];

/// Who may name everything: they bring the parts together.
const JOINERS: &[&str] = &["app", "cli", "demo", "load", "main"];

/// Concrete stores and destinations: for joiners and for themselves. `settings` names the structs
/// of their keys, and nothing else of them.
const CONCRETE: &[(&str, &[&str])] = &[
    ("store", &["sqlite", "postgres"]),
    ("crm", &["hubspot", "salesforce", "pipedrive", "odoo", "zoho", "dynamics", "attio"]),
    ("notify", &["slack", "email", "pagerduty", "webhook", "teams", "alertmanager", "opsgenie"]),
];

/// A path outside the crate, the files that may name it (by the beginning of their names), and the
/// way out.
type Fence = (&'static str, &'static [&'static str], &'static str);

const FENCES: &[Fence] = &[
    ("rusqlite", &["src/store/"], "SQL stays under store/: add a verb or a filter to `Store`"),
    (
        "tokio_postgres",
        &["src/store/"],
        "SQL stays under store/: add a verb or a filter to `Store`",
    ),
    ("deadpool_postgres", &["src/store/"], "SQL stays under store/"),
    (
        "actix_web",
        &["src/http/", "src/demo/", "src/app"],
        "handlers live under http/; `app` starts the server",
    ),
    (
        "reqwest",
        &["src/outbound/", "src/outbound.rs", "src/cli/remote.rs"],
        "calls go through \
      `outbound`, which bounds time, size and reach; the command line's go through cli/remote.rs",
    ),
    ("lettre", &["src/notify/", "src/demo/"], "mail is a channel: src/notify/email.rs"),
    (
        "std::env",
        &["src/settings", "src/cli/", "src/app", "src/main.rs"],
        "settings alone read the \
      environment; take the value as an argument",
    ),
    (
        "std::time::SystemTime",
        &["src/clock.rs"],
        "`now` is an argument; src/clock.rs reads the time",
    ),
    (
        "std::time::Instant",
        &["src/clock.rs", "src/load/"], // latencies under load are of the real clock
        "`now` is an argument; src/clock.rs reads the time",
    ),
    (
        "tokio::time::Instant",
        &["src/clock.rs"],
        "`now` is an argument; src/clock.rs reads the time",
    ),
    (
        "jiff::Timestamp::now",
        &["src/clock.rs"],
        "`now` is an argument; src/clock.rs reads the time",
    ),
    ("jiff::Zoned::now", &["src/clock.rs"], "`now` is an argument; src/clock.rs reads the time"),
    (
        "getrandom",
        &["src/http/", "src/cli/", "src/app", "src/demo/"],
        "nothing random: derive it \
      from what arrived (`model::id`); only tokens that an operator asks for are random",
    ),
];

/// What the pure core may not name, and intake with it.
const IMPURE: &[&str] = &[
    "tokio",
    "tracing",
    "futures_util",
    "std::fs",
    "std::net::TcpStream",
    "std::net::TcpListener",
    "std::net::UdpSocket",
    "std::net::ToSocketAddrs",
    "std::thread",
    "std::process",
    "std::io",
    "prometheus_client",
];
const PURE: &[&str] = &["model", "rulebook", "decide", "intake"];

/// Everything that is wrong with these sources.
fn judge(files: &Files) -> Vec<String> {
    let mut wrong = Vec::new();
    let modules: BTreeSet<Vec<String>> = files.keys().map(|file| module(file)).collect();
    let mut edges: BTreeMap<(String, String), BTreeMap<String, String>> = BTreeMap::new();
    let tests = test_modules(files);
    for (file, text) in files {
        let here = module(file);
        if tests.iter().any(|test| here.starts_with(test)) {
            continue;
        }
        for named in named(file, text) {
            if named.path.first().is_some_and(|first| first == "crate") {
                inside(file, &here, &named, &mut wrong);
                if let Some((folder, from, to)) = edge(&here, &named.path, &modules) {
                    let place = format!("{file}:{}", named.line);
                    edges.entry((folder, from)).or_default().entry(to).or_insert(place);
                }
            } else {
                outside(file, &here, &named, &mut wrong);
            }
        }
    }
    wrong.extend(cycles(&edges));
    wrong.sort();
    wrong.dedup();
    wrong
}

fn inside(file: &str, here: &[String], named: &Named, wrong: &mut Vec<String>) {
    let (Some(from), Some(to)) = (here.first(), named.path.get(1)) else { return };
    // What is re-exported or declared at the root is nobody's.
    if from == to || JOINERS.contains(&from.as_str()) || !to.starts_with(char::is_lowercase) {
        return;
    }
    let path = named.path.join("::");
    match LAWS.iter().find(|(who, ..)| who == from) {
        None => wrong.push(format!(
            "{file}: `{from}` has no line in the table of tests/it/architecture.rs; say there what \
             it may import"
        )),
        Some((_, may, advice)) if !may.contains(&to.as_str()) => {
            wrong
                .push(format!("{file}:{}: `{from}` may not import `{path}`; {advice}", named.line));
        }
        Some((.., advice)) => {
            let part = named.path.get(2).map_or("", String::as_str);
            let is_keys = from == "settings" && path.ends_with("Settings");
            if !is_keys && CONCRETE.iter().any(|(port, parts)| port == to && parts.contains(&part))
            {
                wrong.push(format!(
                    "{file}:{}: `{from}` may not name the concrete `{path}`; {LOOP_ADVICE}; {advice}",
                    named.line
                ));
            }
        }
    }
}

fn outside(file: &str, here: &[String], named: &Named, wrong: &mut Vec<String>) {
    let path = named.path.join("::");
    let is_under = |fence: &str| path == fence || path.starts_with(&format!("{fence}::"));
    for (fence, may, advice) in FENCES {
        if is_under(fence) && !may.iter().any(|start| file.starts_with(start)) {
            wrong.push(format!("{file}:{}: `{path}` does not belong here; {advice}", named.line));
        }
    }
    let is_pure = here.first().is_some_and(|first| PURE.contains(&first.as_str()));
    if is_pure && IMPURE.iter().any(|impure| is_under(impure)) {
        wrong.push(format!(
            "{file}:{}: the pure core may not name `{path}`; {CORE_ADVICE}",
            named.line
        ));
    }
}

/// An import as an edge between two neighbours in one folder, if it is one: `model/plan.rs` that
/// imports `model::lead` is `model: plan → lead`. A parent and its child are no neighbours.
fn edge(
    here: &[String],
    path: &[String],
    modules: &BTreeSet<Vec<String>>,
) -> Option<(String, String, String)> {
    let mut target = path.get(1..)?.to_vec();
    while !modules.contains(&target) {
        target.pop()?;
    }
    let common = here.iter().zip(&target).take_while(|(a, b)| a == b).count();
    let (from, to) = (here.get(common)?, target.get(common)?);
    Some((here[..common].join("/"), from.clone(), to.clone()))
}

/// Cycles in each folder, as sentences.
fn cycles(edges: &BTreeMap<(String, String), BTreeMap<String, String>>) -> Vec<String> {
    let mut wrong = Vec::new();
    for (folder, start) in edges.keys() {
        let mut paths = vec![vec![start.clone()]];
        let mut seen = BTreeSet::new();
        while let Some(path) = paths.pop() {
            let Some(last) = path.last() else { continue };
            for to in
                edges.get(&(folder.clone(), last.clone())).into_iter().flat_map(BTreeMap::keys)
            {
                // Told once: from the name that sorts first.
                if to == start && path.iter().all(|name| name >= start) {
                    wrong.push(cycle(edges, folder, &path));
                } else if seen.insert(to.clone()) {
                    let mut longer = path.clone();
                    longer.push(to.clone());
                    paths.push(longer);
                }
            }
        }
    }
    wrong
}

fn cycle(
    edges: &BTreeMap<(String, String), BTreeMap<String, String>>,
    folder: &str,
    path: &[String],
) -> String {
    let round: Vec<&String> = path.iter().chain(path.first()).collect();
    let steps: Vec<String> = round
        .windows(2)
        .map(|pair| {
            let place = &edges[&(folder.to_owned(), pair[0].clone())][pair[1]];
            format!("{} → {} ({place})", pair[0], pair[1])
        })
        .collect();
    format!(
        "src/{folder}: modules import each other: {}; move what both need into a third, or pass it \
         as an argument",
        steps.join(", ")
    )
}

#[test]
fn every_import_is_allowed_and_none_goes_in_a_circle() {
    let wrong = judge(&files(&["src"], ".rs"));
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

/// Plants one source beside a few honest ones and looks for a complaint with both parts.
#[track_caller]
fn caught(file: &str, text: &str, parts: [&str; 2]) {
    let mut planted = Files::new();
    for honest in ["src/lib.rs", "src/model/mod.rs", "src/model/time.rs", "src/store/mod.rs"] {
        planted.insert(honest.to_owned(), "//! Nothing.\n".to_owned());
    }
    assert_eq!(judge(&planted), Vec::<String>::new());
    planted.insert(file.to_owned(), text.to_owned());
    let wrong = judge(&planted);
    assert!(
        wrong.iter().any(|line| parts.iter().all(|part| line.contains(part))),
        "{file} with {text:?} gave {wrong:?}"
    );
}

#[test]
fn a_planted_import_is_caught_with_the_way_out() {
    for (file, text, parts) in [
        (
            "src/model/lead.rs",
            "use crate::rulebook::Rule;",
            ["src/model/lead.rs:1", "the core is pure"],
        ),
        ("src/model/lead.rs", "use super::super::store::Store;", ["crate::store::Store", "pure"]),
        ("src/rulebook/mod.rs", "\nfn f() { crate::decide::g() }", ["rulebook/mod.rs:2", "pure"]),
        ("src/decide/mod.rs", "use tokio::sync::mpsc;", ["tokio::sync::mpsc", "pure"]),
        ("src/decide/mod.rs", "use std::{fmt, fs};", ["std::fs", "pure"]),
        ("src/store/mod.rs", "use crate::crm::Crm;", ["store/mod.rs", "core alone"]),
        ("src/crm/hubspot.rs", "use crate::notify::Channel;", ["crm/hubspot.rs", "core alone"]),
        (
            "src/worker/mod.rs",
            "use crate::{store::{self, sqlite}};",
            ["concrete", "take the trait"],
        ),
        ("src/worker/act.rs", "use crate::crm::hubspot::HubSpot;", ["concrete", "take the trait"]),
        ("src/http/mod.rs", "use crate::worker::Worker;", ["http", "take the trait"]),
        ("src/http/mod.rs", "use rusqlite::Connection;", ["rusqlite", "add a verb"]),
        ("src/worker/mod.rs", "use actix_web::web;", ["actix_web", "under http/"]),
        ("src/crm/hubspot.rs", "type C = reqwest::Client;", ["reqwest", "outbound"]),
        ("src/cli/books.rs", "type C = reqwest::Client;", ["reqwest", "cli/remote.rs"]),
        ("src/worker/mod.rs", "fn f() { std::env::var(\"X\"); }", ["std::env", "as an argument"]),
        ("src/http/mod.rs", "use std::time::{Duration, Instant};", ["Instant", "clock.rs"]),
        ("src/store/mod.rs", "fn id() { getrandom::fill(&mut x); }", ["getrandom", "derive it"]),
        ("src/intake/mod.rs", "use tracing::info;", ["tracing::info", "pure"]),
        ("src/settings/mod.rs", "use crate::crm::hubspot::Hubspot;", ["concrete", "crm::hubspot"]),
        ("src/extra.rs", "use crate::model::time::Time;", ["`extra`", "has no line"]),
    ] {
        caught(file, text, parts);
    }
}

#[test]
fn a_planted_circle_is_caught_at_any_depth() {
    let plant = |pairs: &[(&str, &str)]| -> Vec<String> {
        judge(&pairs.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())).collect())
    };
    let deep = plant(&[
        ("src/model/mod.rs", "pub mod a; pub mod b; pub mod c; use a::A;"),
        ("src/model/a.rs", "use super::b::B;"),
        ("src/model/b.rs", "use crate::model::c::C;"),
        ("src/model/c.rs", "use super::a::A;"),
    ]);
    assert_eq!(deep.len(), 1, "{deep:?}");
    assert!(deep[0].contains("a → b (src/model/a.rs:1), b → c"), "{deep:?}");
    let honest = plant(&[
        ("src/model/mod.rs", "pub mod a; pub mod b; pub struct S; use a::A;"),
        ("src/model/a.rs", "use super::{S, b::B};"),
        ("src/model/b.rs", "use super::S; #[cfg(test)] mod tests { use crate::model::a::A; }"),
    ]);
    assert_eq!(honest, Vec::<String>::new());
}

#[test]
fn tests_and_joiners_may_name_what_they_need() {
    let mut planted = Files::new();
    planted.insert("src/app.rs".into(), "use crate::store::sqlite::open; use std::env;".into());
    planted.insert("src/demo/mod.rs".into(), "use crate::crm::hubspot::HubSpot;".into());
    planted.insert("src/intake/mod.rs".into(), "#[cfg(test)]\nmod tests;".into());
    planted.insert("src/intake/tests/vectors.rs".into(), "use std::fs;".into());
    planted.insert("src/store/sqlite/mod.rs".into(), "use rusqlite::Connection;".into());
    assert_eq!(judge(&planted), Vec::<String>::new());
}
