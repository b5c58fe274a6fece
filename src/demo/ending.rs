//! What it came to: the books, the CRM held against them, times and people.
//!
//! Guarantees: every figure is read from the store, the stand-in or the form tools' answers when
//! everything has stopped; whatever does not agree is named, and makes the verdict false.
//! Does not know: why something does not agree.

use std::collections::BTreeMap;

use super::{
    amount::{count, millis, minutes},
    crm::Record,
    house::{CRM, House},
    score::{Score, percentile},
    screen::{Ink, Line, Screen},
};
use crate::{
    clock::Clock as _,
    model::{
        lead::{Lead, State},
        time::Span,
    },
    store::{LeadFilter, StoreResult, Tally, read::PAGE_MAX},
};

/// Harm done behind the daemon's back, for tests of the checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sabotage {
    /// None.
    None,
    /// The CRM forgets to whom one of its records belongs.
    LosesARecord,
    /// The CRM has somebody else as the owner of one record.
    SwapsAnOwner,
}

/// What the form tools were answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Posts {
    /// Fills taken.
    pub accepted: i64,
    /// Fills not taken.
    pub failed: i64,
    /// Repeats recognised.
    pub duplicates: u32,
    /// Forgeries refused.
    pub refused: u32,
    /// From the first byte sent to the 2xx, by this machine's clock.
    pub stored: Vec<Span>,
}

/// Whether nothing is under way: no fill, no job but the reviews of leads that wait for somebody,
/// and no lead that is owed an answer.
#[must_use]
pub fn is_quiet(tally: &Tally) -> bool {
    let of = |all: &BTreeMap<&'static str, i64>, word| all.get(word).copied().unwrap_or(0);
    let is_open = |(lane, jobs): (&String, &crate::store::read::JobTally)| {
        jobs.open > 0 && !lane.starts_with("review")
    };
    of(&tally.fates, "underway") == 0
        && of(&tally.states, "assigned") == 0
        && !tally.jobs.iter().any(is_open)
}

/// Harm for tests.
///
/// # Errors
/// When the store cannot be read.
pub async fn harm(house: &House, sabotage: Sabotage) -> StoreResult<()> {
    let leads = all_leads(house).await?;
    let mut keys =
        leads.iter().filter(|lead| lead.owner.is_some()).map(|lead| lead.uuid.to_string());
    let key = keys.next().unwrap_or_default();
    let records = house.crm.records();
    let Some(record) = records.iter().find(|record| record.text("handoff_id") == key) else {
        return Ok(());
    };
    match sabotage {
        Sabotage::None => {}
        Sabotage::LosesARecord => {
            house.crm.set_by_hand(&record.id, "handoff_id", "".into(), "2026-01-01T00:00:00.000Z");
        }
        Sabotage::SwapsAnOwner => house.crm.give_by_hand(&record.id, "503"),
    }
    Ok(())
}

/// Prints the summary. Whether everything agrees.
///
/// # Errors
/// When the store cannot be read.
pub async fn sum_up(
    house: &House,
    screen: Screen,
    posts: &Posts,
    score: &Score,
) -> anyhow::Result<bool> {
    let now = house.clock.now();
    let (tally, recount) = (house.store.tally(now).await?, house.store.recount(now).await?);
    let leads = all_leads(house).await?;
    let crm = agreement(house, &leads).await?;
    let mut wrong = books(&tally, &recount, posts);
    let is_crm_right = crm.wrong.is_empty();
    let told = now.since(house.began);
    screen.sum_up(&Line::at(""));
    row(
        screen,
        "Told",
        None,
        &format!("{} by the demo's clock, {} by yours", minutes(told), millis(house.real(told))),
    );
    let is_balanced = tally.balances() && is_same(&tally, &recount);
    let fates = ["opened", "joined", "rejected", "dead", "underway"];
    row(screen, "Fills", Some(is_balanced), &sum("accepted", tally.accepted, &tally.fates, &fates));
    let states = ["answered", "assigned", "waiting", "set_aside"];
    let opened = tally.fates.get("opened").copied().unwrap_or(0);
    row(screen, "Leads", Some(is_balanced), &sum("opened", opened, &tally.states, &states));
    row(screen, "Turned away", None, &turned_away(posts));
    row(
        screen,
        "CRM",
        Some(is_crm_right),
        &format!(
            "{}, {} of them second ones; {} with an owner, each there once and with the \
         owner that handoff shows",
            count(crm.records as i64, "record", "records"),
            crm.second,
            count(crm.owned as i64, "lead", "leads")
        ),
    );
    row(screen, "Times", None, &times(posts, score));
    row(
        screen,
        "Events",
        None,
        &format!(
            "{}, {}; {} re-opened, {} moved by hand in the CRM",
            count(score.reminders, "reminder", "reminders"),
            count(score.pages, "page", "pages"),
            count(score.reopened, "lead", "leads"),
            score.kept
        ),
    );
    reps(house, screen, score);
    wrong.extend(crm.wrong);
    verdict(screen, &wrong);
    Ok(wrong.is_empty())
}

