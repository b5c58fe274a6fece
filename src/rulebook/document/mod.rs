//! The document, compiled: read, checked as a whole, and run against its own examples.
//!
//! Guarantees: every problem that can be seen is reported at once, each at its place.
//! Does not know: where files come from.

mod accounts;
mod chains;
mod examples;
mod ladders;
mod mappings;
mod names;
mod people;
mod pools;
mod rows;
mod rules;
mod slips;
mod tables;
mod transforms;
mod tree;

#[cfg(test)]
mod broken_tests;

use std::sync::Arc;

use toml::de::DeTable;

use self::{
    mappings::Custom,
    names::{Entry, Names},
    rules::Rules,
    tree::{Item, Log, Section},
};
use super::{
    Rulebook, Tell,
    calendar::Hours,
    condition::{Index, Schema, Type},
    fields::{self, Declared},
    files::{Files, MAIN, Setup},
    finding::Source,
};
use crate::model::{
    account::Matching,
    finding::{Finding, Place, Severity},
    time::Span,
};

/// Bytes of one file.
const BYTES_MAX: usize = 4 * 1024 * 1024;
const SAME_LEAD_WITHIN: Span = Span::days(30);
const ASK_WITHIN: Span = Span::seconds(2);
const INTENTS: [&str; 4] = ["newsletter", "content", "contact", "demo"];

/// What everything is compiled with.
#[derive(Debug)]
pub struct Cx<'d> {
    pub log: &'d Log<'d>,
    pub names: Names<'d>,
    pub setup: &'d Setup,
    pub files: &'d Files,
}

/// The sections of a document, in the order in which they are written.
#[derive(Debug)]
struct Sections<'d> {
    hours: Vec<Entry<'d>>,
    reps: Vec<Entry<'d>>,
    pools: Vec<Entry<'d>>,
    slas: Vec<Entry<'d>>,
    escalations: Vec<Entry<'d>>,
    tables: Vec<Entry<'d>>,
    rules: Vec<Entry<'d>>,
    forms: Vec<Section<'d>>,
    mappings: Vec<Section<'d>>,
    examples: Vec<Section<'d>>,
}

impl Rulebook {
    /// Reads, checks and compiles a rulebook.
    ///
    /// # Errors
    /// Everything that is wrong with it, errors and warnings, main file first, from top to bottom.
    /// What is only a warning does not keep it from compiling; it is in `warnings` then.
    pub fn compile(files: &Files, setup: &Setup, version: u32) -> Result<Self, Vec<Finding>> {
        let text = main_text(files).map_err(|finding| vec![finding])?;
        let (document, errors) = DeTable::parse_recoverable(text);
        let log = Log::new(Source::new(MAIN, text));
        let failures: Vec<_> =
            errors.iter().map(|error| (error.span().unwrap_or(0..0), error.message())).collect();
        for slip in slips::slips(text, &failures) {
            log.wrong(&slip.at, slip.message, slip.mend);
        }
        // What cannot be read would look as if it were missing.
        if log.has_errors() {
            return Err(log.take());
        }
        let compiled = compile(&log, document.get_ref(), files, setup, version);
        let is_good = !log.has_errors();
        let findings = log.take();
        match compiled {
            Some(mut rulebook) if is_good => {
                rulebook.warnings = findings;
                Ok(rulebook)
            }
            _ => Err(findings),
        }
    }
}

/// The line in which a byte stands.
fn line_of(bytes: &[u8], at: usize) -> usize {
    bytes.get(..at).unwrap_or_default().split(|byte| *byte == b'\n').count()
}

