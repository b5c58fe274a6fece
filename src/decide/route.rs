//! Routing: which rule holds, and whom it gives the lead to.
//!
//! Guarantees: the first rule that holds decides; a rule whose fact is missing is skipped, held
//! or waited for as it says; a target that leads nowhere falls through to the next rule, with the
//! reason recorded, so that no lead is dropped. Pools and backups are followed with a hop limit.
//! Does not know: clocks and ladders; `assign` starts them.

use super::{
    Desk, ask, assign,
    available::{self, Standing},
    look::Look,
    note, pool,
    rotate::{Candidate, Taken},
    routed::{Passed, Place, Routed},
};
use crate::{
    model::{
        job::{JobWanted, Why},
        lead::{Lead, Offer, State, Waiting},
        plan::{Decision, Plan, Review, What},
        time::{Span, Time},
    },
    rulebook::{
        HOPS_MAX, IfUnknown, Rule, Target, Then,
        condition::{Facts, Tri},
        facts::FactSource,
    },
};

/// A lead that waits for somebody is looked at at least this often, for people who come back.
const LOOK_AGAIN: Span = Span::minutes(5);

/// A lead that is held for an operator is looked at this often, for a rulebook that was mended.
const HELD_LOOK: Span = Span::hours(1);

/// The facts of a lead under this rulebook.
#[must_use]
pub fn facts(desk: Desk<'_>, lead: &Lead) -> Facts {
    desk.book.facts(&FactSource {
        fields: &lead.fields,
        source: &lead.source,
        intent: lead.intent.as_deref(),
        known: &lead.known,
        account: lead.account.as_ref(),
    })
}

/// Routes a lead and makes the plan of it. `what` names the occasion in the decision; `before` is
/// the lead as it was stored, to see whether anything has changed.
#[must_use]
pub fn place(desk: Desk<'_>, before: Option<&Lead>, mut lead: Lead, what: What) -> Plan {
    let routed = route(desk, &lead, Look::free(&lead.had));
    let mut decision = note::decision(desk, what);
    note::put(&mut decision, "fields", &lead.fields);
    if !lead.known.is_empty() {
        note::put(&mut decision, "known", &lead.known);
    }
    note::account(&mut decision, &lead);
    note::put(&mut decision, "rule", &routed.rule);
    if !routed.passed.is_empty() {
        note::put(&mut decision, "passed", &routed.passed);
    }
    if !routed.pools.is_empty() {
        note::put(&mut decision, "pools", &routed.pools);
    }
    if !routed.sticky.is_empty() {
        note::put(&mut decision, "sticky", &routed.sticky);
    }
    lead.rule.clone_from(&routed.rule);
    lead.awaited.clear();
    match routed.place {
        Place::Rep(taken) => assign::first(desk, lead, taken, &routed.sla, decision),
        Place::Aside(name) => {
            note::put(&mut decision, "set_aside", &name);
            decision.what = if what == What::Opened { what } else { What::SetAside };
            lead.state = State::SetAside;
            lead.waiting = None;
            lead.set_aside = Some(name);
            let jobs = assign::writes(desk, &lead);
            Plan {
                jobs,
                dropped: ask::over(desk),
                review: Review::None,
                decision: Some(decision),
                lead: Some(lead),
                ..Plan::nothing()
            }
        }
        Place::Wait(waiting) => {
            let asked = Asked { waiting, offer: routed.offer, page: routed.page };
            wait(desk, before, lead, asked, decision)
        }
    }
}

/// What a lead waits for, and who is asked meanwhile.
struct Asked {
    waiting: Waiting,
    offer: Option<Offer>,
    page: Option<String>,
}

