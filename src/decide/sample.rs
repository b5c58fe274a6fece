//! A small rulebook and a small world for the tests of this folder.
//!
//! Guarantees: everything is made in code, so that a test shows what it stands on.
//! Does not know: documents; `config/rulebook.toml` has its own tests.

use std::collections::{BTreeMap, HashMap};

use super::{Reach, decide};
use crate::{
    model::{
        field::Fields,
        id::{EventId, Seq},
        job::{JobKind, JobWanted},
        lead::{Identity, Lead, State},
        news::News,
        plan::{Draft, Input, Plan, Review, Snapshot, Step, StepEvent},
        team::Team,
        time::{Span, Time},
    },
    rulebook::{
        Clock, Escalation, IfNobody, IfUnknown, LadderStep, Member, Pool, Rep, Repeat,
        RotationKind, Rule, Rulebook, Sla, StepAt, Target, Tell, Then, Who,
        condition::{self, Schema},
    },
};

/// Thursday 2026-01-01 12:00 UTC.
pub const NOON: Time = Time(1_767_268_800_000);

pub fn rep(id: &str) -> Rep {
    Rep {
        id: id.to_owned(),
        name: id.to_owned(),
        email: format!("{id}@acme.example"),
        crm: BTreeMap::from([("hubspot".to_owned(), format!("owner-{id}"))]),
        hours: None,
        manager: (id != "mary").then(|| "mary".to_owned()),
        tell_by: vec!["email".to_owned()],
        backup: None,
        has_left: false,
    }
}

pub fn member(rep: &str) -> Member {
    Member { who: Who::Rep(rep.to_owned()), weight: 1.0, caps: Vec::new() }
}

pub fn pool(id: &str, members: Vec<Member>) -> Pool {
    Pool {
        id: id.to_owned(),
        members,
        rotation: RotationKind::Balanced,
        if_nobody: IfNobody::AssignAnyway,
        caps: Vec::new(),
        hours: None,
        sticky: None,
        claim_within: Span::ZERO,
    }
}

fn step(at: StepAt, tell: Vec<Tell>) -> LadderStep {
    LadderStep { at, tell, reassign: false, page: None, repeat: None }
}

/// One rule to the pool `inbound` of ada, grace and konrad; five minutes; a ladder with a
/// reminder, a late step, a hand-over and a page that repeats.
pub fn book() -> Rulebook {
    let schema = Schema::builder().build().unwrap();
    let when = condition::cel("true", &schema).unwrap();
    let escalation = Escalation {
        id: "chain".to_owned(),
        reassign_max: 2,
        steps: vec![
            step(StepAt::Percent(60), vec![Tell::Owner]),
            step(StepAt::Percent(100), vec![Tell::Owner, Tell::Channel("alerts".to_owned())]),
            LadderStep {
                reassign: true,
                ..step(StepAt::LateBy(Span::minutes(5)), vec![Tell::Manager])
            },
            LadderStep {
                page: Some("oncall".to_owned()),
                repeat: Some(Repeat { every: Span::minutes(10), times: 3 }),
                ..step(StepAt::LateBy(Span::minutes(15)), Vec::new())
            },
        ],
    };
    Rulebook {
        version: 1,
        rules: vec![Rule {
            id: "everyone".to_owned(),
            when,
            if_unknown: IfUnknown::Skip,
            then: Then::Assign { to: Target::Pool("inbound".to_owned()), if_unavailable: None },
            sla: "hot".to_owned(),
            sticky: None,
        }],
        reps: ["ada", "grace", "konrad", "mary"].map(|id| (id.to_owned(), rep(id))).into(),
        pools: BTreeMap::from([(
            "inbound".to_owned(),
            pool("inbound", vec![member("ada"), member("grace"), member("konrad")]),
        )]),
        slas: BTreeMap::from([(
            "hot".to_owned(),
            Sla {
                id: "hot".to_owned(),
                respond_within: Span::minutes(5),
                clock: Clock::Always,
                escalation: "chain".to_owned(),
                on_it: Span::minutes(15),
                rank: 0,
            },
        )]),
        escalations: BTreeMap::from([("chain".to_owned(), escalation)]),
        default_sla: "hot".to_owned(),
        same_lead_within: Span::days(30),
        ask_within: Span::seconds(2),
        alarm: vec![Tell::Channel("alerts".to_owned())],
        intents: vec!["content".to_owned(), "demo".to_owned()],
        ..Rulebook::empty(schema)
    }
}