#[expect(clippy::result_large_err, reason = "the finding is reported at once")]
fn main_text(files: &Files) -> Result<&str, Finding> {
    let refuse = |message: String, mend: &str| {
        Source::new(MAIN, "").finding(&(0..0), Severity::Error, message, mend)
    };
    if files.main.len() > BYTES_MAX {
        let message = format!("the rulebook has {} bytes", files.main.len());
        return Err(refuse(message, "4 MiB are read at most; move territories into tables"));
    }
    let text = std::str::from_utf8(&files.main).map_err(|why| {
        let line = line_of(&files.main, why.valid_up_to());
        let found = refuse(
            format!("the rulebook is not UTF-8 (line {line})"),
            "save it as UTF-8: most editors ask for the encoding under \"Save as\"",
        );
        Finding { line, end: Place { line, column: 1 }, ..found }
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// Nothing when something without which the rest has no meaning is wrong; the log says what.
fn compile<'d>(
    log: &'d Log<'d>,
    document: &'d DeTable<'d>,
    files: &'d Files,
    setup: &'d Setup,
    version: u32,
) -> Option<Rulebook> {
    let root = Section::new("the rulebook", 0..0, document, log);
    let mut cx = Cx { log, names: Names::new(setup), setup, files };
    let sections = gather(&mut cx, &root);
    cx.names.note_left(&sections.reps);
    let cx = &cx;
    let top = top(cx, &root);
    root.done();

    let hours = people::hours(cx, &sections.hours);
    let reps = people::reps(cx, &sections.reps);
    let pools = pools::pools(cx, &sections.pools, &reps);
    let slas = ladders::slas(cx, &sections.slas);
    let escalations = ladders::escalations(cx, &sections.escalations, &reps, &pools);
    let forms = mappings::forms(cx, &sections.forms, &top.intents);
    let mut custom = Custom::default();
    let mappings = mappings::mappings(cx, sections.mappings, &mut custom);
    let custom = custom.list();
    let written = tables::written(cx, &sections.tables);
    let schema = schema(cx, &custom, &written, &top.intents)?;

    let assignable = tables::assignable(&written, &schema);
    let rules = Rules {
        cx,
        schema: &schema,
        assignable: &assignable,
        default_sla: top.default_sla.as_deref(),
        has_default: root.has_like("default_sla"),
    };
    let (rules, assigning) = rules.compile(&sections.rules);
    let tables = tables::tables(cx, &written, &schema, &assigning);
    let examples = examples::read(cx, &sections.examples, &custom, &top.intents);
    if log.has_errors() {
        return None;
    }
    // What could not be read may have used it.
    cx.names.warn_of_unused(log);
    let mut book = Rulebook {
        version,
        rules,
        reps,
        pools,
        hours,
        slas,
        escalations,
        default_sla: top.default_sla.unwrap_or_default(),
        same_lead_within: top.same_lead_within.unwrap_or(SAME_LEAD_WITHIN),
        ask_within: top.ask_within.unwrap_or(ASK_WITHIN),
        alarm: top.alarm,
        intents: top.intents,
        forms,
        mappings,
        matching: top.matching,
        tables,
        ..Rulebook::empty(schema)
    };
    let index = Index::build(book.rules.iter().map(|rule| &rule.when));
    let stops = book.stops();
    book.lookups.finish(book.reps.values(), assignable, &setup.asked, (index, stops));
    book.basis = Arc::new(setup.basis(book.hours.values().filter_map(Hours::zone_name)));
    book.connected = (setup.crms.clone(), setup.asked.clone());
    for found in examples::run(&book, &examples) {
        log.note(found);
    }
    Some(book)
}

/// What stands at the top of the document.
struct Top {
    default_sla: Option<String>,
    same_lead_within: Option<Span>,
    ask_within: Option<Span>,
    intents: Vec<String>,
    alarm: Vec<Tell>,
    matching: Matching,
}

fn top(cx: &Cx<'_>, root: &Section<'_>) -> Top {
    Top {
        default_sla: root.item("default_sla").and_then(|item| cx.names.refer("sla", &item)),
        same_lead_within: root.item("same_lead_within").and_then(|item| item.span()),
        ask_within: root.item("ask_within").and_then(|item| item.span()),
        intents: intents(root),
        alarm: ladders::alarm(cx, root),
        matching: accounts::matching(root),
    }
}

/// The names that conditions may use.
fn schema(
    cx: &Cx<'_>,
    custom: &[(String, Type)],
    written: &[tables::Written<'_>],
    intents: &[String],
) -> Option<Schema> {
    let tables = written.iter().filter(|table| !table.id.is_empty()).map(|table| {
        let columns = table.columns.iter().map(|(item, kind)| (item.key.to_owned(), *kind));
        (table.id.to_owned(), columns.collect())
    });
    let declared = Declared {
        custom: custom.to_vec(),
        tables: tables.collect(),
        sources: cx.setup.sources.keys().map(String::as_str).collect(),
        intents: intents.iter().map(String::as_str).collect(),
        reps: cx.names.all("rep").collect(),
        pools: cx.names.all("pool").collect(),
    };
    match fields::schema(&declared) {
        Ok(schema) => Some(schema),
        Err(reasons) => {
            // Names that are wrong have been reported where they stand; conditions can wait.
            let reasons = if cx.log.has_errors() { Vec::new() } else { reasons };
            for why in reasons {
                cx.log.wrong(&(0..0), why, "");
            }
            None
        }
    }
}

fn gather<'d>(cx: &mut Cx<'d>, root: &Section<'d>) -> Sections<'d> {
    let log = cx.log;
    let mut named =
        |key: &'static str, kind: &'static str| cx.names.gather(key, root.sections(key, kind), log);
    Sections {
        hours: named("hours", "[[hours]]"),
        reps: named("rep", "[[rep]]"),
        pools: named("pool", "[[pool]]"),
        slas: named("sla", "[[sla]]"),
        escalations: named("escalation", "[[escalation]]"),
        tables: named("table", "[[table]]"),
        rules: named("rule", "[[rule]]"),
        forms: root.sections("form", "[[form]]"),
        mappings: root.sections("mapping", "[[mapping]]"),
        examples: root.sections("example", "[[example]]"),
    }
}

fn intents(root: &Section<'_>) -> Vec<String> {
    let written = root.item("intents").and_then(|item: Item<'_>| {
        let mut intents: Vec<String> = Vec::new();
        for (text, item) in item.texts()? {
            if intents.iter().any(|known| known == text) {
                item.wrong(
                    format!("the intent {text:?} is there twice"),
                    "keep one; weak ones come first",
                );
            }
            intents.push(text.to_owned());
        }
        Some(intents)
    });
    written.unwrap_or_else(|| INTENTS.map(str::to_owned).to_vec())
}
