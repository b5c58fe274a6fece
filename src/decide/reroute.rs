//! Re-routing: a lead that is one of many goes to somebody else, or stays with the reason.
//!
//! Guarantees: whoever answered keeps a lead, and so does, unless it is forced, whoever said "on
//! it"; a lead that has another owner than when the run was shown is left alone; nobody loses a
//! lead to one who cannot take it; the old owner's turn is given back. Every lead of a run gets a
//! decision that says what became of it. A preview is the same decisions on a copy of the team.
//! Does not know: which other leads there are.

use super::{
    Desk, Reach, assign, available,
    look::Look,
    note,
    rotate::{self, Candidate, Taken},
    route,
    routed::Place,
};
use crate::{
    model::{
        goal::Goal,
        lead::{Lead, State},
        news::Reroute,
        plan::{Decision, Plan, What},
        reroute::{Planned, Wish},
        team::Team,
        time::Time,
    },
    rulebook::Rulebook,
};

/// Decides one lead of a run.
pub(super) fn decide(desk: Desk<'_>, lead: &Lead, order: &Reroute) -> Plan {
    let found = match stays(desk, lead, order) {
        Some(why) => Err(why.to_owned()),
        None => find(desk, lead, order),
    };
    let found = match found {
        Ok(found) => found,
        Err(why) => {
            let mut decision = reason(desk, What::Noted, order);
            note::put(&mut decision, "kept", why);
            return Plan { decision: Some(decision), lead: Some(lead.clone()), ..Plan::nothing() };
        }
    };
    let mut decision = reason(desk, What::Reassigned, order);
    note::put(&mut decision, "from", &lead.owner);
    if !found.looked.is_empty() {
        note::put(&mut decision, "pools", &found.looked);
    }
    let mut lead = lead.clone();
    let rule = found.rule.filter(|rule| lead.rule.as_ref() != Some(rule));
    if rule.is_some() || lead.state != State::Assigned {
        // Another promise, or none so far: its clock begins now.
        lead.ladder = None;
    }
    if rule.is_some() {
        note::put(&mut decision, "rule", &rule);
        lead.rule = rule;
    }
    assign::hand_over(desk, lead, found.taken, decision)
}

/// What a lead would fare in a run, one after the other, on a copy of the team.
#[must_use]
pub fn preview(
    (book, reach): (&Rulebook, &Reach),
    mut team: Team,
    leads: &[Lead],
    order: impl Fn(&Lead) -> Reroute,
    now: Time,
) -> Vec<Planned> {
    let mut all = Vec::with_capacity(leads.len());
    for lead in leads {
        let plan = decide(Desk { book, reach, team: &team, now }, lead, &order(lead));
        let to = plan.lead.as_ref().and_then(|lead| lead.owner.clone());
        team.apply(&plan.team);
        let (from, kept) = (lead.owner.clone(), plan.decision.as_ref().and_then(fared));
        let to = to.filter(|_| kept.is_none());
        if kept.is_none() {
            let had = from.as_deref().filter(|_| lead.state == State::Assigned);
            team.move_open(had, to.as_deref());
        }
        all.push(Planned { lead: lead.uuid, from, to, kept });
    }
    all
}

/// Why a decision of a run left its lead where it was; none if it moved.
#[must_use]
pub fn fared(decision: &Decision) -> Option<String> {
    decision.why.get("kept").and_then(|why| why.as_str()).map(str::to_owned)
}

/// The run that a decision belongs to.
#[must_use]
pub fn run_of(decision: &Decision) -> Option<&str> {
    decision.why.get("reroute").and_then(|run| run.as_str())
}

fn reason(desk: Desk<'_>, what: What, order: &Reroute) -> Decision {
    let mut decision = note::decision(desk, what);
    note::put(&mut decision, "reroute", &order.run);
    if order.why.is_some() {
        note::put(&mut decision, "why", &order.why);
    }
    decision
}

