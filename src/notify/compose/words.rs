//! The sentences of a message: headlines and reasons, short, for a busy reader.
//!
//! Guarantees: no text of a stranger is in them, and no line break, so that a headline can be a
//! mail's subject. Nobody is blamed without proof: "did not answer" is said only when the
//! deadline had passed. Does not know: how a message is shown.

use super::{House, Recipient, Told};
use crate::model::{
    job::Why,
    lead::{Lead, State, Waiting},
    text::Untrusted,
    time::Time,
};

/// The longest name of a person in a sentence.
const NAME_MAX: usize = 60;
/// From so many new leads on, a rep hears of a pile rather than of news.
const PILE: usize = 6;

/// What the reader is to the lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// It is theirs.
    Owner,
    /// It was theirs.
    Former,
    /// A manager, an operator, a channel.
    Other,
}

pub(super) fn role(lead: &Lead, recipient: &Recipient<'_>) -> Role {
    let Some(rep) = recipient.rep else { return Role::Other };
    if lead.owner.as_deref() == Some(&*rep.id) {
        Role::Owner
    } else if lead.had.contains(&rep.id) {
        Role::Former
    } else {
        Role::Other
    }
}

/// The headline of a message about one lead. `due` is its deadline as the reader's clock shows it.
pub(super) fn headline(
    told: &Told<'_>,
    role: Role,
    due: Option<&str>,
    house: &House<'_>,
) -> String {
    let lead = told.lead;
    let owner = lead.owner.as_deref().map(|id| house.name(id));
    let for_whom = match (role, &owner) {
        (Role::Owner, _) | (_, None) => String::new(),
        (_, Some(owner)) => format!(" for {owner}"),
    };
    let by = due.map_or(String::new(), |due| format!(", answer by {due}"));
    match told.why {
        Why::Assigned | Why::Reassigned if role == Role::Former => match owner {
            Some(owner) => format!("Given to {owner}"),
            None => "Taken from you".to_owned(),
        },
        Why::Assigned | Why::Reassigned if role == Role::Owner && !lead.had.is_empty() => {
            format!("Taken over from {}{by}", house.name(before(lead)))
        }
        Why::Reassigned => match (lead.had.last(), owner) {
            (Some(before), Some(owner)) => {
                format!("Moved from {} to {owner}{by}", house.name(before))
            }
            _ => format!("New lead{for_whom}{by}"),
        },
        Why::Assigned => format!("New lead{for_whom}{by}"),
        Why::Offered => match owner {
            Some(owner) => format!("{owner} took it"),
            None => "New lead: yours if you take it first".to_owned(),
        },
        Why::FilledAgain => format!("Asked again{for_whom}{by}"),
        Why::Reminder => {
            format!(
                "Reminder{for_whom}: {}",
                due.map_or("answer now".to_owned(), |due| format!("answer by {due}"))
            )
        }
        Why::Late => format!("Late{for_whom}: {}", was_due(due)),
        Why::Page if lead.state == State::Waiting => "Nobody can take this lead".to_owned(),
        Why::Page => format!("Nobody has answered: {}", was_due(due)),
        Why::PageOver => "Answered".to_owned(),
        Why::Stuck => "Nobody can take this lead".to_owned(),
    }
}

