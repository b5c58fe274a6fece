//! The world of one simulation: a store, one or two replicas, a CRM, channels, and people.
//!
//! Guarantees: the same schedule gives the same run, to the byte. Does not know: what is right.

use std::{
    collections::{BTreeMap, BTreeSet},
    future::Future,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use handoff::{
    model::{
        event::NewEvent,
        job::{JobKind, JobRow, lane},
        lead::{Lead, Waiting},
        plan::Decided,
        time::{Span, Time},
    },
    store::{
        DecisionFilter, JobFilter, LeadFilter, NewRulebook, Store, StoreError, sqlite::SqliteStore,
    },
};

use super::{
    channels, crm,
    house::{Here, House},
    mutations::Mutation,
    replica::{Ground, Replica, Went},
    rulebooks,
    schedule::{Action, Schedule},
    step::Kind,
};

/// Seams that a step is let go at most in one turn: it ends long before.
const SEAMS_MAX: usize = 2_000;
/// How often work goes round at the end at most: the longest ladders of many leads end long before.
const ROUNDS_MAX: usize = 1_000;
/// How long somebody is looked for at the end who could take a lead over: longer than any ladder.
const SOUGHT: Span = Span::hours(6);

/// Everything.
pub struct World {
    pub ground: Ground,
    pub replicas: Vec<Replica>,
    /// Which rulebook each version is.
    pub editions: BTreeMap<u32, u8>,
    /// What senders have sent, in order; they send it again until it is acknowledged.
    pub sent: Vec<NewEvent>,
    /// What the CRM has to call back about.
    pub callbacks: Vec<NewEvent>,
    /// Every decision read back so far.
    pub history: Vec<Decided>,
    steps: usize,
}

/// Polls what must be ready.
pub fn now<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    for _ in 0..SEAMS_MAX {
        if let Poll::Ready(done) = future.as_mut().poll(&mut context) {
            return done;
        }
    }
    panic!("a call never ended")
}

