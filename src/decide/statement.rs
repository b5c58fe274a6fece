//! A rep's statement: what they were entitled to, got, gave back, and how long answers took.
//!
//! Guarantees: computed from recorded decisions alone, in their order, so it can be made again
//! years later and ends arguments; nothing in it was written by a stranger.
//! Does not know: how decisions are read, nor what stands in a rotation now.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::{available::Standing, rotate::Candidate};
use crate::model::{
    id::LeadId,
    lead::Offer,
    news::Response,
    plan::{Decided, Decision, What},
    team::Skipped,
    time::{Span, Time},
};

/// One pool's part of a statement.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct OfPool {
    /// Leads that its rotation gave to this rep.
    pub got: u32,
    /// The share by weight of the turns that it gave while this rep was available.
    pub entitled: f64,
    /// Turns that went past this rep.
    pub skipped: Skipped,
    /// Leads that this rep had before others would have been asked: the same person or company.
    pub sticky: u32,
    /// Turns given back.
    pub given_back: u32,
}

/// How long answers took, from the assignment, in wall time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Answers {
    /// How many.
    pub count: u32,
    /// Half of them took so long at most, …
    pub median: Option<Span>,
    /// … nine of ten so long, …
    pub nine_of_ten: Option<Span>,
    /// … and all of them so long.
    pub longest: Option<Span>,
}

/// A statement.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Statement {
    /// Leads received: by pools, by name, by hand, and taken from offers.
    pub got: u32,
    /// Those of them that no rotation gave.
    pub by_name: u32,
    /// By pool.
    pub pools: BTreeMap<String, OfPool>,
    /// Leads that went to somebody else again, by the reason.
    pub given_back: BTreeMap<&'static str, u32>,
    /// How long answers took.
    pub answers: Answers,
    /// Leads of this time that wait for an answer still.
    pub unanswered: u32,
    /// Leads of this time that were only watched, in observe mode: turns like others, and nobody was
    /// owed an answer.
    pub watched: u32,
}

/// Makes a statement, decision by decision.
#[derive(Debug)]
pub struct Reckoning {
    rep: String,
    statement: Statement,
    /// Leads that are this rep's: when they came, and from which pool.
    held: HashMap<LeadId, (Time, Option<String>)>,
    took: Vec<Span>,
}

/// What a statement reads of a decision.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Stored {
    owner: Option<String>,
    pool: Option<String>,
    rule: Option<String>,
    pools: Vec<(String, Vec<Candidate>)>,
    sticky: Vec<super::routed::Sticky>,
    offer: Option<Offer>,
    response: Option<Response>,
    by: Option<String>,
    refused_by: Option<String>,
    refused: Option<String>,
    away_until: Option<Time>,
}

impl Reckoning {
    /// For this rep; nothing is known yet.
    #[must_use]
    pub fn of(rep: &str) -> Self {
        Self {
            rep: rep.to_owned(),
            statement: Statement::default(),
            held: HashMap::new(),
            took: Vec::new(),
        }
    }

    /// Takes the next decision in.
    pub fn note(&mut self, decided: &Decided) {
        let Some(lead) = decided.lead else { return };
        let decision = &decided.decision;
        if decision.what == What::Observed {
            self.statement.watched += u32::from(self.held.remove(&lead).is_some());
            return;
        }
        let is_about = decision.why.contains_key("owner") || decision.what == What::Answered;
        if !is_about {
            return;
        }
        let why = serde_json::Value::Object(decision.why.clone());
        let stored: Stored = serde_json::from_value(why).unwrap_or_default();
        if decision.what == What::Answered {
            self.answered(lead, decision, &stored);
            return;
        }
        if !is_giving(decision.what, &stored) {
            return;
        }
        self.turns(decision.what, &stored);
        let is_mine = stored.owner.as_deref() == Some(self.rep.as_str());
        match (self.held.contains_key(&lead), is_mine) {
            (false, true) => self.received(lead, decision.at, &stored),
            (true, false) => self.gave_back(lead, decision.what, &stored),
            (true, true) | (false, false) => {}
        }
    }