/// Why a lead is left alone, whoever could take it.
fn stays(desk: Desk<'_>, lead: &Lead, order: &Reroute) -> Option<&'static str> {
    let on_it = lead.ladder.as_ref().and_then(|ladder| ladder.on_it_until);
    if lead.observed.is_some() {
        return Some("it is only watched");
    }
    match lead.state {
        State::Observed => Some("it is only watched"),
        State::Answered => Some("it was answered"),
        State::SetAside => Some("it was set aside"),
        _ if lead.owner != order.from => Some("it has another owner by now"),
        State::Waiting if !lead.awaited.is_empty() => Some("the CRMs are being asked about it"),
        _ if !order.force && on_it.is_some_and(|until| desk.now < until) => {
            Some("its owner is on it")
        }
        _ => None,
    }
}

/// Who gets it, and by what.
struct Found {
    taken: Taken,
    rule: Option<String>,
    looked: Vec<(String, Vec<Candidate>)>,
}

/// Somebody who can take it, or why there is nobody.
fn find(desk: Desk<'_>, lead: &Lead, order: &Reroute) -> Result<Found, String> {
    let mut had = lead.had.clone();
    if order.pass_over {
        had.extend(lead.owner.clone());
    }
    let found = match &order.to {
        Goal::Rep(rep) => {
            let known = desk.book.reps.get(rep);
            if known.is_none_or(|rep| available::of_named(desk, rep).is_gone()) {
                return Err(format!("{rep} takes no leads"));
            }
            Found { taken: Taken::by_name(rep, true), rule: None, looked: Vec::new() }
        }
        Goal::Pool(pool) => {
            let known = desk.book.pools.get(pool);
            let known = known.ok_or_else(|| format!("the rulebook has no pool {pool} any more"))?;
            let pick = rotate::pick(desk, known, Look::free(&had));
            let taken = pick.taken.ok_or_else(|| format!("nobody of {pool} can take it now"))?;
            Found { taken, rule: None, looked: pick.looked }
        }
        Goal::Rules => {
            let routed = route::route(desk, lead, Look::free(&had));
            let taken = match routed.place {
                Place::Rep(taken) if taken.is_free && !had.contains(&taken.rep) => taken,
                Place::Rep(_) | Place::Wait(_) => {
                    return Err("the rulebook has nobody who can take it now".to_owned());
                }
                Place::Aside(name) => {
                    return Err(format!("the rulebook would set it aside as {name}"));
                }
            };
            Found { taken, rule: routed.rule, looked: routed.pools }
        }
    };
    if lead.owner.as_ref() == Some(&found.taken.rep) {
        return Err("it is where it belongs".to_owned());
    }
    Ok(found)
}

/// The order for one lead of a run, as the lead was met.
#[must_use]
pub fn order(wish: &Wish, run: &str, lead: uuid::Uuid, from: Option<String>) -> Reroute {
    Reroute {
        lead,
        run: run.to_owned(),
        to: wish.to.clone(),
        from,
        pass_over: wish.select.rep.is_some(),
        force: wish.force,
        why: wish.why.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        decide::sample::{World, book, member, pool},
        model::{
            news::{Act, News},
            reroute::Select,
        },
    };

    fn wish(to: Goal, rep: Option<&str>) -> Wish {
        let select = Select { rep: rep.map(str::to_owned), ..Select::default() };
        Wish { select, to, force: false, why: Some("Ada has left".to_owned()) }
    }

    /// A lead of ada's, re-routed; what became of it.
    fn became(wish: &Wish, before: impl Fn(&mut World)) -> (Option<String>, Option<String>) {
        let mut world = World::new(Rulebook {
            pools: [
                ("inbound".to_owned(), pool("inbound", vec![member("ada"), member("grace")])),
                ("late".to_owned(), pool("late", vec![member("konrad")])),
            ]
            .into(),
            ..book()
        });
        assert_eq!(world.another(), "ada");
        let order = order(wish, "r1", world.lead().uuid, Some("ada".into()));
        before(&mut world);
        let plan = world.news(News::Reroute(order));
        let decision = plan.decision.unwrap();
        assert_eq!(run_of(&decision), Some("r1"), "every lead says so");
        assert_eq!(decision.why["why"], "Ada has left");
        (world.lead().owner.clone(), fared(&decision))
    }

    #[test]
    fn a_lead_goes_where_it_was_wished_or_stays_with_the_reason() {
        let nothing = |_: &mut World| {};
        let on_it = |world: &mut World| {
            let lead = world.lead().uuid;
            world.news(News::Acted { lead, rep: "ada".into(), act: Act::OnIt });
        };
        let moved = |world: &mut World| {
            let lead = world.lead().uuid;
            world.news(News::Reassign { lead, to: "mary".into(), why: None });
        };
        let answered = |world: &mut World| {
            let lead = world.lead().uuid;
            let outcome = crate::model::news::Outcome::Qualified;
            world.news(News::Acted { lead, rep: "ada".into(), act: Act::Answered { outcome } });
        };
        let to = |rep: &str, kept: Option<&str>| (Some(rep.to_owned()), kept.map(str::to_owned));
        let rep = |rep: &str| wish(Goal::Rep(rep.to_owned()), None);
        let pool = |pool: &str| wish(Goal::Pool(pool.to_owned()), None);
        let from_ada = wish(Goal::Rules, Some("ada"));
        assert_eq!(became(&rep("mary"), nothing), to("mary", None));
        assert_eq!(became(&pool("late"), nothing), to("konrad", None));
        assert_eq!(became(&from_ada, nothing), to("grace", None), "ada is passed over");
        let force = Wish { force: true, ..rep("mary") };
        assert_eq!(became(&force, on_it), to("mary", None));
        assert_eq!(became(&rep("mary"), on_it), to("ada", Some("its owner is on it")));
        assert_eq!(became(&force, answered), to("ada", Some("it was answered")));
        assert_eq!(became(&force, moved), to("mary", Some("it has another owner by now")));
        assert_eq!(became(&rep("nobody"), nothing), to("ada", Some("nobody takes no leads")));
        assert_eq!(became(&rep("ada"), nothing), to("ada", Some("it is where it belongs")));
        let gone = to("ada", Some("the rulebook has no pool gone any more"));
        assert_eq!(became(&pool("gone"), nothing), gone);
    }

    #[test]
    fn a_preview_shows_what_the_run_then_does() {
        let mut world = World::new(book());
        let mut leads = Vec::new();
        for _ in 0..30 {
            world.another();
            leads.push(world.lead().clone());
        }
        let wish = wish(Goal::Rules, Some("ada"));
        leads.retain(|lead| wish.select.chooses(lead));
        assert_eq!(leads.len(), 10);
        let order = |lead: &Lead| order(&wish, "r1", lead.uuid, lead.owner.clone());
        let shown =
            preview((&world.book, &world.reach), world.team.clone(), &leads, order, world.now);
        for (lead, shown) in leads.iter().zip(&shown) {
            world.lead = Some(lead.clone());
            world.news(News::Reroute(order(lead)));
            assert_eq!(world.lead().owner, shown.to, "{shown:?}");
        }
        let got = |rep: &str| shown.iter().filter(|one| one.to.as_deref() == Some(rep)).count();
        assert_eq!((got("grace"), got("konrad"), world.team.open_of("ada")), (5, 5, 0));
    }
}
