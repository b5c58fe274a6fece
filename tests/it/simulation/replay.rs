//! Every decision once more, from what is recorded: the same bytes, and what they add up to.
//!
//! Guarantees: the leads, turns and absences made of nothing but the decisions are those of the
//! store. Turns and rungs are counted apart from the code that deals them out.
//! Does not know: the store's rows.

use std::collections::{BTreeMap, HashMap};

use handoff::{
    decide,
    model::{
        event::{Event, Fate},
        id::{EventId, LeadId},
        job::JobKind,
        lead::{Lead, State},
        plan::{Decided, Input, Plan, Snapshot, Step, Wanted, What},
        team::Team,
        time::Span,
    },
    rulebook::{Rulebook, StepAt},
};

use super::rulebooks;
use crate::harness::desk;

/// What jobs a decision wanted, and which it dropped.
#[derive(Debug)]
pub struct Want {
    pub lead: LeadId,
    pub kind: JobKind,
    pub destination: String,
    pub seq: i64,
    pub is_drop: bool,
}

/// All that decisions look at, made of nothing but their plans.
#[derive(Default)]
pub struct Replay {
    pub leads: BTreeMap<i64, Lead>,
    pub team: Team,
    pub wants: Vec<Want>,
    /// Turns given, less those given back, by pool and rep.
    pub turns: BTreeMap<(String, String), i64>,
    pub wrong: Vec<String>,
    people: HashMap<String, i64>,
    /// Firings of each step of a lead's present ladder: plain ones, then pages.
    fired: HashMap<(LeadId, usize, bool), u32>,
}

impl Replay {
    /// Decides everything again.
    pub fn of(
        history: &[Decided],
        events: &BTreeMap<EventId, Event>,
        editions: &BTreeMap<u32, u8>,
    ) -> Self {
        let mut replay = Self::default();
        for want in history {
            let version = want.decision.rulebook;
            let Some(variant) = editions.get(&version) else {
                replay.wrong.push(format!("I21: there is no rulebook {version}"));
                break;
            };
            if !replay.again(&rulebooks::compiled(*variant, version), want, events) {
                break; // all that follows would differ too
            }
        }
        replay
    }

    /// One decision; answers whether it came out the same.
    fn again(
        &mut self,
        book: &Rulebook,
        want: &Decided,
        events: &BTreeMap<EventId, Event>,
    ) -> bool {
        let seq = want.seq.0;
        let step = match want.event.map(|id| events.get(&id)) {
            Some(Some(event)) => desk::step(book, event),
            Some(None) => {
                self.wrong.push(format!("I5: decision {seq} is about an event that is not there"));
                return false;
            }
            None => Step { event: None, input: Input::Review },
        };
        let before = match step.wanted() {
            Wanted::Person(who) => who.iter().find_map(|one| self.people.get(&one.full())).copied(),
            Wanted::Lead(uuid) => {
                self.leads.values().find(|lead| lead.uuid == uuid).map(|lead| lead.id.0)
            }
            Wanted::Nothing => want.lead.map(|lead| lead.0),
        };
        let before = before.and_then(|id| self.leads.get(&id)).cloned();
        let snapshot = Snapshot { lead: before.as_ref(), company: None, team: &self.team };
        let at = want.decision.at;
        let mut plan = decide::decide(book, &desk::reach(), &snapshot, &step, at);
        let id = match plan.fate {
            Some(Fate::Opened) => want.event.map(|event| LeadId(event.0)),
            _ => before.as_ref().map(|lead| lead.id),
        };
        let Some(decision) = plan.decision.take() else {
            self.wrong.push(format!("I8: decision {seq} decided again is none: {want:?}"));
            return false;
        };
        let lead = id.filter(|_| plan.fate != Some(Fate::Rejected));
        let made = Decided { seq: want.seq, lead, event: want.event, decision };
        if serde_json::to_vec(&made).ok() != serde_json::to_vec(want).ok() {
            self.wrong
                .push(format!("I8: decision {seq} decided again differs:\n{made:?}\n{want:?}"));
            return false;
        }
        if let Some(lead) = lead {
            self.want(lead, &plan, seq);
            self.count_turns(book, before.as_ref(), &made);
            self.count_rungs(book, before.as_ref(), lead, &made, &plan);
        }
        self.apply(plan, before.as_ref(), id, &made);
        true
    }

    fn apply(&mut self, plan: Plan, before: Option<&Lead>, id: Option<LeadId>, made: &Decided) {
        self.team.apply(&plan.team);
        if let (Some(mut lead), Some(id)) = (plan.lead, id) {
            (lead.id, lead.revision) = (id, made.seq);
            self.team.move_open(before.and_then(open), open(&lead));
            self.team.move_late(before.and_then(late), late(&lead));
            for identity in &plan.identities {
                let newest = self.people.entry(identity.full()).or_insert(id.0);
                *newest = id.0.max(*newest);
            }
            self.leads.insert(id.0, lead);
        }
    }