impl World {
    /// As it is before anything happens.
    pub fn begin(schedule: &Schedule, mutation: Option<Mutation>) -> Self {
        let ahead = schedule.ahead.map(Span);
        let house = House::new(&ahead[..usize::from(schedule.replicas)]);
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open_in_memory().expect("a store"));
        let crm = crm::Model::new(&house);
        crm.had("p1@birch.example", Some("o-cyd"));
        crm.had("p2@oak.example", None);
        let ground = Ground { house, store, crm, mutation };
        let mut world = Self {
            ground,
            replicas: Vec::new(),
            editions: BTreeMap::new(),
            sent: Vec::new(),
            callbacks: Vec::new(),
            history: Vec::new(),
            steps: 0,
        };
        let version = now(world.ground.store.publish(world.rulebook(schedule.variant)));
        world.editions.insert(version.expect("a version"), schedule.variant);
        world.ground.house.state().seen.published = 1;
        for number in 0..usize::from(schedule.replicas) {
            let book = world.newest();
            world.replicas.push(Replica::start(number, &world.ground, book));
        }
        world
    }

    fn rulebook(&self, variant: u8) -> NewRulebook {
        NewRulebook {
            document: rulebooks::document(variant),
            author: "ops".to_owned(),
            message: String::new(),
            at: self.ground.house.time.now(),
        }
    }

    fn newest(&self) -> Arc<handoff::rulebook::Rulebook> {
        let (version, variant) = self.editions.last_key_value().expect("one is published");
        rulebooks::compiled(*variant, *version)
    }

    /// The wall clock of a replica.
    pub fn wall(&self, replica: usize) -> Time {
        handoff::clock::Clock::now(self.ground.house.clocks[replica].as_ref())
    }

    /// The replica that is meant.
    pub fn at(&self, number: u8) -> usize {
        usize::from(number) % self.replicas.len()
    }

    fn fired(&self, what: &'static str) {
        self.ground.house.state().faults.fired(what);
    }

    /// One thing happens.
    pub fn act(&mut self, action: Action) {
        match action {
            Action::Turn { at } => self.turn(self.at(at)),
            Action::Go { at, kind, seams } => {
                let (at, kind) = (self.at(at), Kind::ALL[usize::from(kind)]);
                self.go(at, kind, seams.into());
                let under = self.replicas.iter().filter(|one| !one.steps.is_empty()).count();
                if under > 1 {
                    self.fired("replicas: both in the middle of a step");
                }
            }
            Action::Pass { ms } => self.pass(Span(ms.into())),
            Action::Jump { at, seconds } => {
                self.ground.house.clocks[self.at(at)].jump(Span::seconds(seconds.into()));
                self.fired(if seconds > 0 { "clock: set forward" } else { "clock: set back" });
            }
            Action::Crash { at } => self.crash(self.at(at)),
            Action::Store { at, fault, on, after } => {
                let at = self.at(at);
                self.ground.house.state().faults.arm_store(at, fault, on, after);
            }
            Action::Out { fault, on, after } => {
                self.ground.house.state().faults.arm_out(fault, on, after);
            }
            Action::CrmDown { seconds } => self.ground.crm.go_down(Span::seconds(seconds.into())),
            Action::Publish { at, variant } => self.publish(self.at(at), variant),
            _ => super::people::act(self, action),
        }
    }

    /// A request at the front of a replica, to its end.
    pub fn front<T>(
        &mut self,
        at: usize,
        call: impl FnOnce(&dyn Store) -> handoff::store::Boxed<'_, Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        self.ground.house.state().here = Here { replica: at, step: None };
        let done = now(call(self.replicas[at].worker.store.as_ref()));
        if matches!(done, Err(StoreError::Fatal(_))) {
            self.crash(at);
        }
        done
    }

    fn publish(&mut self, at: usize, variant: u8) {
        let new = self.rulebook(variant);
        let done = self.front(at, |store| store.publish(new));
        // Whoever heard of no version still may have made one.
        let newest = now(self.ground.store.rulebooks(None)).expect("a read")[0].version;
        if let std::collections::btree_map::Entry::Vacant(new) = self.editions.entry(newest) {
            new.insert(variant % rulebooks::COUNT);
            self.fired("rulebook: published midway");
        }
        if done.is_ok() {
            self.replicas[at].worker.take_book(&self.newest());
        }
    }

    /// A step begins or goes on.
    pub fn go(&mut self, at: usize, kind: Kind, seams: usize) -> Went {
        let went = self.replicas[at].go(kind, seams, &self.ground, &mut self.steps);
        if went == Went::Fatal {
            self.crash(at);
        }
        went
    }

    /// Every loop of a replica that has something to do goes round, until none has.
    pub fn turn(&mut self, at: usize) {
        for _ in 0..6 {
            let under: BTreeSet<Kind> = self.replicas[at].steps.keys().copied().collect();
            let mut is_any = false;
            for kind in under.iter().copied().chain(self.work(at)) {
                let went = self.go(at, kind, SEAMS_MAX);
                is_any |= went == Went::Ended { is_some: true } || under.contains(&kind);
            }
            if !is_any || self.replicas[at].steps.values().any(|step| step.is_waiting) {
                return;
            }
        }
    }

    /// The loops that have something to do, by this replica's clock.
    fn work(&self, at: usize) -> BTreeSet<Kind> {
        let now = self.wall(at).max(self.ground.house.time.now());
        let mut kinds = BTreeSet::new();
        if self.has_undecided() || self.ground.house.clocks[at].doubt().is_some() {
            kinds.insert(Kind::Decide);
        }
        for job in self.jobs().iter().filter(|job| job.due_at <= now) {
            let lane = lane(&job.destination);
            match job.kind {
                JobKind::Review => _ = kinds.insert(Kind::Decide),
                JobKind::Write => _ = kinds.insert(Kind::Write(0)),
                JobKind::Ask => _ = kinds.insert(Kind::Ask(0)),
                // Nobody is watched here.
                JobKind::Observe => {}
                JobKind::Tell => {
                    let name = channels::NAMES.into_iter().find(|name| *name == lane);
                    kinds.extend(name.map(Kind::Tell));
                }
            }
        }
        kinds
    }

    fn has_undecided(&self) -> bool {
        !now(self.ground.store.undecided(1)).expect("a read").is_empty()
    }

    /// Jobs that are not dead.
    fn jobs(&self) -> Vec<JobRow> {
        let filter = JobFilter { is_dead: Some(false), max: 500, ..JobFilter::default() };
        now(self.ground.store.jobs(filter)).expect("a read").rows
    }

    /// A replica crashes, in the middle of whatever it does, and starts again.
    pub fn crash(&mut self, at: usize) {
        let under = &self.replicas[at].steps;
        self.fired(if under.is_empty() { "crash: between steps" } else { "crash: within a step" });
        if under.values().any(|step| step.is_waiting) {
            self.fired("crash: while an answer is awaited");
        }
        self.replicas[at] = Replica::start(at, &self.ground, self.newest());
    }

    /// Time passes. Slow calls are done when their instant comes, whoever looks.
    pub fn pass(&mut self, span: Span) {
        let time = self.ground.house.time.clone();
        let until = time.ms() + span.0;
        while let Some(next) = self.ground.house.waits.next(time.ms(), until) {
            time.pass(Span(next - time.ms()));
            for at in 0..self.replicas.len() {
                let waiting = self.replicas[at].steps.iter().filter(|(_, step)| step.is_waiting);
                let waiting: Vec<Kind> = waiting.map(|(kind, _)| *kind).collect();
                for kind in waiting {
                    self.go(at, kind, 1);
                }
            }
        }
        time.pass(Span(until - time.ms()));
        if span >= Span::seconds(2) {
            // By now everybody has heard of the newest rulebook.
            let newest = self.newest();
            self.replicas.iter().for_each(|one| one.worker.take_book(&newest));
        }
    }

    /// All leads, by their rows.
    pub fn leads(&self) -> Vec<Lead> {
        let filter = LeadFilter { max: 500, ..LeadFilter::default() };
        let page = now(self.ground.store.leads(filter)).expect("a read");
        let mut leads: Vec<Lead> = page.rows.into_iter().map(|row| row.lead).collect();
        leads.sort_by_key(|lead| lead.id);
        leads
    }

    /// Reads the decisions that are new.
    pub fn read_on(&mut self) {
        loop {
            let after = self.history.last().map(|one| one.seq);
            let page = now(self.ground.store.decisions(DecisionFilter { after, max: 500 }));
            let page = page.expect("a read");
            self.history.extend(page.rows);
            if page.next.is_none() {
                return;
            }
        }
    }

    /// Nothing goes wrong any more; work goes on until nothing is left to do.
    pub fn drain(&mut self) {
        self.ground.house.state().faults.disarm();
        self.ground.house.clocks.iter().for_each(|clock| clock.put_right());
        super::people::send_all(self);
        self.ground.house.state().seen.poison.clear();
        // Whatever is under way ends, or has lost its lease.
        self.settle_down();
        self.pass(Span::minutes(2));
        super::people::order_all(self);
        let mut stuck = Span::minutes(5);
        for round in 0.. {
            self.settle_down();
            if round == ROUNDS_MAX {
                let endless = "I11: work goes on for ever when nothing goes wrong any more";
                self.ground.house.state().seen.wrong.push(endless.to_owned());
                return;
            }
            match self.next_due() {
                Some(_) if self.is_held() => break,
                // Due, and a gate is closed or a lease stands: as long as a clock that was ahead
                // may have said.
                Some(Span::ZERO) => {
                    self.pass(stuck);
                    stuck = Span((stuck.0 * 2).min(Span::hours(12).0));
                }
                Some(next) if next < Span::seconds(2) => self.pass(next),
                Some(next) => self.pass(next.max(Span::seconds(20))),
                None => break,
            }
        }
        self.settle_down();
    }

    /// Loops go round until nothing is due, those of one replica and then those of the other.
    fn settle_down(&mut self) {
        for round in 0..12 {
            self.turn(round % self.replicas.len());
            let is_waiting = |one: &Replica| one.steps.values().any(|step| step.is_waiting);
            if self.replicas.iter().any(is_waiting) {
                self.pass(Span::seconds(15));
            } else if round + 1 >= self.replicas.len()
                && self.next_due().is_none_or(|next| next > Span::ZERO)
            {
                return;
            }
        }
    }

    /// How long until something is due: an event at once, a job at its time.
    fn next_due(&self) -> Option<Span> {
        if self.has_undecided() {
            return Some(Span::ZERO);
        }
        let due = self.jobs().iter().map(|job| job.due_at).min()?;
        let truly = self.ground.house.time.now();
        let now = (0..self.replicas.len()).map(|at| self.wall(at)).min()?.min(truly);
        Some(Span(due.since(now).0.max(0)))
    }

    /// Whether all that is left waits for a person, and would for ever.
    fn is_held(&self) -> bool {
        let truly = self.ground.house.time.now();
        // Somebody to take it over is looked for as long as nobody is there: by then in vain.
        let is_in_vain = |since: Time| truly.since(since) > SOUGHT;
        let goes_on = |lead: &&Lead| {
            !matches!(lead.waiting, Some(Waiting::Operator { .. }))
                && !lead.ladder.as_ref().and_then(|one| one.seeks_since).is_some_and(is_in_vain)
        };
        let others: BTreeSet<uuid::Uuid> =
            self.leads().iter().filter(goes_on).map(|lead| lead.uuid).collect();
        self.jobs().iter().all(|job| {
            job.kind == JobKind::Review && !job.lead.is_some_and(|lead| others.contains(&lead))
        })
    }
}