fn row(screen: Screen, name: &str, is_good: Option<bool>, text: &str) {
    let line = Line::named(name).text(text);
    screen.sum_up(&match is_good {
        Some(true) => line.with(Ink::Good, "  ✓"),
        Some(false) => line.with(Ink::Bad, "  ✗"),
        None => line,
    });
}

fn verdict(screen: Screen, wrong: &[String]) {
    screen.sum_up(&Line::at(""));
    for one in wrong {
        screen.sum_up(&Line::named("").with(Ink::Bad, format!("✗ {one}")));
    }
    if wrong.is_empty() {
        let text = "The books balance, counted twice, and the CRM agrees.";
        screen.sum_up(&Line::named("").with(Ink::Good, text));
    }
    screen.sum_up(&Line::named("Next").text(
        "copy config/handoff.toml and config/rulebook.toml, put in your sources, CRM and people, \
         then `handoff check` and `handoff serve --config handoff.toml`. README.md has the whole \
         way.",
    ));
}

/// What is wrong with the books.
fn books(tally: &Tally, recount: &Tally, posts: &Posts) -> Vec<String> {
    let mut wrong = Vec::new();
    if !tally.balances() {
        wrong.push("the books do not balance".to_owned());
    }
    if !is_same(tally, recount) {
        wrong.push("the books, counted anew from the rows, are others".to_owned());
    }
    if tally.accepted != posts.accepted {
        wrong.push(format!(
            "the form tools were told that {} fills are stored, and {} are",
            posts.accepted, tally.accepted
        ));
    }
    if posts.failed > 0 {
        wrong.push(format!("{} fills were not taken", posts.failed));
    }
    let dead: i64 = tally.jobs.values().map(|jobs| jobs.dead).sum();
    if dead > 0 {
        wrong.push(format!("{dead} jobs were given up"));
    }
    wrong
}

fn is_same(tally: &Tally, recount: &Tally) -> bool {
    (tally.accepted, &tally.fates, &tally.states)
        == (recount.accepted, &recount.fates, &recount.states)
}