    /// What came of it.
    #[must_use]
    pub fn statement(mut self) -> Statement {
        self.took.sort_unstable();
        let at = |share: usize| {
            let place = (self.took.len() * share).div_ceil(10).saturating_sub(1);
            self.took.get(place).copied()
        };
        self.statement.answers = Answers {
            count: self.took.len() as u32,
            median: at(5),
            nine_of_ten: at(9),
            longest: self.took.last().copied(),
        };
        self.statement.unanswered = self.held.len() as u32;
        self.statement
    }

    fn of_pool(&mut self, pool: &str) -> &mut OfPool {
        self.statement.pools.entry(pool.to_owned()).or_default()
    }

    /// The turns that were given or went past when this was decided.
    fn turns(&mut self, what: What, stored: &Stored) {
        let winner = stored.owner.clone().unwrap_or_default();
        let rep = self.rep.clone();
        for (pool, candidates) in &stored.pools {
            let Some(own) = candidates.iter().find(|one| one.rep == rep) else { continue };
            // Nobody was there, and this one got it all the same.
            let is_anyway = winner == rep && stored.pool.as_ref() == Some(pool);
            if !own.standing.is_free() && !is_anyway {
                count(&own.standing, &mut self.of_pool(pool).skipped);
                continue;
            }
            // A lead that moves on was somebody's turn already.
            let is_turn = what != What::Reassigned
                && (candidates.iter().any(|one| one.rep == winner)
                    || stored.pool.as_ref() == Some(pool));
            let free = candidates.iter().filter(|one| one.standing.is_free());
            let all: f64 = free.map(|one| one.weight).sum();
            if is_turn && all > 0.0 {
                let share = if own.standing.is_free() { own.weight / all } else { 0.0 };
                self.of_pool(pool).entitled += share;
            } else if is_turn && is_anyway {
                self.of_pool(pool).entitled += 1.0;
            }
        }
    }

    fn received(&mut self, lead: LeadId, at: Time, stored: &Stored) {
        self.statement.got += 1;
        match &stored.pool {
            Some(pool) => {
                let is_sticky =
                    stored.sticky.iter().any(|one| one.rep == self.rep && one.standing.is_free());
                let of_pool = self.of_pool(pool);
                of_pool.got += 1;
                of_pool.sticky += u32::from(is_sticky);
            }
            None => self.statement.by_name += 1,
        }
        self.held.insert(lead, (at, stored.pool.clone()));
    }

    fn gave_back(&mut self, lead: LeadId, what: What, stored: &Stored) {
        let Some((_, pool)) = self.held.remove(&lead) else { return };
        let why = match stored {
            _ if what == What::OwnerKept => "moved in the CRM",
            Stored { refused_by: Some(_), .. } => "refused by the CRM",
            Stored { refused: Some(_), .. } => "refused",
            Stored { away_until: Some(_), .. } => "out",
            Stored { by: Some(_), .. } => "moved by hand",
            _ => "not answered in time",
        };
        *self.statement.given_back.entry(why).or_default() += 1;
        if let Some(pool) = pool {
            self.of_pool(&pool).given_back += 1;
        }
    }

    fn answered(&mut self, lead: LeadId, decision: &Decision, stored: &Stored) {
        let Some((since, _)) = self.held.remove(&lead) else { return };
        let at = stored.response.as_ref().map_or(decision.at, |one| one.at.min(decision.at));
        self.took.push(Span(at.since(since).0.max(0)));
    }
}

/// Whether a decision with an owner gave the lead to them: a new clock for the same one does not.
fn is_giving(what: What, stored: &Stored) -> bool {
    match what {
        What::Reassigned | What::OwnerKept => true,
        What::OnIt => stored.offer.is_some(),
        _ => stored.rule.is_some(),
    }
}

