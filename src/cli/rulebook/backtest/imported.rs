//! `handoff rulebook backtest --imported`: a draft against leads of the time before.
//!
//! Guarantees: nothing is changed; what was written by strangers is safe in a terminal and in a
//! spreadsheet; what is a projection says so.
//! Does not know: how the draft decides.

use std::sync::Arc;

use serde_json::json;

use super::{Backtest, ROWS_MAX};
use crate::{
    app::parts,
    cli::{
        exit::{Exit, Outcome, Stop},
        export::Export,
        offline,
        screen::{Screen, Tone},
        session::Session,
        store::opened,
    },
    model::lead::State,
    replay::imported::{Compared, Tried, imported},
    rulebook::Rulebook,
    store::Store,
};

/// Leads from one line of progress to the next.
const TELL_EVERY: u64 = 25_000;
/// Owners whom the draft does not know that are named.
const NAMED_MAX: usize = 10;

/// Runs it.
pub fn run(args: &Backtest, session: &mut Session) -> Outcome {
    let since = args.since(session)?;
    let settings = args.config.load_without_secrets()?;
    let draft = super::super::named(session, &args.draft)?;
    let draft = Rulebook::compile(&draft, &parts::setup(&settings), 0).map_err(|findings| {
        let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
        let lines = lines.join("\n");
        Stop::no(format!("{lines}\nmend the draft first; `handoff check` shows each place"))
    })?;
    let store = match &args.store {
        Some(store) => opened(store)?,
        None => offline::store_at_rest(&args.config)?,
    };
    let mut csv = args.csv.as_ref().map(|file| Export::into(file, COLUMNS)).transpose()?;
    let is_json = session.screen.is_json();
    let (mut next, screen) = (TELL_EVERY, &mut session.screen);
    let each = |one: &Compared| {
        if let Some(csv) = &mut csv {
            csv.row(row(one));
        }
    };
    let tell = |tried: &Tried| {
        if !is_json && tried.leads >= next {
            next = tried.leads + TELL_EVERY;
            let line = format!("{} leads, {} go elsewhere", tried.leads, tried.elsewhere);
            screen.toned(Tone::Dim, &line);
            screen.flush();
        }
    };
    let tried = offline::wait(imported(store.as_ref(), Arc::new(draft), since, each, tell))?;
    if let Some(csv) = csv {
        csv.end()?;
    }
    if tried.leads == 0 {
        let why = "no leads of that time are imported: `handoff leads import` brings them";
        return Err(Stop::no(why));
    }
    if !session.printed_json(&json!({ "imported": tried })) {
        print(&mut session.screen, &tried);
    }
    Ok(Exit::Ok)
}

/// That there are imported leads, for whoever has no recorded ones.
pub fn offer(store: &dyn Store) -> Result<String, Stop> {
    let leads = offline::wait(store.import_standing())?.leads;
    Ok(match leads {
        0 => String::new(),
        leads => format!("; {leads} leads are imported: --imported tests the draft on them"),
    })
}

/// The columns of the file with every lead.
const COLUMNS: &str = "at,source,person,owner,rep,agrees,state,new_owner,new_pool,new_rule,new_sla";

fn row(one: &Compared) -> [String; 11] {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    [
        one.at.rfc3339(),
        one.source.clone(),
        one.person.clone(),
        text(&one.owner),
        text(&one.rep),
        one.agrees.word().to_owned(),
        one.to.state.map_or("", State::word).to_owned(),
        text(&one.to.owner),
        text(&one.to.pool),
        text(&one.to.rule),
        text(&one.to.sla),
    ]
}

/// In tenths, rounded down: what is not all is not a hundred.
fn percent(count: u64, all: u64) -> String {
    let tenths = count.saturating_mul(1_000) / all.max(1);
    format!("{}.{} %", tenths / 10, tenths % 10)
}

