//! A lead as a card: what a person must see of it at a glance.
//!
//! Guarantees: everything a stranger typed is [`Markup`]; names of rules, pools and people come
//! from the rulebook. Does not know: which column it stands in, or how it is laid out.

use uuid::Uuid;

use super::show::{Markup, Moment, Person, rough};
use crate::{
    model::{
        country,
        field::{Field, Fields},
        lead::{Lead, State, Waiting},
        news::Outcome,
        time::Time,
    },
    rulebook::Rulebook,
};

/// Characters of a stranger's text on a card.
const LINE: usize = 60;

/// A lead on the board.
#[derive(Clone, Debug)]
pub struct Card {
    /// Its public id.
    pub uuid: Uuid,
    /// Its revision, for the browser to see what has changed.
    pub revision: i64,
    /// Who it is.
    pub who: Markup,
    /// The company.
    pub company: Option<Markup>,
    /// Country, size, what was asked for.
    pub traits: Vec<Markup>,
    /// The source of the first fill.
    pub source: String,
    /// How many fills, when more than one.
    pub fills: Option<u32>,
    /// Who has it.
    pub owner: Option<Person>,
    /// How many had it before.
    pub had: usize,
    /// The rule that placed it.
    pub rule: Option<String>,
    /// The pool that gave it.
    pub pool: Option<String>,
    /// The deadline, while it is owed an answer.
    pub due: Option<Due>,
    /// The instant that orders the column: arrived or answered.
    pub since: Moment,
    /// How long the buyer waited for the answer.
    pub took: Option<String>,
    /// What else is to be known now.
    pub note: Option<Note>,
}

/// A deadline.
#[derive(Clone, Debug)]
pub struct Due {
    /// When.
    pub at: Moment,
    /// The same in milliseconds, for the countdown.
    pub at_ms: i64,
    /// When the clock started.
    pub from_ms: i64,
    /// Where the countdown stands now, for browsers without scripts.
    pub left: String,
    /// Whether it has passed.
    pub is_late: bool,
    /// How much of the time is used, in percent up to 100.
    pub used: u8,
}

/// A line under a card.
#[derive(Clone, Debug)]
pub struct Note {
    /// The words before the instant.
    pub text: String,
    /// An instant it runs to.
    pub until: Option<Moment>,
    /// Whether a person must do something.
    pub needs_a_person: bool,
}

impl Card {
    /// The card of a lead at `now`.
    #[must_use]
    pub fn of(book: &Rulebook, lead: &Lead, now: Time) -> Self {
        let since = lead.answered_at.unwrap_or(lead.opened_at);
        let is_owed = lead.state == State::Assigned;
        Self {
            uuid: lead.uuid,
            revision: lead.revision.0,
            who: who(&lead.fields),
            company: lead.fields.untrusted("company").map(|text| Markup::line(text, LINE)),
            traits: traits(lead),
            source: lead.source.clone(),
            fills: (lead.fills > 1).then_some(lead.fills),
            owner: lead.owner.as_ref().map(|id| person(book, id)),
            had: lead.had.len(),
            rule: lead.rule.clone(),
            pool: lead.pool.clone(),
            due: is_owed.then(|| due(lead, now)).flatten(),
            since: Moment::new(since, now),
            took: lead.answered_at.map(|at| rough(at.since(lead.filled_at.min(at)))),
            note: note(lead, now),
        }
    }
}

/// Who a lead is: the name, else the address, else the number.
#[must_use]
pub fn who(fields: &Fields) -> Markup {
    ["name", "email", "phone"]
        .iter()
        .filter_map(|name| fields.untrusted(name))
        .find(|text| !text.is_blank())
        .map_or_else(
            || Markup::quoting("somebody without a name", LINE),
            |text| Markup::line(text, LINE),
        )
}

