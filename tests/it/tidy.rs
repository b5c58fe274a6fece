//! House rules that a reader would otherwise have to watch for.
//!
//! Guarantees: every failure names the file, the rule and the way out.
//! Does not know: style; rustfmt and clippy keep that.

use std::{collections::BTreeSet, fs};

use crate::architecture::source::{Files, files, module, root};

/// The most lines of one source file, tests included.
const LINES_MAX: usize = 400;

/// Files above the limit, with their present length. This list only gets shorter: a file that
/// shrank has its number lowered, one below the limit leaves.
const TOO_LONG: &[(&str, usize)] = &[];

const SOURCES: &[&str] = &["src", "tests", "benches"];

fn pass(wrong: &[String]) {
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn every_file_says_what_it_is() {
    let wrong: Vec<String> = files(SOURCES, ".rs")
        .iter()
        .filter(|(_, text)| {
            text.lines().next().is_none_or(|line| line.trim_start_matches("//!").trim().len() < 10)
                || !text.starts_with("//! ")
        })
        .map(|(file, _)| {
            format!("{file}: begin with a `//!` header: what it is, what it guarantees, what it does not know")
        })
        .collect();
    pass(&wrong);
}

#[test]
fn no_file_is_too_long() {
    pass(&long(&files(SOURCES, ".rs"), TOO_LONG));
}

fn long(files: &Files, known: &[(&str, usize)]) -> Vec<String> {
    let mut wrong = Vec::new();
    for (file, text) in files {
        let lines = text.lines().count();
        let excused = known.iter().find(|(name, _)| name == file).map(|(_, lines)| *lines);
        match excused {
            None if lines > LINES_MAX => wrong.push(format!(
                "{file}: {lines} lines, {LINES_MAX} is the limit; find the idea that wants a file of its own"
            )),
            Some(was) if lines > was => {
                wrong.push(format!("{file}: grew from {was} to {lines} lines; it may only shrink"));
            }
            Some(was) if lines <= LINES_MAX || lines < was => wrong.push(format!(
                "{file}: now {lines} lines; lower its number in TOO_LONG, or strike it out at {LINES_MAX}"
            )),
            _ => {}
        }
    }
    let gone = known.iter().filter(|(name, _)| !files.contains_key(*name));
    wrong.extend(gone.map(|(name, _)| format!("{name}: is gone; strike it out of TOO_LONG")));
    wrong
}

#[test]
fn the_limit_holds_at_the_limit_and_one_past_it() {
    let of = |lines: usize| Files::from([("a.rs".to_owned(), "x\n".repeat(lines))]);
    assert_eq!(long(&of(LINES_MAX), &[]), Vec::<String>::new());
    assert_eq!(long(&of(LINES_MAX + 1), &[]).len(), 1);
    assert_eq!(long(&of(500), &[("a.rs", 500)]), Vec::<String>::new());
    for (lines, known) in
        [(501, ("a.rs", 500)), (499, ("a.rs", 500)), (400, ("a.rs", 400)), (9, ("b.rs", 500))]
    {
        assert_eq!(long(&of(lines), &[known]).len(), 1, "{lines} {known:?}");
    }
}

#[test]
fn no_marker_is_left_behind() {
    // Put together here, so that this file does not find itself.
    let markers = [
        ["TO", "DO"],
        ["FIX", "ME"],
        ["XX", "X:"],
        ["dbg", "!("],
        ["todo", "!("],
        ["unimplemented", "!("],
        ["#[igno", "re]"],
    ];
    let mut wrong = Vec::new();
    for (file, text) in files(SOURCES, ".rs") {
        for (number, line) in text.lines().enumerate() {
            for marker in markers.map(|parts| parts.concat()) {
                if line.contains(&marker) {
                    wrong.push(format!(
                        "{file}:{}: {marker} is left behind; do it or drop it",
                        number + 1
                    ));
                }
            }
        }
    }
    pass(&wrong);
}

#[test]
fn every_file_is_part_of_the_crate() {
    let sources = files(&["src"], ".rs");
    let modules: BTreeSet<Vec<String>> = sources.keys().map(|file| module(file)).collect();
    let mut wrong = Vec::new();
    for file in
        sources.keys().filter(|file| !["src/lib.rs", "src/main.rs"].contains(&file.as_str()))
    {
        let mut parent = module(file);
        let Some(name) = parent.pop() else { continue };
        let is_declared =
            sources.iter().filter(|(other, _)| module(other) == parent).any(|(_, text)| {
                let declares = |line: &str| {
                    let line = line.trim();
                    let line = line.split_once("mod ").map_or("", |(_, rest)| rest);
                    line.trim_end() == format!("{name};")
                };
                text.lines().any(declares)
            }) || sources.values().any(|text| text.contains(&format!("#[path = \"{name}.rs\"]")));
        if !is_declared {
            wrong.push(format!("{file}: nobody declares it; add `mod {name};` or delete it"));
        }
    }
    assert!(modules.contains(&vec!["model".to_owned()]), "the sources were read");
    pass(&wrong);
}

/// Files about threads, and about connections, which the other store has no use for.
const OF_SQLITE: [&str; 3] = ["ask.rs", "readers.rs", "turn.rs"];
const OF_POSTGRES: [&str; 10] = [
    "bloat.rs",
    "front.rs",
    "options.rs",
    "overlay.rs",
    "pools.rs",
    "threads.rs",
    "tls.rs",
    "tx.rs",
    "value.rs",
    "wakes.rs",
];

#[test]
fn both_stores_have_the_same_files() {
    let names = |folder: &str, own: &[&str]| -> BTreeSet<String> {
        let of = files(&[folder], ".rs");
        let names = of.keys().map(|file| file.trim_start_matches(folder).trim_matches('/'));
        let (mine, shared): (Vec<&str>, Vec<&str>) = names.partition(|name| own.contains(name));
        assert_eq!(mine.len(), own.len(), "{folder}: its own files are {own:?}, found {mine:?}");
        shared.into_iter().map(str::to_owned).collect()
    };
    let sqlite = names("src/store/sqlite", &OF_SQLITE);
    let postgres = names("src/store/postgres", &OF_POSTGRES);
    assert!(sqlite.len() > 15, "the files were found");
    assert_eq!(sqlite, postgres, "the two are read side by side: name their files alike");
}

/// Lines where a formatting macro is given a literal that begins like a statement and something
/// else than a constant to put into it.
fn spliced(text: &str) -> Vec<usize> {
    const VERBS: [&str; 6] = ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "REPLACE ", "WITH "];
    let is_constant = |name: &str| {
        let last = name.trim().rsplit("::").next().unwrap_or_default();
        !last.is_empty() && last.chars().all(|c| c.is_ascii_uppercase() || c == '_')
    };
    let mut found = Vec::new();
    for (at, _) in text.match_indices("format!(").chain(text.match_indices("write!(")) {
        let Some((_, rest)) = text[at..].split_once('"') else { continue };
        let Some((literal, rest)) = rest.split_once('"') else { continue };
        if !VERBS.iter().any(|verb| literal.trim_start().starts_with(verb)) {
            continue;
        }
        let inline = literal.split('{').skip(1).filter_map(|hole| hole.split('}').next());
        let given = rest.split(')').next().unwrap_or_default().split(',');
        let holes = inline.filter(|hole| !hole.is_empty());
        let args = given.map(str::trim).filter(|arg| !arg.is_empty());
        if !holes.chain(args).all(is_constant) {
            found.push(text[..at].matches('\n').count() + 1);
        }
    }
    found
}