fn count(standing: &Standing, skipped: &mut Skipped) {
    let counter = match standing {
        Standing::Free | Standing::Left | Standing::Behind { .. } => return,
        Standing::Away { .. } | Standing::Deactivated | Standing::Nobody => &mut skipped.away,
        Standing::OffHours { .. } => &mut skipped.off_hours,
        Standing::Capped { .. } | Standing::PoolCapped { .. } => &mut skipped.at_cap,
        Standing::HadIt => &mut skipped.had_it,
    };
    *counter = counter.saturating_add(1);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        decide::sample::{World, book},
        model::{
            id::Seq,
            news::{Absence, News, ResponseKind},
            plan::Plan,
            team::Away,
        },
        rulebook::{Cap, Per},
    };

    #[derive(Default)]
    struct Log(Vec<Decided>);

    impl Log {
        fn keep(&mut self, world: &World, plan: Plan) {
            let Some(decision) = plan.decision else { return };
            // As it was stored.
            let text = serde_json::to_string(&decision).unwrap();
            let decision = serde_json::from_str(&text).unwrap();
            let seq = Seq(self.0.len() as i64 + 1);
            let lead = Some(world.lead().id);
            self.0.push(Decided { seq, lead, event: None, decision });
        }

        fn of(&self, rep: &str) -> Statement {
            let mut reckoning = Reckoning::of(rep);
            self.0.iter().for_each(|decided| reckoning.note(decided));
            reckoning.statement()
        }
    }

    fn fill(world: &mut World, log: &mut Log, number: usize) {
        world.lead = None;
        world.now = world.now.plus(Span::minutes(1));
        let plan = world.fill(&format!("p{number}@linden.example"), None);
        log.keep(world, plan);
    }

    fn answer(world: &mut World, log: &mut Log, after: Span) {
        world.now = world.now.plus(after);
        let response =
            Response { kind: ResponseKind::Call, at: world.now, by: None, evidence: None };
        let plan = world.news(News::Responded { lead: world.lead().uuid, response });
        log.keep(world, plan);
    }

    #[test]
    fn a_statement_agrees_with_the_rotation_and_says_where_the_rest_went() {
        let mut world = World::new(book());
        let pool = world.book.pools.get_mut("inbound").unwrap();
        pool.members[1].caps = vec![Cap { leads: 3, per: Per::Day }];
        let mut log = Log::default();
        for number in 0..30 {
            if number == 12 {
                let away = Away {
                    absence: Absence::Out,
                    from: world.now,
                    until: Some(world.now.plus(Span::minutes(6))),
                    is_from_calendar: false,
                };
                world.team.away.insert("ada".into(), vec![away]);
            }
            fill(&mut world, &mut log, number);
            if number % 5 == 0 {
                answer(&mut world, &mut log, Span::minutes(3));
            }
        }
        for rep in ["ada", "grace", "konrad"] {
            let (turn, statement) = (world.team.rotations["inbound"].turns[rep], log.of(rep));
            let own = &statement.pools["inbound"];
            assert_eq!((own.got, statement.got), (turn.received, turn.received), "{rep}");
            assert!((own.entitled - turn.entitled).abs() < 1e-9, "{rep}");
            assert_eq!(own.skipped, turn.skipped, "{rep}");
        }
        let (ada, grace) = (log.of("ada"), log.of("grace"));
        assert!(ada.pools["inbound"].skipped.away > 0 && grace.pools["inbound"].skipped.at_cap > 0);
        let answered: u32 =
            ["ada", "grace", "konrad"].iter().map(|rep| log.of(rep).answers.count).sum();
        assert_eq!(answered, 6);
        assert_eq!(ada.answers.longest.or(grace.answers.longest), Some(Span::minutes(3)));
    }

    #[test]
    fn what_was_given_back_has_its_reason() {
        let mut world = World::new(book());
        let mut log = Log::default();
        fill(&mut world, &mut log, 1); // ada
        for _ in 0..3 {
            let plan = world.review();
            log.keep(&world, plan);
        }
        assert_eq!(world.lead().owner.as_deref(), Some("grace"), "not answered in time");
        fill(&mut world, &mut log, 2); // konrad, who had none
        fill(&mut world, &mut log, 3); // ada again: her turn is owed
        assert_eq!(world.lead().owner.as_deref(), Some("ada"));
        let lead = world.lead().uuid;
        let plan = world.news(News::OwnerInvalid {
            lead,
            destination: "hubspot".into(),
            rep: "ada".into(),
        });
        log.keep(&world, plan);
        let ada = log.of("ada");
        assert_eq!((ada.got, ada.unanswered), (2, 0));
        let want = [("not answered in time", 1), ("refused by the CRM", 1)].into();
        assert_eq!(ada.given_back, want);
        assert_eq!(ada.pools["inbound"].given_back, 2);
    }
}
