//! A lead's page: who it is, why it is where it is, and everything that happened.
//!
//! Guarantees: sentences are those of `decide::explain`; every value a stranger typed is escaped
//! and none becomes a link. Does not know: the rulebook of an older decision; it says so when the
//! rules shown are newer than the decision.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use askama::Template;
use uuid::Uuid;

use super::{
    super::Front,
    answer::{BELOW, Notice, page, store_failed},
    card::{self, Card},
    open, session,
    show::{Markup, Moment},
    stages::{Stage, stages},
};
use crate::{
    decide::explain::{self, Why},
    model::{
        event::{Event, EventKind},
        field::Field,
        job::JobKind,
        lead::State,
        plan::What,
        time::Time,
    },
    rulebook::{Rulebook, condition::Tri},
    store::LeadStory,
};

/// Characters of a stranger's text on this page.
const TEXT: usize = 1_000;

/// Everything on the page.
#[derive(Clone, Debug, Template)]
#[template(path = "lead.html")]
pub struct LeadPage {
    /// The way to the root of the pages.
    pub root: &'static str,
    /// What the board shows of it.
    pub card: Card,
    /// Its state, for people.
    pub state: &'static str,
    /// Its state, for style sheets.
    pub class: &'static str,
    /// Our time, for countdowns.
    pub now_ms: i64,
    /// The minute from marketing to sales, step by step.
    pub steps: Vec<Stage>,
    /// Why it is where it is.
    pub why: Option<WhyView>,
    /// What changed its owner since then.
    pub since: Option<Markup>,
    /// Its fields.
    pub fields: Vec<(String, Markup)>,
    /// Its records in CRMs: connection, record, when it was written.
    pub links: Vec<(String, Markup, Moment)>,
    /// Work that is open or was given up.
    pub jobs: Vec<Work>,
    /// Everything that happened, the newest first.
    pub lines: Vec<Happened>,
}

/// Why, ready to show.
#[derive(Clone, Debug)]
pub struct WhyView {
    /// The whole in one sentence.
    pub headline: Markup,
    /// The rule that decided, said back.
    pub rule: Option<Markup>,
    /// Which account it was matched to and why, and who else came close.
    pub account: Option<(Markup, Vec<Markup>)>,
    /// Rules in order: class, id, why not.
    pub rules: Vec<(&'static str, String, Markup)>,
    /// Candidates.
    pub candidates: Vec<Candidate>,
    /// By which version it was decided, if another one is in force.
    pub older: Option<u32>,
}

/// A candidate of a rotation.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The pool.
    pub pool: String,
    /// Who.
    pub person: super::show::Person,
    /// What the rotation compared.
    pub credit: String,
    /// How they stood.
    pub standing: Markup,
    /// Whether it was their turn.
    pub is_winner: bool,
}

/// Open or dead work.
#[derive(Clone, Debug)]
pub struct Work {
    /// What and where to.
    pub text: String,
    /// When it is due.
    pub due: Moment,
    /// Attempts so far.
    pub attempts: u32,
    /// Whether it was given up.
    pub is_dead: bool,
    /// What went wrong last.
    pub reason: Option<Markup>,
}

/// One line of what happened.
#[derive(Clone, Debug)]
pub struct Happened {
    at: Time,
    /// When.
    pub moment: Moment,
    /// `event`, `decision`, `written` or `told`.
    pub class: &'static str,
    /// In a sentence.
    pub text: Markup,
}

impl LeadPage {
    /// The page of a lead at `now`. `then` is the rulebook that routed it, if it is still to be
    /// had; its rules say why.
    #[must_use]
    pub fn of(book: &Rulebook, then: &Rulebook, story: &LeadStory, now: Time) -> Self {
        let lead = &story.lead;
        Self {
            root: BELOW,
            card: Card::of(book, lead, now),
            state: state_words(lead.state),
            class: lead.state.word(),
            now_ms: now.0,
            steps: stages(story, now),
            why: explain::lead(then, &story.decisions).map(|why| why_view(then, why, now)),
            since: since(book, story, now),
            fields: lead
                .fields
                .0
                .iter()
                .map(|(name, field)| (name.clone(), shown(field)))
                .collect(),
            links: story
                .links
                .iter()
                .map(|(crm, link)| {
                    let at = Moment::to_the_second(link.written_at, now);
                    (crm.clone(), Markup::quoting(&link.record, 80), at)
                })
                .collect(),
            jobs: jobs(story, now),
            lines: lines(book, story, now),
        }
    }
}

const fn state_words(state: State) -> &'static str {
    match state {
        State::Waiting => "waits for somebody",
        State::Assigned => "is owed an answer",
        State::Answered => "was answered",
        State::SetAside => "was set aside",
        State::Observed => "was only watched",
    }
}

fn shown(field: &Field) -> Markup {
    match field {
        Field::Bool(true) => Markup::quoting("yes", 3),
        Field::Bool(false) => Markup::quoting("no", 3),
        Field::Number(number) => Markup::quoting(&number.to_string(), 40),
        Field::Text(text) => Markup::line(text, TEXT),
    }
}

