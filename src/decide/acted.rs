//! What a person did on a link: on it, answered, out today, not one for me.
//!
//! Guarantees: only the owner's word moves a lead (or their manager's, about being out); "on it"
//! buys a bounded time; a lead that is refused goes to somebody free who has not had it, and stays
//! where it is if there is nobody. Does not know: links and pages.

use super::{
    Desk, absent, answer, assign, available,
    look::Look,
    note, review,
    rotate::{self, Taken},
};
use crate::model::{
    lead::{Ladder, Lead, State},
    news::{Absence, Act, Response, ResponseKind},
    plan::{Plan, What},
    team::Away,
    time::Span,
};

/// Decides what somebody did.
#[must_use]
pub fn decide(desk: Desk<'_>, lead: &Lead, rep: &str, act: &Act) -> Plan {
    match act {
        Act::OnIt => on_it(desk, lead, rep),
        Act::Answered { outcome } => {
            let word = Response {
                kind: ResponseKind::Word,
                at: desk.now,
                by: Some(rep.to_owned()),
                evidence: None,
            };
            answer::decide(desk, lead.clone(), Some(&word), Some(outcome))
        }
        Act::OutToday => out_today(desk, lead, rep),
        Act::OwnerOut => {
            let owner = lead.owner.as_ref().and_then(|owner| desk.book.reps.get(owner));
            let own = owner.filter(|owner| owner.manager.as_deref() == Some(rep));
            own.map_or_else(Plan::nothing, |owner| out_today(desk, lead, &owner.id))
        }
        Act::Refused { why } => refused(desk, lead, rep, why),
    }
}

/// How often "on it" may be said on one clock: it buys time, and not for ever.
const ON_ITS_MAX: u32 = 2;

/// "On it" buys a bounded time; then the ladder goes on.
fn on_it(desk: Desk<'_>, lead: &Lead, rep: &str) -> Plan {
    if lead.state == State::Waiting {
        return claimed(desk, lead, rep);
    }
    let is_theirs = lead.state == State::Assigned && lead.owner.as_deref() == Some(rep);
    let mut lead = lead.clone();
    let can = |ladder: &&mut Ladder| is_theirs && ladder.on_its < ON_ITS_MAX;
    let Some(ladder) = lead.ladder.as_mut().filter(can) else {
        return Plan::nothing();
    };
    ladder.on_its += 1;
    let span = desk.book.slas.get(&ladder.sla).map_or(Span::minutes(15), |sla| sla.on_it);
    let until = desk.now.plus(span);
    ladder.on_it_until = Some(until);
    ladder.asking_until = None;
    let mut decision = note::decision(desk, What::OnIt);
    note::put(&mut decision, "rep", rep);
    note::put(&mut decision, "until", until);
    let review = assign::next_review(desk, &lead);
    Plan { review, decision: Some(decision), lead: Some(lead), ..Plan::nothing() }
}

/// The first who says "on it" gets a lead that was offered, even if another cap of theirs was
/// reached meanwhile. Everybody's words are decided one after the other, so there is one first.
fn claimed(desk: Desk<'_>, lead: &Lead, rep: &str) -> Plan {
    let offer = lead.offers.iter().find(|offer| offer.to.iter().any(|to| to == rep));
    let is_here = || {
        let rep = desk.book.reps.get(rep);
        rep.is_some_and(|rep| !available::of_named(desk, rep).is_gone())
    };
    let Some(offer) = offer.filter(|_| is_here()) else { return Plan::nothing() };
    let look = Look { anyway: true, ..Look::only(&[], rep) };
    let pool = desk.book.pools.get(&offer.pool);
    let pick = pool.map(|pool| rotate::pick(desk, pool, look)).unwrap_or_default();
    let taken = pick.taken.unwrap_or_else(|| Taken::by_name(rep, true));
    let mut decision = note::decision(desk, What::OnIt);
    note::put(&mut decision, "rep", rep);
    note::put(&mut decision, "offer", offer);
    note::put(&mut decision, "pools", pick.looked);
    assign::claimed(desk, lead.clone(), taken, decision)
}