#[test]
fn no_value_is_spliced_into_sql() {
    let mut wrong = Vec::new();
    for (file, text) in files(&["src/store"], ".rs") {
        for line in spliced(&text) {
            wrong.push(format!(
                "{file}:{line}: a statement is put together from values; bind them as parameters \
                 (constants may be spliced in)"
            ));
        }
    }
    pass(&wrong);
    for (text, lines) in [
        ("format!(\"refuse {x}\")", &[][..]),
        ("format!(\"SELECT {COLUMNS} FROM lead\")", &[]),
        ("format!(\n\"SELECT {} FROM event\",\nrows::EVENT\n)", &[]),
        ("\nformat!(\"SELECT * FROM lead WHERE id = {id}\")", &[2]),
        ("format!(\"DELETE FROM lead WHERE id = {}\", lead.id)", &[1]),
        ("write!(sql, \"UPDATE lead SET owner = '{}'\", owner)", &[1]),
    ] {
        assert_eq!(spliced(text), lines, "{text}");
    }
}

#[test]
fn every_metric_is_explained_in_the_readme() {
    let metrics = fs::read_to_string(root().join("src/telemetry/metrics.rs")).unwrap();
    let names: BTreeSet<&str> = metrics
        .split('"')
        .filter(|text| {
            text.strip_prefix("handoff_")
                .is_some_and(|rest| rest.chars().all(|c| c.is_ascii_lowercase() || c == '_'))
        })
        .collect();
    assert!(names.len() > 10, "the names were found: {names:?}");
    let Ok(readme) = fs::read_to_string(root().join("README.md")) else { return };
    let wrong: Vec<String> = names
        .iter()
        .filter(|name| !readme.contains(*name))
        .map(|name| format!("README.md: explain the metric {name} in the table of metrics"))
        .collect();
    pass(&wrong);
}

#[test]
fn the_tree_speaks_of_the_project_alone() {
    // Put together here, so that this file does not find itself.
    let foreign = [
        ["/wo", "rk/"],
        ["crates", ".io"],
        ["npm", "js."],
        ["py", "pi.org"],
        ["proxy.golang", ".org"],
        ["/ro", "ot/"],
        ["/ho", "me/"],
    ];
    let folders = [
        "src",
        "tests",
        "benches",
        "config",
        "docker",
        ".github",
        ".ci",
        "README.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "deny.toml",
        "Cargo.toml",
    ];
    let mut tree = files(&folders, "");
    for single in folders {
        if let Ok(text) = fs::read_to_string(root().join(single)) {
            tree.insert(single.to_owned(), text);
        }
    }
    let mut wrong = Vec::new();
    for (file, text) in &tree {
        for (number, line) in text.lines().enumerate() {
            for name in foreign.map(|parts| parts.concat()) {
                if line.contains(&name) {
                    wrong.push(format!(
                        "{file}:{}: {name} belongs to one machine or one supplier; leave it out",
                        number + 1
                    ));
                }
            }
        }
    }
    assert!(tree.contains_key("Cargo.toml"), "the tree was read");
    pass(&wrong);
}