/// The lead waits: with a bound, and an alarm where only a person can help.
fn wait(
    desk: Desk<'_>,
    before: Option<&Lead>,
    mut lead: Lead,
    asked: Asked,
    mut decision: Decision,
) -> Plan {
    let waiting = goes_on(asked.waiting, lead.waiting.as_ref());
    note::put(&mut decision, "waiting", &waiting);
    if decision.what != What::Opened {
        decision.what = What::Held;
    }
    let is_new = lead.waiting.as_ref() != Some(&waiting);
    let review = match &waiting {
        Waiting::Fact { until, .. } | Waiting::Facts { until } => *until,
        Waiting::Somebody { pool, until } | Waiting::Claim { pool, until } => {
            next_chance(desk, pool, *until, LOOK_AGAIN)
        }
        Waiting::Escalated { pool, .. } => next_chance(desk, pool, Time(i64::MAX), LOOK_AGAIN),
        Waiting::Operator { .. } => desk.now.plus(HELD_LOOK),
    };
    let mut jobs = match &waiting {
        Waiting::Operator { since, .. } if is_new || is_a_day(desk.now, *since) => {
            assign::alarm(desk, &lead)
        }
        Waiting::Escalated { since, .. } if is_new || is_another_day(desk.now, *since) => {
            assign::alarm(desk, &lead)
        }
        _ => Vec::new(),
    };
    if let Some(pager) = asked.page.filter(|_| is_new) {
        note::put(&mut decision, "paged", &pager);
        jobs.push(assign::page(desk, &mut lead, &pager));
    }
    if let Some(offer) = asked.offer {
        jobs.extend(offered(desk, &mut lead, &offer));
        note::put(&mut decision, "offer", &offer);
    }
    // A look that changed nothing needs no number: the lead goes on waiting.
    let is_unchanged =
        before.is_some_and(|was| was.fields == lead.fields && was.known == lead.known);
    let is_quiet = !is_new && is_unchanged && jobs.is_empty();
    lead.state = State::Waiting;
    lead.waiting = Some(waiting);
    Plan {
        jobs,
        review: Review::At(review),
        decision: (!is_quiet).then_some(decision),
        lead: (!is_quiet).then_some(lead),
        ..Plan::nothing()
    }
}

/// Everybody whom it is newly offered to hears of it.
fn offered(desk: Desk<'_>, lead: &mut Lead, offer: &Offer) -> Vec<JobWanted> {
    let before = lead.offers.iter().find(|known| known.pool == offer.pool);
    let is_new = |rep: &&String| before.is_none_or(|before| !before.to.contains(rep));
    let jobs = offer.to.iter().filter(is_new);
    let jobs = jobs.flat_map(|rep| assign::tell_rep(desk, lead, rep, Why::Offered)).collect();
    lead.offers.retain(|known| known.pool != offer.pool);
    lead.offers.push(offer.clone());
    jobs
}

/// A lead that is still held has been held since before.
fn goes_on(now: Waiting, before: Option<&Waiting>) -> Waiting {
    match (now, before) {
        (Waiting::Operator { why, .. }, Some(Waiting::Operator { since, .. })) => {
            Waiting::Operator { why, since: *since }
        }
        (now, _) => now,
    }
}

/// Whether this look falls on a whole day since the lead is held.
fn is_a_day(now: Time, since: Time) -> bool {
    let looks = now.since(since).0 / HELD_LOOK.0;
    looks > 0 && looks % (Span::days(1).0 / HELD_LOOK.0) == 0
}

/// Whether a whole day has come round since the last look, which was [`LOOK_AGAIN`] ago at most.
fn is_another_day(now: Time, since: Time) -> bool {
    let days = |at: Time| at.since(since).0.div_euclid(Span::days(1).0);
    days(now) > 0 && days(now) > days(now.minus(LOOK_AGAIN))
}

/// When somebody of the pool may be there again, at the latest after this long and at the bound.
#[must_use]
pub fn next_chance(desk: Desk<'_>, pool: &str, until: Time, at_most: Span) -> Time {
    let reps = desk.book.reps_of(pool);
    let own = desk.book.pools.get(pool).and_then(|pool| pool.hours.as_ref());
    let opens = reps
        .iter()
        .filter_map(|rep| desk.book.reps.get(*rep))
        .filter_map(|rep| rep.hours.as_ref())
        .chain(own)
        .filter_map(|hours| desk.book.hours.get(hours))
        .filter_map(|hours| hours.next_open(desk.now))
        .filter(|opens| *opens > desk.now)
        .min();
    opens.unwrap_or(until).min(desk.now.plus(at_most)).min(until).max(desk.now.plus(Span(1)))
}