fn print(screen: &mut Screen, tried: &Tried) {
    let compared = tried.compared;
    let when = match (tried.from, tried.to) {
        (Some(from), Some(to)) => format!(" from {} to {}", screen.time(from), screen.time(to)),
        _ => String::new(),
    };
    screen.line(&format!(
        "{} imported leads{when}; {compared} had an owner whom the draft knows.",
        tried.leads
    ));
    screen.line(&format!(
        "The same owner gets {}, the same or another of that pool {}; {} leads go elsewhere.",
        percent(tried.same_owner, compared),
        percent(tried.same_owner + tried.same_pool, compared),
        tried.elsewhere
    ));
    for (state, count) in &tried.newly {
        screen.line(&format!("Newly {}: {count}", state.replace('_', " ")));
    }
    unknown(screen, tried);
    rules(screen, tried);
    reps(screen, tried);
    first(screen, tried);
    if tried.waited > 0 {
        screen.line(&format!("{} waited at first until somebody was there.", tried.waited));
    }
    if tried.projected > 0 {
        screen.line(&format!(
            "Projected from the real answers of {} leads, by the draft's SLAs: {} late with who had \
             them, {} with the draft.",
            tried.projected, tried.late_before, tried.late_after
        ));
    }
    screen.toned(
        Tone::Dim,
        "Hours, absences and accounts are those of now, rotations begin fresh, and what a CRM knew \
         of a person is not known.",
    );
}

/// Leads that are not compared, and why.
fn unknown(screen: &mut Screen, tried: &Tried) {
    if tried.unowned > 0 {
        screen.line(&format!("{} had no owner.", tried.unowned));
    }
    if tried.unknown_leads == 0 {
        return;
    }
    let mut owners: Vec<_> = tried.unknown.iter().collect();
    owners.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let named = owners.iter().take(NAMED_MAX).map(|(owner, count)| format!("{owner} ({count})"));
    let named: Vec<String> = named.collect();
    let more = if owners.len() > NAMED_MAX { ", …" } else { "" };
    screen.line(&format!(
        "{} had an owner whom the draft does not know: {}{more}.",
        tried.unknown_leads,
        named.join(", ")
    ));
}

fn rules(screen: &mut Screen, tried: &Tried) {
    let mut rules: Vec<_> = tried.by_rule.iter().collect();
    rules.sort_by_key(|(_, of_rule)| std::cmp::Reverse((of_rule.elsewhere, of_rule.leads)));
    let row = |(rule, of_rule): &(&String, &crate::replay::imported::OfRule)| {
        let counts = [of_rule.leads, of_rule.same_owner, of_rule.same_pool, of_rule.elsewhere];
        let counts = counts.iter().map(ToString::to_string);
        [(*rule).clone()].into_iter().chain(counts).collect::<Vec<String>>()
    };
    let rows: Vec<Vec<String>> = rules.iter().take(ROWS_MAX).map(row).collect();
    let headings = ["by the draft's rule", "leads", "same owner", "same pool", "elsewhere"];
    screen.table(&headings, &rows, "No lead is compared.");
}

fn reps(screen: &mut Screen, tried: &Tried) {
    let sum = |of: fn(&crate::decide::diff::Load) -> u64| tried.reps.values().map(of).sum::<u64>();
    let (before, after) = (sum(|load| load.before), sum(|load| load.after));
    let rows = tried.reps.iter().map(|(rep, load)| {
        vec![
            rep.clone(),
            load.before.to_string(),
            percent(load.before, before),
            load.after.to_string(),
            percent(load.after, after),
        ]
    });
    let headings = ["rep", "leads", "share", "with the draft", "share"];
    screen.table(&headings, &rows.collect::<Vec<_>>(), "Nobody got one.");
}

/// The first that go elsewhere.
fn first(screen: &mut Screen, tried: &Tried) {
    if tried.first.is_empty() {
        return;
    }
    let row = |one: &Compared| {
        let to = match &one.to.owner {
            Some(owner) => owner.clone(),
            None => one.to.state.map_or("", State::word).replace('_', " "),
        };
        let rule = one.to.rule.clone().unwrap_or_default();
        let rep = one.rep.clone().unwrap_or_default();
        vec![screen.time(one.at), one.person.clone(), rep, to, rule]
    };
    let rows: Vec<Vec<String>> = tried.first.iter().map(row).collect();
    screen.table(&["the first elsewhere", "who", "had", "would have", "by"], &rows, "");
}
