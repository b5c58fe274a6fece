//! What happened, said in one line for somebody who watches.
//!
//! Guarantees: said from what the decision recorded and the lead as the store has it; a stranger's
//! text is shown as [`shown`](super::screen::shown) makes it.
//! Does not know: what is private to the simulation.

use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, de::DeserializeOwned};

use super::{
    amount::minutes,
    forms::Tool,
    screen::{Ink, Line, shown},
};
use crate::{
    decide::{available::Standing, rotate::Candidate},
    model::{
        lead::{Lead, Waiting},
        news::{Outcome, Response, ResponseKind},
        plan::{Decision, What},
        team::Away,
        time::Time,
    },
    rulebook::{Rulebook, Tell},
};

/// The longest name and company shown, in characters.
const NAME_MAX: usize = 34;

/// The parts of a decision that a line may need.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Said {
    pub rule: Option<String>,
    pub pools: Vec<(String, Vec<Candidate>)>,
    pub owner: Option<String>,
    pub pool: Option<String>,
    pub deadline: Option<Time>,
    pub waiting: Option<Waiting>,
    pub set_aside: Option<String>,
    pub source: Option<String>,
    pub intent: Option<String>,
    pub from: Option<String>,
    pub kept: Option<String>,
    pub paged: Option<String>,
    pub steps: Vec<usize>,
    pub response: Option<Response>,
    pub outcome: Option<Outcome>,
    pub rep: Option<String>,
    pub away: Vec<Away>,
    pub away_until: Option<Time>,
    pub until: Option<Time>,
    pub crm: Option<String>,
    pub reason: Option<String>,
}

impl Said {
    /// Reads a decision.
    #[must_use]
    pub fn of(decision: &Decision) -> Self {
        read(decision)
    }
}

fn read<T: DeserializeOwned + Default>(decision: &Decision) -> T {
    serde_json::from_value(serde_json::Value::Object(decision.why.clone())).unwrap_or_default()
}

/// What lines are written with.
pub struct Words<'a> {
    pub book: &'a Rulebook,
    pub zone: &'a TimeZone,
    pub lead: Option<&'a Lead>,
}