/// A rep by name; the id if the rulebook does not know it.
#[must_use]
pub fn person(book: &Rulebook, id: &str) -> Person {
    Person::new(id, book.reps.get(id).map_or(id, |rep| rep.name.as_str()))
}

fn traits(lead: &Lead) -> Vec<Markup> {
    let fields = &lead.fields;
    let intent = lead.intent.as_deref().map(|intent| Markup::quoting(intent, LINE));
    let country = fields.untrusted("country").map(|text| {
        country::name(text.as_str_for_logic())
            .map_or_else(|| Markup::line(text, 30), |name| Markup::quoting(name, 30))
    });
    let size = match fields.0.get("employees") {
        Some(Field::Number(number)) => Some(Markup::quoting(&format!("{number} people"), 30)),
        Some(Field::Text(text)) => Some(Markup::line(text, 30)),
        _ => None,
    };
    let industry = fields.untrusted("industry").map(|text| Markup::line(text, 30));
    [intent, country, size, industry].into_iter().flatten().collect()
}

/// The deadline of a lead, counted from when its owner's clock started.
#[must_use]
pub fn due(lead: &Lead, now: Time) -> Option<Due> {
    let ladder = lead.ladder.as_ref()?;
    let left = ladder.deadline.since(now);
    let whole = ladder.deadline.since(ladder.started_at).0.max(1);
    let used = now.since(ladder.started_at).0.clamp(0, whole).saturating_mul(100) / whole;
    Some(Due {
        at: Moment::new(ladder.deadline, now),
        at_ms: ladder.deadline.0,
        from_ms: ladder.started_at.0,
        left: rough(left),
        is_late: left.0 <= 0,
        used: u8::try_from(used).unwrap_or(100),
    })
}

/// The one thing more that matters about a lead in its state.
fn note(lead: &Lead, now: Time) -> Option<Note> {
    let said = |text: String, until: Option<Time>| Note {
        text,
        until: until.map(|until| Moment::new(until, now)),
        needs_a_person: false,
    };
    if lead.state == State::Assigned {
        let ladder = lead.ladder.as_ref()?;
        return match (ladder.on_it_until, ladder.asking_until) {
            (Some(until), _) if now < until => Some(said("on it until".to_owned(), Some(until))),
            (_, Some(until)) => Some(said("asking the CRM until".to_owned(), Some(until))),
            _ if !lead.paged.is_empty() => Some(Note {
                needs_a_person: true,
                ..said("paged: nobody has answered".to_owned(), None)
            }),
            _ => None,
        };
    }
    match (&lead.waiting, &lead.outcome) {
        (Some(Waiting::Facts { until }), _) => {
            Some(said("asking the CRM who knows this person, until".to_owned(), Some(*until)))
        }
        (Some(Waiting::Fact { rule, until }), _) => {
            Some(said(format!("{rule} waits for a missing fact until"), Some(*until)))
        }
        (Some(Waiting::Somebody { pool, until }), _) => {
            Some(said(format!("nobody of {pool} is there; waits until"), Some(*until)))
        }
        (Some(Waiting::Claim { pool, until }), _) => Some(said(
            format!("offered to {pool}: the first to take it has it, until"),
            Some(*until),
        )),
        (Some(Waiting::Escalated { pool, .. }), _) => Some(Note {
            needs_a_person: true,
            ..said(format!("nobody of {pool} is there; held until somebody is"), None)
        }),
        (Some(Waiting::Operator { why, .. }), _) => {
            Some(Note { needs_a_person: true, ..said(why.clone(), None) })
        }
        (None, Some(Outcome::Qualified) | None) => None,
        (None, Some(outcome)) => Some(said(outcome_words(outcome), None)),
    }
}

/// What became of a lead, in words.
#[must_use]
pub fn outcome_words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Qualified => "answered".to_owned(),
        Outcome::Nurture => "nurture".to_owned(),
        Outcome::NotAFit { why } => format!("not a fit: {why}"),
    }
}