/// Who has this lead open.
fn open(lead: &Lead) -> Option<&str> {
    lead.owner.as_deref().filter(|_| lead.state == State::Assigned)
}

/// Who has it open and past its deadline.
fn late(lead: &Lead) -> Option<&str> {
    open(lead).filter(|_| lead.ladder.as_ref().is_some_and(|ladder| ladder.is_late))
}

/// A store in miniature: one lead, the team, and what a plan does to both.
pub struct World {
    pub book: Rulebook,
    pub reach: Reach,
    pub team: Team,
    pub lead: Option<Lead>,
    /// An older lead of the same person, which a store would find …
    pub earlier: Option<Lead>,
    /// … and the newest of the same company.
    pub company: Option<Lead>,
    pub review: Option<Time>,
    pub jobs: Vec<JobWanted>,
    pub now: Time,
    seq: i64,
    events: i64,
}

impl World {
    pub fn new(book: Rulebook) -> Self {
        let reach = Reach { crms: vec!["hubspot".to_owned()], ..Reach::default() };
        Self {
            book,
            reach,
            team: Team { open: HashMap::new(), ..Team::default() },
            lead: None,
            earlier: None,
            company: None,
            review: None,
            jobs: Vec::new(),
            now: NOON,
            seq: 0,
            events: 0,
        }
    }

    /// Decides one step and commits the plan as a store would.
    pub fn step(&mut self, event: Option<StepEvent>, input: Input) -> Plan {
        let step = Step { event, input };
        let snapshot = Snapshot {
            lead: self.lead.as_ref().or(self.earlier.as_ref()),
            company: self.company.as_ref(),
            team: &self.team,
        };
        let plan = decide(&self.book, &self.reach, &snapshot, &step, self.now);
        self.jobs.clone_from(&plan.jobs);
        self.team.apply(&plan.team);
        if let Some(mut lead) = plan.lead.clone() {
            self.seq += 1;
            lead.revision = Seq(self.seq);
            let before = self.lead.take().filter(|before| before.uuid == lead.uuid);
            self.team.move_open(before.as_ref().and_then(open), open(&lead));
            self.team.move_late(before.as_ref().and_then(late), late(&lead));
            self.lead = Some(lead);
        }
        match plan.review {
            Review::Keep => {}
            Review::None => self.review = None,
            Review::At(at) => self.review = Some(at),
        }
        plan
    }

    fn event(&mut self) -> StepEvent {
        self.events += 1;
        StepEvent {
            id: EventId(self.events),
            uuid: crate::model::id::event_uuid(self.now, "website", &self.events.to_string()),
            source: "website".to_owned(),
            received_at: self.now,
            actor: None,
        }
    }

    pub fn fill(&mut self, email: &str, intent: Option<&str>) -> Plan {
        let mut fields = Fields::default();
        fields.put_text("email", email);
        let draft = Draft {
            fields,
            identities: vec![Identity::Email(email.to_owned())],
            intent: intent.map(str::to_owned),
            account: None,
            filled: Vec::new(),
            unfilled: Vec::new(),
        };
        let event = self.event();
        self.step(Some(event), Input::Fill(Box::new(draft)))
    }

    /// A fill by somebody new: the lead before it is forgotten, the team is not.
    pub fn another(&mut self) -> String {
        self.lead = None;
        let email = format!("p{}@linden.example", self.events);
        self.fill(&email, None);
        self.lead().owner.clone().unwrap_or_default()
    }

    pub fn news(&mut self, news: News) -> Plan {
        let event = self.event();
        self.step(Some(event), Input::News(Box::new(news)))
    }

    /// Moves the hand to the next review and decides it.
    pub fn review(&mut self) -> Plan {
        self.now = self.review.take().expect("a review is open");
        self.step(None, Input::Review)
    }

    pub fn lead(&self) -> &Lead {
        self.lead.as_ref().expect("a lead")
    }

    /// What is told to whom now: destinations, in order.
    pub fn told(&self) -> Vec<&str> {
        let tells = self.jobs.iter().filter(|job| job.kind == JobKind::Tell);
        let mut all: Vec<&str> = tells.map(|job| job.destination.as_str()).collect();
        all.sort_unstable();
        all
    }
}