impl Words<'_> {
    /// The line of a decision; none if nobody needs to hear of it, or if it places a lead (see
    /// [`Words::placed`]).
    #[must_use]
    pub fn line(&self, decision: &Decision, said: &Said) -> Option<Line> {
        let line = Line::at(self.clock(decision.at));
        let owner =
            self.rep(said.owner.as_ref().or(self.lead.and_then(|lead| lead.owner.as_ref())));
        let line = match decision.what {
            What::Rejected => line
                .with(Ink::Warn, "A fill could not be read")
                .text(format!(" ({}): ", tool(said.source.as_deref())))
                .text(said.reason.clone().unwrap_or_default())
                .with(Ink::Quiet, " · kept, to be redone when the mapping is mended"),
            What::Joined => line
                .with(Ink::Name, self.who())
                .text(format!(" filled in another form ({})", form(said)))
                .with(Ink::Quiet, format!(" · joined the same lead{}", self.had_by())),
            What::Reopened => line
                .with(Ink::Name, self.who())
                .text(format!(" asks for more ({}) → ", form(said)))
                .with(Ink::Name, owner)
                .text(" again: the lead is open anew")
                .with(Ink::Quiet, self.due(said.deadline)),
            What::Reminded => line.with(
                Ink::Quiet,
                format!("{owner} is reminded of {}{}", self.who(), self.due(self.deadline())),
            ),
            What::Escalated => self.escalated(line, said),
            What::OnIt => line
                .with(Ink::Name, self.rep(said.rep.as_ref()))
                .text(format!(" is on it: {}", self.who()))
                .with(Ink::Quiet, until(" · the ladder waits until ", said.until, self)),
            What::Answered => self.answered(line, decision, said),
            What::OwnerKept => line
                .text("Somebody gave ")
                .with(Ink::Name, self.who())
                .text(" to ")
                .with(Ink::Name, owner)
                .text(" in the CRM")
                .with(Ink::Quiet, " · a person's choice is kept"),
            What::AwayNoted => self.away(line, said),
            // A lead that nobody can take has its own line; the rest is between machines.
            _ => return None,
        };
        Some(line)
    }

    /// The line of a lead that was given to somebody, or waits, or left the road: as far as the
    /// decision says it.
    #[must_use]
    pub fn placed(&self, decision: &Decision, said: &Said) -> Option<Line> {
        let line = Line::at(self.clock(decision.at));
        let line = match decision.what {
            What::Reassigned => {
                let from = self.rep(said.from.as_ref());
                let (line, why) = match (said.away_until, self.lead) {
                    (Some(_), _) => {
                        let line = line.with(Ink::Name, from).with(Ink::Warn, " is out today: ");
                        (line.with(Ink::Name, self.who()).text(" goes"), String::new())
                    }
                    (None, lead) => {
                        let is_second = lead.is_some_and(|lead| lead.had.len() > 1);
                        let why = if is_second { ": still no answer" } else { ": no answer" };
                        let line =
                            line.with(Ink::Warn, "Handed over: ").with(Ink::Name, self.who());
                        (line.text(format!(" from {from}")), why.to_owned())
                    }
                };
                line.text(" → ")
                    .with(Ink::Name, self.rep(said.owner.as_ref()))
                    .text(why + &self.others(said))
            }
            What::Opened | What::Routed | What::Held | What::SetAside => {
                let line = self.arrived(line);
                if let Some(aside) = &said.set_aside {
                    line.with(Ink::Quiet, format!(" → set aside as {aside}: {}", rule(said)))
                } else if let Some(owner) = &said.owner {
                    line.text(" → ").with(Ink::Name, self.rep(Some(owner))).text(format!(
                        ": {}{}",
                        rule(said),
                        self.others(said)
                    ))
                } else {
                    line.with(Ink::Warn, self.waits(said)?)
                }
            }
            _ => return None,
        };
        Some(line)
    }

    /// What comes behind a placed lead: due when.
    #[must_use]
    pub fn due(&self, deadline: Option<Time>) -> String {
        until(" · due ", deadline, self)
    }

    /// The clock of the terminal.
    #[must_use]
    pub fn clock(&self, at: Time) -> String {
        Timestamp::from_millisecond(at.0).map_or_else(
            |_| at.0.to_string(),
            |at| at.to_zoned(self.zone.clone()).strftime("%H:%M").to_string(),
        )
    }

    /// Who it is about: the name, else the address.
    #[must_use]
    pub fn who(&self) -> String {
        let field = |name: &str| {
            let text = self.lead?.fields.untrusted(name).filter(|text| !text.is_blank())?;
            Some(shown(text, NAME_MAX))
        };
        field("name").or_else(|| field("email")).unwrap_or_else(|| "somebody".to_owned())
    }

    /// What a rep is called by colleagues.
    #[must_use]
    pub fn rep(&self, id: Option<&String>) -> String {
        let Some(id) = id else { return "nobody".to_owned() };
        let name = self.book.reps.get(id).map_or(id.as_str(), |rep| rep.name.as_str());
        name.split(' ').next().unwrap_or(name).to_owned()
    }

    fn arrived(&self, line: Line) -> Line {
        let line = line.with(Ink::Name, self.who());
        let Some(lead) = self.lead else { return line };
        let text = |name: &str| {
            let text = lead.fields.untrusted(name).filter(|text| !text.is_blank())?;
            Some(shown(text, NAME_MAX))
        };
        let people = lead.fields.number("employees").map(|number| format!("{number} people"));
        let parts = [text("company"), text("country"), people, Some(tool(Some(&lead.source)))];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        line.text(format!(", {}", parts.join(", "))).with(Ink::Quiet, ", signed")
    }

    /// Who could not take it: "; Emmy and Konrad are away".
    fn others(&self, said: &Said) -> String {
        let mut away: Vec<String> = Vec::new();
        let mut capped: Vec<String> = Vec::new();
        for one in said.pools.iter().flat_map(|(_, candidates)| candidates) {
            let list = match &one.standing {
                Standing::Away { .. } => &mut away,
                Standing::Capped { .. } => &mut capped,
                _ => continue,
            };
            let name = self.rep(Some(&one.rep));
            if !list.contains(&name) {
                list.push(name);
            }
        }
        let words = |names: &[String], word: &str| match names {
            [] => String::new(),
            [one] => format!("; {one} is {word}"),
            [most @ .., last] => format!("; {} and {last} are {word}", most.join(", ")),
        };
        words(&away, "away") + &words(&capped, "at the cap")
    }

    fn waits(&self, said: &Said) -> Option<String> {
        match said.waiting.as_ref()? {
            Waiting::Somebody { pool, until } => Some(format!(
                " → waits: nobody of {pool} is there; until {} at the latest",
                self.clock(*until)
            )),
            Waiting::Claim { pool, until } => Some(format!(
                " → offered to {pool}: the first to take it has it, until {}",
                self.clock(*until)
            )),
            Waiting::Escalated { pool, .. } => {
                Some(format!(" → nobody of {pool} is there; people are told, and it is held"))
            }
            Waiting::Operator { why, .. } => Some(format!(" → waits for an operator: {why}")),
            // It goes on by itself in a moment, and has its line then.
            Waiting::Facts { .. } | Waiting::Fact { .. } => None,
        }
    }

    fn deadline(&self) -> Option<Time> {
        Some(self.lead?.ladder.as_ref()?.deadline)
    }

    fn had_by(&self) -> String {
        let owner = self.lead.and_then(|lead| lead.owner.as_ref());
        owner.map_or_else(String::new, |owner| format!(", {} hears of it", self.rep(Some(owner))))
    }

    fn escalated(&self, line: Line, said: &Said) -> Line {
        let told = self.told(said);
        let due =
            self.deadline().map_or_else(String::new, |at| format!(", due {}", self.clock(at)));
        let kept = said.kept.as_ref().map_or_else(String::new, |why| format!(" · stays: {why}"));
        let line = match &said.paged {
            Some(pager) => line
                .with(Ink::Bad, "Paged: ")
                .with(Ink::Name, self.who())
                .text(format!(" has no answer from anybody · {pager} is called")),
            None => line
                .with(Ink::Warn, "Late: ")
                .with(Ink::Name, self.who())
                .text(format!(" has no answer from {}{due}", self.rep(self.owner()))),
        };
        let told = if told.is_empty() { told } else { format!(" · told: {told}") };
        line.with(Ink::Quiet, format!("{told}{kept}"))
    }

    fn owner(&self) -> Option<&String> {
        self.lead?.owner.as_ref()
    }

    /// Whom the steps that fired told.
    fn told(&self, said: &Said) -> String {
        let ladder = self.lead.and_then(|lead| lead.ladder.as_ref());
        let sla = ladder.and_then(|ladder| self.book.slas.get(&ladder.sla));
        let Some(chain) = sla.and_then(|sla| self.book.escalations.get(&sla.escalation)) else {
            return String::new();
        };
        let steps = said.steps.iter().filter_map(|step| chain.steps.get(*step));
        let mut names: Vec<String> = steps
            .flat_map(|step| &step.tell)
            .filter_map(|tell| match tell {
                Tell::Owner => Some(self.rep(self.owner())),
                Tell::Manager => {
                    let owner = self.owner().and_then(|owner| self.book.reps.get(owner))?;
                    Some(self.rep(Some(owner.manager.as_ref()?)))
                }
                Tell::Rep(rep) => Some(self.rep(Some(rep))),
                Tell::Channel(channel) => Some(format!("#{channel}")),
            })
            .collect();
        names.dedup();
        names.join(", ")
    }

    fn answered(&self, line: Line, decision: &Decision, said: &Said) -> Line {
        let response = said.response.as_ref();
        let at = response.map_or(decision.at, |response| response.at.min(decision.at));
        let by = response.and_then(|response| response.by.as_ref());
        let by = by.filter(|by| self.book.reps.contains_key(*by)).or(self.owner());
        let how = match response.map(|response| response.kind) {
            Some(ResponseKind::Call) => "called",
            Some(ResponseKind::Email) => "mailed",
            Some(ResponseKind::Meeting) => "met",
            Some(ResponseKind::Task) => "task closed",
            Some(ResponseKind::StatusChange) => "status set in the CRM",
            Some(ResponseKind::Word) | None => "by the link in the mail",
        };
        let outcome = match &said.outcome {
            Some(Outcome::Nurture) => ": not now, back to marketing".to_owned(),
            Some(Outcome::NotAFit { why }) => format!(": not a fit, {why}"),
            Some(Outcome::Qualified) | None => String::new(),
        };
        let after = self
            .lead
            .and_then(|lead| lead.assigned_at)
            .map_or_else(String::new, |from| format!(" after {}", minutes(at.since(from))));
        let line = line
            .with(Ink::Good, "Answered: ")
            .with(Ink::Name, self.who())
            .text(" by ")
            .with(Ink::Name, self.rep(by))
            .text(after);
        let line = match self.deadline().filter(|deadline| at > *deadline) {
            Some(deadline) => {
                line.with(Ink::Warn, format!(", {} late", minutes(at.since(deadline))))
            }
            None => line,
        };
        line.with(Ink::Quiet, format!(" · {how}{outcome}"))
    }

    fn away(&self, line: Line, said: &Said) -> Line {
        let line = line.with(Ink::Name, self.rep(said.rep.as_ref()));
        match said.away.last().and_then(|away| away.until) {
            Some(until) => line
                .with(Ink::Warn, " is out today")
                .with(Ink::Quiet, format!(" · gets nothing until {}", self.clock(until))),
            None => line.text(" is back").with(Ink::Quiet, " · neither a flood nor a fast"),
        }
    }
}

fn until(before: &str, at: Option<Time>, words: &Words<'_>) -> String {
    at.map_or_else(String::new, |at| format!("{before}{}", words.clock(at)))
}

fn tool(source: Option<&str>) -> String {
    let source = source.unwrap_or("a source");
    Tool::of(source).map_or_else(|| source.to_owned(), |tool| tool.word().to_owned())
}

fn form(said: &Said) -> String {
    let tool = tool(said.source.as_deref());
    said.intent.as_ref().map_or_else(|| tool.clone(), |intent| format!("{tool}, {intent}"))
}

/// The rule, and the pool if it is called otherwise.
fn rule(said: &Said) -> String {
    let rule = said.rule.clone().unwrap_or_default();
    match said.pool.as_ref().filter(|pool| **pool != rule) {
        Some(pool) => format!("{rule}, {pool}"),
        None => rule,
    }
}