/// Finds the rule and the rep.
#[must_use]
pub fn route(desk: Desk<'_>, lead: &Lead, look: Look<'_>) -> Routed {
    let facts = facts(desk, lead);
    let mut routed = Routed {
        place: Place::Wait(Waiting::Operator {
            why: "no rule could place it".to_owned(),
            since: desk.now,
        }),
        rule: None,
        sla: desk.book.default_sla.clone(),
        passed: Vec::new(),
        pools: Vec::new(),
        sticky: Vec::new(),
        offer: None,
        page: None,
    };
    for (_, rule) in desk.book.candidates(&facts) {
        let place = match rule.when.eval(&facts) {
            Tri::False => continue,
            Tri::True => follow(desk, lead, rule, &facts, look, &mut routed),
            Tri::Unknown => unknown(desk, lead, rule, &mut routed.passed),
        };
        if let Some(place) = place {
            routed.place = place;
            routed.rule = Some(rule.id.clone());
            routed.sla.clone_from(&rule.sla);
            break;
        }
    }
    routed
}

/// What a rule with a missing fact says to do; `None` goes on with the next rule.
fn unknown(desk: Desk<'_>, lead: &Lead, rule: &Rule, passed: &mut Vec<Passed>) -> Option<Place> {
    let hold = || {
        Place::Wait(Waiting::Operator {
            why: format!("rule {}: a fact it needs is missing, and it says to hold", rule.id),
            since: desk.now,
        })
    };
    match rule.if_unknown {
        IfUnknown::Hold => return Some(hold()),
        IfUnknown::Wait { wait, then_hold } => {
            let until = lead.open_since().plus(wait);
            if desk.now < until {
                return Some(Place::Wait(Waiting::Fact { rule: rule.id.clone(), until }));
            }
            if then_hold {
                return Some(hold());
            }
        }
        IfUnknown::Skip => {}
    }
    passed.push(Passed { rule: rule.id.clone(), why: "unknown".to_owned() });
    None
}

/// Where the target of a rule that holds leads; `None` when it leads nowhere.
fn follow(
    desk: Desk<'_>,
    lead: &Lead,
    rule: &Rule,
    facts: &Facts,
    look: Look<'_>,
    routed: &mut Routed,
) -> Option<Place> {
    let (to, if_unavailable) = match &rule.then {
        Then::SetAside(name) => return Some(Place::Aside(name.clone())),
        Then::Assign { to, if_unavailable } => (to, if_unavailable.as_ref()),
    };
    let targets = [Some(to), if_unavailable];
    let mut last_resort = None;
    for target in targets.into_iter().flatten() {
        match desk.book.resolve(target, facts) {
            None | Some(Target::Fact(_)) => {
                let why = names_nobody(desk, target);
                routed.passed.push(Passed { rule: rule.id.clone(), why });
            }
            Some(Target::Pool(pool)) => {
                return pool::place(desk, lead, &pool, rule.sticky, look, routed);
            }
            Some(Target::Rep(rep)) => match named(desk, &rep, look) {
                Ok(rep) => return Some(Place::Rep(Taken::by_name(rep, true))),
                Err(standing) => {
                    routed.pools.push((
                        String::new(),
                        vec![Candidate {
                            rep: rep.clone(),
                            credit: 0.0,
                            weight: 1.0,
                            standing: standing.clone(),
                        }],
                    ));
                    if !matches!(standing, Standing::Left | Standing::Deactivated) {
                        last_resort.get_or_insert(rep);
                    }
                }
            },
        }
    }
    // Named, away, and nobody stands in: the lead is theirs all the same, and the ladder will
    // take care of it.
    last_resort.map(|rep| Place::Rep(Taken::by_name(rep, false)))
}

/// Why a target leads nowhere.
fn names_nobody(desk: Desk<'_>, target: &Target) -> String {
    match target {
        Target::Fact(slot) => {
            format!("{} names nobody whom the rulebook knows", desk.book.schema.name(*slot))
        }
        Target::Pool(_) | Target::Rep(_) => "it names nobody".to_owned(),
    }
}

/// The named rep, or whoever stands in, following backups.
fn named(desk: Desk<'_>, id: &str, look: Look<'_>) -> Result<String, Standing> {
    let mut first = None;
    let mut next = Some(id);
    for _ in 0..HOPS_MAX {
        let Some(rep) = next.and_then(|id| desk.book.reps.get(id)) else { break };
        let standing = match (available::of_named(desk, rep), look.from_open) {
            _ if look.had.contains(&rep.id) => Standing::HadIt,
            (Standing::Free, Some(open)) => available::to_take_over(desk, &rep.id, open),
            (standing, _) => standing,
        };
        if standing.is_free() {
            return Ok(rep.id.clone());
        }
        first.get_or_insert(standing);
        next = rep.backup.as_deref();
    }
    Err(first.unwrap_or(Standing::Left))
}