/// "I'm out today": the rep gets nothing more today, and this lead goes to somebody free.
fn out_today(desk: Desk<'_>, lead: &Lead, rep: &str) -> Plan {
    let Some(known) = desk.book.reps.get(rep) else { return Plan::nothing() };
    let until = available::day_end(desk, known);
    let away =
        Away { absence: Absence::Out, from: desk.now, until: Some(until), is_from_calendar: false };
    let mut plan = absent::begins(desk, rep, away);
    if lead.state != State::Assigned || lead.owner.as_deref() != Some(rep) {
        return plan;
    }
    let mut had = lead.had.clone();
    had.push(rep.to_owned());
    if let Some((taken, looked)) = review::free_for(desk, lead, Look::free(&had)) {
        let mut decision = note::decision(desk, What::Reassigned);
        note::put(&mut decision, "from", rep);
        note::put(&mut decision, "away_until", until);
        note::put(&mut decision, "pools", looked);
        let team = std::mem::take(&mut plan.team);
        plan = assign::hand_over(desk, lead.clone(), taken, decision);
        plan.team.extend(team);
    }
    plan
}

/// "Not one for me": somebody free gets it who has not had it, and the turn is given back. If nobody
/// is, it stays where it is and its clock runs on: what one person refuses must not be lost.
fn refused(desk: Desk<'_>, lead: &Lead, rep: &str, why: &str) -> Plan {
    if lead.state != State::Assigned || lead.owner.as_deref() != Some(rep) {
        return Plan::nothing();
    }
    let mut had = lead.had.clone();
    had.push(rep.to_owned());
    let mut decision = note::decision(desk, What::Reassigned);
    note::put(&mut decision, "from", rep);
    note::put(&mut decision, "refused", why);
    if let Some((taken, looked)) = review::free_for(desk, lead, Look::free(&had)) {
        note::put(&mut decision, "pools", looked);
        return assign::hand_over(desk, lead.clone(), taken, decision);
    }
    decision.what = What::Noted;
    note::put(&mut decision, "kept", review::Kept::NobodyFree.why());
    Plan { decision: Some(decision), lead: Some(lead.clone()), ..Plan::nothing() }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{
            explain,
            sample::{World, book},
        },
        *,
    };
    use crate::model::news::News;

    fn refuse(world: &mut World, rep: &str) -> Plan {
        let (lead, rep) = (world.lead().uuid, rep.to_owned());
        let act = Act::Refused { why: "my brother".into() };
        world.news(News::Acted { lead, rep, act })
    }

    #[test]
    fn a_refused_lead_goes_on_and_the_turn_comes_again() {
        let mut world = World::new(book());
        assert_eq!(world.another(), "ada");
        assert!(refuse(&mut world, "grace").decision.is_none(), "it is not hers to refuse");
        let plan = refuse(&mut world, "ada");
        assert_eq!(world.lead().owner.as_deref(), Some("grace"));
        assert_eq!(world.lead().had, ["ada"]);
        let turn = world.team.rotations["inbound"].turns["ada"];
        assert!(turn.received == 0 && turn.owed > 0.9, "{turn:?}");
        let said = explain::sentence(&world.book, plan.decision.as_ref().unwrap());
        assert!(said.contains("since ada refused it: my brother"), "{said}");
        world.now = world.now.plus(Span::seconds(1));
        for _ in 0..8 {
            world.another();
        }
        let turns = &world.team.rotations["inbound"].turns;
        let got = ["ada", "grace", "konrad"].map(|rep| turns[rep].received);
        assert_eq!(got, [3, 3, 3]);
    }

    #[test]
    fn what_everybody_refuses_stays_with_the_last_and_its_clock_runs_on() {
        let mut world = World::new(book());
        world.another();
        for rep in ["ada", "grace"] {
            refuse(&mut world, rep);
        }
        let review = world.review;
        let plan = refuse(&mut world, "konrad");
        assert_eq!(world.lead().owner.as_deref(), Some("konrad"), "everybody else has had it");
        assert_eq!((world.lead().state, world.review), (State::Assigned, review));
        let said = explain::sentence(&world.book, plan.decision.as_ref().unwrap());
        assert!(said.starts_with("konrad refused it (my brother); it stays"), "{said}");
        let owed =
            ["ada", "grace", "konrad"].map(|rep| world.team.rotations["inbound"].turns[rep].owed);
        assert!(owed[0] > 0.9 && owed[1] > 0.9 && owed[2] < 0.1, "{owed:?}");
    }
}