/// The headline of a message about several.
pub(super) fn headline_of_many(told: &[Told<'_>], recipient: &Recipient<'_>) -> String {
    let count = told.len();
    let is_rep = recipient.rep.is_some();
    let all = |whys: &[Why]| told.iter().all(|told| whys.contains(&told.why));
    if all(&[Why::Assigned, Why::Reassigned]) && !(is_rep && count >= PILE) {
        return format!("{count} new leads");
    }
    let what = match told.first().map(|told| told.why) {
        Some(Why::Offered) if all(&[Why::Offered]) => "can be taken",
        Some(Why::FilledAgain) if all(&[Why::FilledAgain]) => "asked again",
        Some(Why::Reminder) if all(&[Why::Reminder]) => "are due soon",
        Some(Why::Late) if all(&[Why::Late]) => "are late",
        Some(Why::Page) if all(&[Why::Page]) => "have no answer",
        Some(Why::PageOver) if all(&[Why::PageOver]) => "are answered",
        Some(Why::Stuck) if all(&[Why::Stuck]) => "cannot be routed",
        _ if is_rep => "are waiting for you",
        _ => "are waiting",
    };
    format!("{count} leads {what}")
}

/// Why it came to this reader.
pub(super) fn because(told: &Told<'_>, role: Role, house: &House<'_>) -> String {
    let lead = told.lead;
    let is_moved = matches!(told.why, Why::Assigned | Why::Reassigned) && !lead.had.is_empty();
    match role {
        Role::Former if is_moved => match &lead.owner {
            Some(owner) => format!("was given to {}{}", house.name(owner), unanswered(lead, house)),
            None => "was taken back".to_owned(),
        },
        Role::Owner if is_moved && has_missed(lead) => {
            format!("{} did not answer in time{}", house.name(before(lead)), place(lead, "; "))
        }
        _ if told.why == Why::Stuck => stuck(lead),
        _ if told.why == Why::Page && lead.state == State::Waiting => stuck(lead),
        _ => place(lead, ""),
    }
}

/// The rule and the pool that gave it, if any.
fn place(lead: &Lead, before: &str) -> String {
    match (&lead.rule, &lead.pool) {
        (Some(rule), Some(pool)) if rule != pool => format!("{before}rule {rule}, pool {pool}"),
        (Some(rule), _) => format!("{before}rule {rule}"),
        (None, Some(pool)) => format!("{before}pool {pool}"),
        (None, None) => String::new(),
    }
}

fn stuck(lead: &Lead) -> String {
    match &lead.waiting {
        Some(Waiting::Somebody { pool, .. }) => format!("nobody in pool {pool} is available"),
        Some(Waiting::Escalated { pool, .. }) => {
            format!("nobody in pool {pool} is available; it is held until somebody is")
        }
        Some(Waiting::Claim { pool, .. }) => format!("nobody in pool {pool} has taken it"),
        Some(Waiting::Operator { why, .. }) => why.clone(),
        Some(Waiting::Fact { rule, .. }) => format!("rule {rule} lacks a fact"),
        Some(Waiting::Facts { .. }) => "the CRM has not said who this is".to_owned(),
        None => place(lead, ""),
    }
}

fn unanswered(lead: &Lead, house: &House<'_>) -> String {
    let sla = lead.ladder.as_ref().and_then(|ladder| house.slas.get(&ladder.sla));
    match sla {
        Some(sla) if has_missed(lead) => {
            format!(" because nobody answered in {}", sla.respond_within)
        }
        _ => String::new(),
    }
}

/// The first deadline had passed when the present owner got it.
fn has_missed(lead: &Lead) -> bool {
    lead.ladder.as_ref().is_some_and(|ladder| ladder.first_deadline <= ladder.started_at)
}

fn before(lead: &Lead) -> &str {
    lead.had.last().map_or("", String::as_str)
}

fn was_due(due: Option<&str>) -> String {
    due.map_or("overdue".to_owned(), |due| format!("was due {due}"))
}

/// The deadline that this reason speaks of; a page is about the first one.
pub(super) fn deadline(lead: &Lead, why: Why) -> Option<Time> {
    let ladder = lead.ladder.as_ref().filter(|_| lead.state == State::Assigned)?;
    match why {
        Why::PageOver => None,
        Why::Page => Some(ladder.first_deadline),
        _ => Some(ladder.deadline),
    }
}

impl House<'_> {
    /// What a person is called, on one line; the id of one whom the rulebook forgot.
    pub(super) fn name(&self, id: &str) -> String {
        let name = self.reps.get(id).map_or(id, |rep| rep.name.as_str());
        Untrusted::from(name).one_line(NAME_MAX).escape_mail_line()
    }
}