/// `200 accepted = 188 opened + 9 joined + …`, without what is zero.
fn sum(
    name: &str,
    total: i64,
    parts: &BTreeMap<&'static str, i64>,
    order: &[&'static str],
) -> String {
    let parts: Vec<String> = order
        .iter()
        .filter_map(|word| Some((word, parts.get(word).copied().filter(|count| *count > 0)?)))
        .map(|(word, count)| format!("{count} {}", word.replace('_', " ")))
        .collect();
    let parts = if parts.is_empty() { "0".to_owned() } else { parts.join(" + ") };
    format!("{total} {name} = {parts}")
}

fn turned_away(posts: &Posts) -> String {
    format!(
        "{} refused, {} recognised",
        count(posts.refused, "forged post", "forged posts"),
        count(posts.duplicates, "repeated delivery", "repeated deliveries")
    )
}

fn times(posts: &Posts, score: &Score) -> String {
    let stages = [
        ("stored", &posts.stored),
        ("decided", &score.decided),
        ("in the CRM", &score.written),
        ("told", &score.told),
    ];
    let of = |spans: &[Span], percent| percentile(spans, percent).map_or("-".to_owned(), millis);
    let stages =
        stages.map(|(name, spans)| format!("{name} {} / {}", of(spans, 50), of(spans, 99)));
    format!(
        "from arrival, median / 99 % on this machine: {}. The CRM is asked before deciding who has \
         the person, and takes four searches a second.",
        stages.join(" · ")
    )
}

fn reps(house: &House, screen: Screen, score: &Score) {
    let book = (house.front.book)();
    let row = |name: &str, [got, answered, late, lost]: [String; 4]| {
        format!("{name:<18}{got:>6}{answered:>10}{late:>7}{lost:>12}")
    };
    let heads = ["got", "answered", "late", "passed on"].map(str::to_owned);
    screen.sum_up(&Line::named("").with(Ink::Quiet, row("", heads)));
    for (id, part) in &score.reps {
        let name = book.reps.get(id).map_or(id.as_str(), |rep| rep.name.as_str());
        let counts = [part.got, part.answered, part.late, part.lost].map(|count| count.to_string());
        screen.sum_up(&Line::named("").text(row(name, counts)));
    }
}

/// The CRM held against the leads.
#[derive(Debug, Default)]
struct Agreement {
    records: usize,
    second: usize,
    owned: usize,
    wrong: Vec<String>,
}

async fn agreement(house: &House, leads: &[Lead]) -> StoreResult<Agreement> {
    let records = house.crm.records();
    let mut by_key: BTreeMap<&str, Vec<&Record>> = BTreeMap::new();
    let mut by_email: BTreeMap<&str, usize> = BTreeMap::new();
    for record in &records {
        by_key.entry(record.text("handoff_id")).or_default().push(record);
        *by_email.entry(record.text("email")).or_default() += 1;
    }
    let second = by_email.values().map(|count| count.saturating_sub(1)).sum();
    let mut found = Agreement { records: records.len(), second, ..Agreement::default() };
    if second > 0 {
        found.wrong.push(format!("the CRM has {second} people twice"));
    }
    let book = (house.front.book)();
    for lead in leads.iter().filter(|lead| lead.state != State::Waiting) {
        let id = lead.uuid.to_string();
        let there = by_key.get(id.as_str()).map_or(&[][..], Vec::as_slice);
        let ours = lead.owner.as_ref().and_then(|owner| book.reps.get(owner)?.crm.get(CRM));
        let owner = lead.outside_owner.as_ref().or(ours);
        found.owned += usize::from(lead.owner.is_some());
        match there {
            [record] => {
                let shown = record.text("hubspot_owner_id");
                if shown != owner.map_or("", String::as_str) && !is_under_way(house, lead).await? {
                    found.wrong.push(format!("the CRM shows another owner for the lead {id}"));
                }
            }
            [] if is_under_way(house, lead).await? => {}
            many => found.wrong.push(format!("the lead {id} is {} times in the CRM", many.len())),
        }
    }
    Ok(found)
}

/// Whether a write of this lead is still to be done: only after a stop in the middle.
async fn is_under_way(house: &House, lead: &Lead) -> StoreResult<bool> {
    let story = house.store.lead(lead.uuid).await?;
    Ok(story
        .is_some_and(|story| story.jobs.iter().any(|job| job.destination == CRM && !job.is_dead)))
}

async fn all_leads(house: &House) -> StoreResult<Vec<Lead>> {
    let (mut leads, mut before) = (Vec::new(), None);
    loop {
        let filter = LeadFilter { before, max: PAGE_MAX, ..LeadFilter::default() };
        let page = house.store.leads(filter).await?;
        leads.extend(page.rows.into_iter().map(|row| row.lead));
        before = page.next;
        if before.is_none() {
            return Ok(leads);
        }
    }
}