/// The last hand-over after the last routing, which `why` is about.
fn since(book: &Rulebook, story: &LeadStory, now: Time) -> Option<Markup> {
    let is_routing = |why: &serde_json::Map<_, _>| why.contains_key("fields");
    let after = story.decisions.iter().rev().take_while(|one| !is_routing(&one.decision.why));
    let moved = |what| matches!(what, What::Reassigned | What::OwnerKept);
    let last = after.into_iter().find(|one| moved(one.decision.what))?;
    Some(Markup::sentence(&explain::sentence(book, &last.decision), TEXT, now))
}

fn why_view(book: &Rulebook, why: Why<'_>, now: Time) -> WhyView {
    let rule = |rule: explain::RuleWhy| {
        let class = match rule.outcome {
            Tri::True => "yes",
            Tri::False => "no",
            Tri::Unknown => "unknown",
        };
        (class, rule.rule, Markup::quoting(&rule.why, TEXT))
    };
    WhyView {
        headline: Markup::sentence(&why.headline, TEXT, now),
        rule: why.rule.map(|rule| Markup::quoting(&rule, TEXT)),
        account: why.account.map(|account| {
            let others = account.others.iter().map(|other| Markup::quoting(other, TEXT));
            (Markup::quoting(&account.text, TEXT), others.collect())
        }),
        rules: why.rules.iter().map(rule).collect(),
        candidates: why
            .candidates
            .into_iter()
            .map(|one| Candidate {
                person: card::person(book, &one.rep),
                pool: one.pool,
                credit: format!("{:.2}", one.credit),
                standing: Markup::sentence(&one.standing, 120, now),
                is_winner: one.is_winner,
            })
            .collect(),
        older: (why.rulebook != book.version).then_some(why.rulebook),
    }
}

/// A kind of work, in words.
const fn work(kind: JobKind) -> &'static str {
    match kind {
        JobKind::Review => "look at it again",
        JobKind::Write => "write to",
        JobKind::Tell => "tell",
        JobKind::Ask => "ask",
        JobKind::Observe => "look up in",
    }
}

fn jobs(story: &LeadStory, now: Time) -> Vec<Work> {
    story
        .jobs
        .iter()
        .map(|job| Work {
            text: format!("{} {}", work(job.kind), job.destination).trim_end().to_owned(),
            due: Moment::to_the_second(job.due_at, now),
            attempts: job.attempts,
            is_dead: job.is_dead,
            reason: job.reason.as_ref().map(|why| Markup::quoting(why, 300)),
        })
        .collect()
}

fn lines(book: &Rulebook, story: &LeadStory, now: Time) -> Vec<Happened> {
    let line = |at: Time, class: &'static str, text: &str| Happened {
        at,
        moment: Moment::to_the_second(at, now),
        class,
        text: Markup::sentence(text, TEXT, now),
    };
    let mut lines: Vec<Happened> = Vec::new();
    for event in &story.events {
        lines.push(line(event.arrived.received_at, "event", &arrival(book, event)));
    }
    for entry in explain::timeline(book, &story.decisions) {
        lines.push(line(entry.at, "decision", &entry.text));
    }
    for (crm, link) in &story.links {
        lines.push(line(link.written_at, "written", &format!("{crm} has it as {}", link.record)));
    }
    for notice in &story.notices {
        let why = serde_json::to_value(notice.why).ok();
        let why = why.as_ref().and_then(serde_json::Value::as_str).unwrap_or("told");
        let text = format!("Told {}: {}", notice.destination, why.replace('_', " "));
        lines.push(line(notice.at, "told", &text));
    }
    // Stable: of one instant, what came in stands before what was decided and done.
    lines.sort_by_key(|line| line.at);
    lines.reverse();
    lines
}

/// What came in, in a sentence without anything a stranger typed.
fn arrival(book: &Rulebook, event: &Event) -> String {
    let source = event.arrived.source.as_str();
    let actor = event.arrived.actor.as_deref().map(|id| card::person(book, id).name);
    match (event.arrived.kind, source.strip_prefix("handoff:"), actor) {
        (EventKind::Fill, ..) => format!("A form fill arrived from {source}"),
        (EventKind::News, Some("link"), Some(actor)) => format!("{actor} used a link"),
        (EventKind::News, Some("api"), Some(actor)) => format!("{actor} asked through the API"),
        (EventKind::News, Some("worker"), _) => "Outside systems answered".to_owned(),
        (EventKind::News, Some(origin), _) => {
            format!("News from {}", origin.rsplit(':').next().unwrap_or(origin))
        }
        (EventKind::News, None, _) => format!("News from {source}"),
    }
}

/// `GET /leads/{lead}`.
pub async fn show(
    request: HttpRequest,
    lead: web::Path<String>,
    front: web::Data<Front>,
) -> HttpResponse {
    if session::of(&front, &request).is_none() {
        return open::closed(&front, &request);
    }
    let Ok(lead) = Uuid::parse_str(&lead) else { return missing(&front) };
    match front.store.lead(lead).await {
        Ok(Some(story)) => {
            let then = front.book_of(&story.decisions).await;
            let shown = LeadPage::of(&(front.book)(), &then, &story, front.clock.now());
            page(&front, StatusCode::OK, &shown)
        }
        Ok(None) => missing(&front),
        Err(error) => store_failed(&front, &error),
    }
}

fn missing(front: &Front) -> HttpResponse {
    page(front, StatusCode::NOT_FOUND, &Notice::new("No such lead", "No lead has this id."))
}
