//! Whole rulebooks: TOML, tables and calendars, compiled and used.
//!
//! States: findings are usable and point into their file; a rulebook that compiled is whole: every
//! rule can be said, the last one holds always, every reference leads somewhere, a lead gets an
//! owner who is a rep; compiling again gives the same; files read back from how a store keeps them.
//! Input: the main file, then others behind lines `=== name`.

use std::collections::BTreeMap;

use handoff::{
    decide::{Reach, decide, prepare::prepare},
    model::{
        finding,
        id::{EventId, event_uuid},
        plan::{Input, Snapshot, Step, StepEvent},
        team::Team,
        time::{Span, Time},
    },
    rulebook::{Files, Found, IfNobody, MAIN, Rulebook, Target, Then, Who},
};
use serde_json::json;

use super::{NOON, SHORT_SETUP, findings_are_usable};

pub fn run(bytes: &[u8]) {
    if bytes.len() > 64 * 1024 {
        return;
    }
    compiles_or_says_why(&files(bytes));
}

/// Cuts the input into files.
fn files(bytes: &[u8]) -> Files {
    let mut files = Files::default();
    let mut name: Option<String> = None;
    let mut part: Vec<u8> = Vec::new();
    let mut put = |name: Option<String>, part: Vec<u8>| match name {
        None => files.main = part,
        Some(name) => drop(files.others.insert(name, part)),
    };
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if let Some(next) = line.strip_prefix(b"=== ") {
            put(name, std::mem::take(&mut part));
            name = Some(String::from_utf8_lossy(next).trim().to_owned());
        } else {
            part.extend_from_slice(line);
        }
    }
    put(name, part);
    files
}

/// The properties of compiling, for whatever makes files.
pub fn compiles_or_says_why(files: &Files) {
    for name in Files::named_in(&files.main) {
        assert!(!name.starts_with('/') && name.split('/').all(|part| part != ".."), "{name}");
    }
    if let Ok(json) = files.to_json() {
        // A file of the main file's name cannot be kept beside it; nobody can name it either.
        if !files.others.contains_key(MAIN) {
            assert_eq!(Files::from_json(&json).as_ref(), Ok(files));
        }
    }
    let text = |name: &str| {
        let bytes = if name == MAIN { Some(&files.main) } else { files.others.get(name) };
        bytes.and_then(|bytes| String::from_utf8(bytes.clone()).ok())
    };
    let compiled = Rulebook::compile(files, &SHORT_SETUP, 7);
    let findings = match &compiled {
        Ok(book) => &book.warnings,
        Err(findings) => findings,
    };
    findings_are_usable(findings, text);
    let texts: BTreeMap<String, String> =
        findings.iter().filter_map(|one| Some((one.file.clone(), text(&one.file)?))).collect();
    let rendered = finding::render(findings, |name| texts.get(name).map(String::as_str));
    assert_eq!(rendered.is_empty(), findings.is_empty());
    match &compiled {
        Ok(book) => {
            assert!(!book.warnings.iter().any(finding::Finding::is_error));
            is_whole(book);
            takes_a_lead(book);
            let again = Rulebook::compile(files, &SHORT_SETUP, 7).expect("it compiled before");
            let say = |book: &Rulebook| -> Vec<String> {
                book.rules.iter().map(|rule| rule.sentence(book)).collect()
            };
            assert_eq!(say(book), say(&again));
            assert_eq!(book.warnings, again.warnings);
        }
        Err(findings) => {
            assert!(findings.iter().any(finding::Finding::is_error), "refused without an error");
        }
    }
}

fn is_whole(book: &Rulebook) {
    let last = book.rules.last().expect("a rulebook has a rule");
    assert!(last.when.holds_always());
    assert!(book.slas.contains_key(&book.default_sla));
    let is_there = |target: &Target| match target {
        Target::Pool(id) => book.pools.contains_key(id),
        Target::Rep(id) => book.reps.contains_key(id),
        Target::Fact(slot) => book.schema.kind(*slot).is_some(),
    };
    for rule in &book.rules {
        assert!(!rule.sentence(book).is_empty());
        if let Then::Assign { to, if_unavailable } = &rule.then {
            assert!(is_there(to) && if_unavailable.as_ref().is_none_or(is_there), "{}", rule.id);
            assert!(book.slas.contains_key(&rule.sla), "{}", rule.id);
        }
    }
    for pool in book.pools.values() {
        for member in &pool.members {
            let is_there = match &member.who {
                Who::Rep(rep) => book.reps.contains_key(rep),
                Who::Pool(pool) => book.pools.contains_key(pool),
            };
            assert!(is_there && member.weight > 0.0);
        }
        if let IfNobody::Pool(other) = &pool.if_nobody {
            assert!(book.pools.contains_key(other));
        }
    }
    for rep in book.reps.values() {
        let known = |id: &String| book.reps.contains_key(id);
        assert!(rep.manager.as_ref().is_none_or(known) && rep.backup.as_ref().is_none_or(known));
        assert!(rep.hours.as_ref().is_none_or(|id| book.hours.contains_key(id)));
    }
    for sla in book.slas.values() {
        assert!(book.escalations.contains_key(&sla.escalation) && sla.respond_within > Span::ZERO);
    }
    for hours in book.hours.values() {
        let _ = (hours.is_open(NOON), hours.next_open(NOON), hours.add(NOON, Span::hours(1)));
    }
}

fn takes_a_lead(book: &Rulebook) {
    let documents = [
        json!({ "email": "eva@linden.example" }),
        json!({ "email": "max@gmail.com", "country": "Germany", "employees": "500+", "form": "demo" }),
    ];
    for source in SHORT_SETUP.sources.keys() {
        for document in &documents {
            let input = prepare(book, source, Ok(document.clone()));
            let Input::Fill(draft) = &input else { continue };
            let known = BTreeMap::new();
            let from = handoff::rulebook::FactSource {
                fields: &draft.fields,
                source,
                intent: draft.intent.as_deref(),
                known: &known,
                account: None,
            };
            let found = book.first_match(&book.facts(&from), 0).expect("some rule takes it");
            if let Found::Assign { to: Target::Fact(_), .. } = found.found {
                panic!("nobody is named by {}", found.rule.id);
            }
            let event = StepEvent {
                id: EventId(1),
                uuid: event_uuid(NOON, source, "1"),
                source: source.clone(),
                received_at: NOON,
                actor: None,
            };
            let step = Step { event: Some(event), input };
            let team = Team::default();
            for now in [NOON, Time(NOON.0 + 36 * 3_600_000)] {
                let snapshot = Snapshot { lead: None, company: None, team: &team };
                let plan = decide(book, &Reach::default(), &snapshot, &step, now);
                let lead = plan.lead.expect("a fill makes a lead");
                assert!(lead.owner.is_none_or(|owner| book.reps.contains_key(&owner)));
            }
        }
    }
}