    fn want(&mut self, lead: LeadId, plan: &Plan, seq: i64) {
        let dropped = plan.dropped.iter().map(|(kind, to)| (*kind, to, true));
        let wanted = plan.jobs.iter().map(|job| (job.kind, &job.destination, false));
        for (kind, destination, is_drop) in dropped.chain(wanted) {
            let destination = destination.clone();
            self.wants.push(Want { lead, kind, destination, seq, is_drop });
        }
    }

    /// A lead that a rotation gives costs one turn; one that is taken away gives it back.
    fn count_turns(&mut self, book: &Rulebook, before: Option<&Lead>, made: &Decided) {
        let why = &made.decision.why;
        let Some(owner) = why.get("owner").and_then(|owner| owner.as_str()) else { return };
        let old = before.and_then(|lead| lead.owner.as_deref());
        let what = made.decision.what;
        let is_again = matches!(what, What::Reopened | What::Joined) && old == Some(owner);
        if is_again {
            return;
        }
        if let Some(pool) = why.get("pool").and_then(|pool| pool.as_str()) {
            *self.turns.entry((pool.to_owned(), owner.to_owned())).or_default() += 1;
        }
        let is_hand_over = matches!(what, What::Reassigned | What::OwnerKept);
        let from = before.and_then(|lead| lead.pool.as_deref());
        if let (true, Some(old), Some(from)) = (is_hand_over && old != Some(owner), old, from) {
            let is_member = book
                .pools
                .get(from)
                .is_some_and(|pool| pool.members.iter().any(|member| member.rep() == Some(old)));
            if is_member {
                *self.turns.entry((from.to_owned(), old.to_owned())).or_default() -= 1;
            }
        }
    }

    /// No rung fires before its time, nor more often than the ladder says.
    fn count_rungs(
        &mut self,
        book: &Rulebook,
        before: Option<&Lead>,
        lead: LeadId,
        made: &Decided,
        plan: &Plan,
    ) {
        let why = &made.decision.why;
        let steps = |key: &str| -> Vec<usize> {
            let list = why.get(key).and_then(|list| list.as_array());
            list.into_iter()
                .flatten()
                .filter_map(serde_json::Value::as_u64)
                .map(|one| one as usize)
                .collect()
        };
        let ladder = before.and_then(|lead| lead.ladder.as_ref());
        for (step, is_skipped) in steps("steps")
            .into_iter()
            .map(|step| (step, false))
            .chain(steps("skipped_as_late").into_iter().map(|step| (step, true)))
        {
            let sla = ladder.and_then(|ladder| {
                book.slas.get(&ladder.sla).or_else(|| book.slas.get(&book.default_sla))
            });
            let rung = sla
                .and_then(|sla| book.escalations.get(&sla.escalation))
                .and_then(|escalation| escalation.steps.get(step));
            let (Some(ladder), Some(sla), Some(rung)) = (ladder, sla, rung) else {
                self.wrong.push(format!("I11: step {step} of no ladder fired ({})", made.seq.0));
                continue;
            };
            let is_page = rung.page.is_some();
            let deadline = if is_page { ladder.first_deadline } else { ladder.deadline };
            // Working time is never shorter than time.
            let earliest = match rung.at {
                StepAt::Percent(100) => deadline,
                StepAt::Percent(percent) => {
                    let share = sla.respond_within.0 * i64::from(percent) / 100;
                    ladder.started_at.plus(Span(share))
                }
                StepAt::LateBy(span) => deadline.plus(span),
            };
            if made.decision.at < earliest {
                let early = earliest.since(made.decision.at);
                self.wrong.push(format!(
                    "I11: step {step} of lead {} fired {early} early (skipped: {is_skipped})",
                    lead.0
                ));
            }
            let times = rung.repeat.map_or(1, |repeat| repeat.times.max(1));
            let count = self.fired.entry((lead, step, is_page)).or_default();
            *count += 1;
            if *count > times {
                self.wrong.push(format!(
                    "I11: step {step} of lead {} fired {count} times of {times}",
                    lead.0
                ));
            }
        }
        if let Some(after) = plan.lead.as_ref().and_then(|lead| lead.ladder.as_ref())
            && why.contains_key("owner")
        {
            let is_new = after.pages_done == 0;
            self.fired.retain(|(of, _, is_page), _| *of != lead || *is_page && !is_new);
        }
    }
}

/// Who has it open.
fn open(lead: &Lead) -> Option<&str> {
    lead.owner.as_deref().filter(|_| lead.state == State::Assigned)
}

/// Who has it open and past its deadline.
fn late(lead: &Lead) -> Option<&str> {
    open(lead).filter(|_| lead.ladder.as_ref().is_some_and(|ladder| ladder.is_late))
}
