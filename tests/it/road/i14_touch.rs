//! I14: after a touch no further reminder, re-assignment or page starts, whatever else comes in
//! whatever order.

use std::sync::Arc;

use handoff::{
    decide,
    demo::channels::posts::Reply,
    model::{
        event::NewEvent,
        field::Fields,
        id::{EventId, Seq},
        job::{JobKind, Why},
        lead::{Identity, Lead, State},
        news::{Absence, Act, Known, KnownRecord, News, Outcome, Response, ResponseKind},
        plan::{Draft, Input, Plan, Review, Snapshot, Step, StepEvent},
        team::Team,
        time::{Span, Time},
    },
    rulebook::Rulebook,
};

use super::many::{accept, either, pass, quiet};
use crate::harness::{Config, Dice, NOON, Plant, RULEBOOK, desk};

/// One lead, its review, and people: a store in miniature.
struct World {
    book: Arc<Rulebook>,
    team: Team,
    lead: Option<Lead>,
    review: Option<Time>,
    now: Time,
    steps: i64,
}

impl World {
    fn step(&mut self, input: Input) -> Plan {
        self.steps += 1;
        let event = StepEvent {
            id: EventId(self.steps),
            uuid: uuid::Uuid::from_u128(self.steps.cast_unsigned().into()),
            source: "website".to_owned(),
            received_at: self.now,
            actor: None,
        };
        let event = Some(event).filter(|_| input != Input::Review);
        let snapshot = Snapshot { lead: self.lead.as_ref(), company: None, team: &self.team };
        let step = Step { event, input };
        let plan = decide::decide(&self.book, &desk::reach(), &snapshot, &step, self.now);
        self.team.apply(&plan.team);
        if let Some(mut lead) = plan.lead.clone() {
            lead.revision = Seq(self.steps);
            self.lead = Some(lead);
        }
        match plan.review {
            Review::Keep if matches!(step.input, Input::Review) => self.review = None,
            Review::Keep => {}
            Review::None => self.review = None,
            Review::At(at) => self.review = Some(at),
        }
        plan
    }

    fn fill(&mut self, intent: &str) -> Plan {
        let mut fields = Fields::default();
        fields.put_text("email", "eva@linden.example");
        let draft = Draft {
            fields,
            identities: vec![Identity::Email("eva@linden.example".to_owned())],
            intent: Some(intent.to_owned()),
            account: None,
            filled: Vec::new(),
            unfilled: Vec::new(),
        };
        self.step(Input::Fill(Box::new(draft)))
    }

    /// Something that is neither a touch nor the word of an operator.
    fn noise(&mut self, dice: &mut Dice) -> Plan {
        let lead = self.lead.as_ref().unwrap().uuid;
        let rep = (*dice.of(&["ada", "bob"])).to_owned();
        let owner = format!("OWNER_{}", rep.to_uppercase());
        let destination = "hubspot".to_owned();
        let person =
            Some(KnownRecord { record: "7".into(), name: None, owner: Some(owner.clone()) });
        match dice.below(9) {
            0..3 => {
                // Its next review, or simply time.
                let wait = Span(dice.below(1_200_000).cast_signed());
                self.now = self.now.plus(wait);
                match self.review.filter(|at| *at <= self.now) {
                    Some(_) => self.step(Input::Review),
                    None => Plan::nothing(),
                }
            }
            3 => self.step(Input::News(Box::new(News::Facts {
                lead,
                destination,
                known: Known { person, ..Known::default() },
            }))),
            4 => self.step(Input::News(Box::new(News::Acted { lead, rep, act: Act::OnIt }))),
            5 => self.step(Input::News(Box::new(News::Acted { lead, rep, act: Act::OutToday }))),
            6 => self.step(Input::News(Box::new(News::OwnerInvalid { lead, destination, rep }))),
            7 => {
                let (from, until) = (self.now, Some(self.now.plus(Span::minutes(20))));
                let away = News::Away { rep, absence: Absence::Out, from, until };
                self.step(Input::News(Box::new(away)))
            }
            // The same wish again: it joins, and asks for no more than before.
            _ => self.fill("content"),
        }
    }

    fn touch(&mut self, dice: &mut Dice) {
        let lead = self.lead.as_ref().unwrap().uuid;
        let response =
            Response { kind: ResponseKind::Call, at: self.now, by: None, evidence: None };
        let rep = self.lead.as_ref().unwrap().owner.clone().unwrap_or_else(|| "ada".to_owned());
        let news = match dice.below(3) {
            0 => News::Acted { lead, rep, act: Act::Answered { outcome: Outcome::Qualified } },
            1 => News::Responded { lead, response },
            _ => News::Facts {
                lead,
                destination: "hubspot".to_owned(),
                known: Known { response: Some(response), ..Known::default() },
            },
        };
        self.step(Input::News(Box::new(news)));
    }
}

/// Whether a plan starts what must not start after a touch.
fn starts(plan: &Plan) -> bool {
    plan.jobs.iter().any(|job| {
        job.kind == JobKind::Ask
            || matches!(
                job.why,
                Some(Why::Reminder | Why::Late | Why::Page | Why::Reassigned | Why::Assigned)
            )
    })
}

#[test]
fn i14_after_a_touch_nothing_starts_in_any_interleaving() {
    let (runs, mut touched, mut fired, mut after, mut wrong) = (10_000, 0, 0, 0, Vec::new());
    let book = desk::book(RULEBOOK, 1);
    let book = Arc::new(book);
    for run in 0..runs {
        let mut dice = Dice::of_run(run);
        let mut world = World {
            book: Arc::clone(&book),
            team: Team::default(),
            lead: None,
            review: None,
            now: NOON,
            steps: 0,
        };
        world.fill("content");
        for _ in 0..dice.below(9) {
            fired += usize::from(starts(&world.noise(&mut dice)));
        }
        world.touch(&mut dice);
        if world.lead.as_ref().unwrap().state != State::Answered {
            continue; // facts are no touch while it still waits for an owner
        }
        touched += 1;
        let owner = world.lead.as_ref().unwrap().owner.clone();
        for _ in 0..6 {
            let plan = world.noise(&mut dice);
            after += 1;
            let lead = world.lead.as_ref().unwrap();
            if starts(&plan) || lead.owner != owner || lead.state != State::Answered {
                wrong.push(format!("run {run}: {plan:?}"));
            }
        }
    }
    println!(
        "I14: {runs} interleavings, {touched} touched, {fired} firings before, {after} steps \
         after: {} started something",
        wrong.len()
    );
    assert!(wrong.is_empty(), "{}", wrong[0]);
    assert!(touched > 7_000 && fired > 5_000);
}

#[tokio::test(flavor = "multi_thread")]
async fn i14_what_waits_to_be_told_when_the_touch_comes_is_not_told() {
    let plant = Plant::start(Config::default()).await;
    let count = either(30, 300);
    accept(&plant, 0..count, |_| "demo").await;
    quiet(&plant).await;
    // The channel is away when the leads become late; somebody answers before it is back.
    (0..5).for_each(|_| plant.chat.plan(Reply { status: 503, ..Reply::default() }));
    pass(&plant, Span::minutes(5));
    crate::harness::until("the channel was tried", || async {
        !plant.chat.posts().all().is_empty()
    })
    .await;
    let now = handoff::clock::Clock::now(&plant.clock);
    let touches: Vec<NewEvent> = plant
        .leads()
        .await
        .iter()
        .enumerate()
        .map(|(number, lead)| {
            let response = Response { kind: ResponseKind::Call, at: now, by: None, evidence: None };
            desk::news(number, now, &News::Responded { lead: lead.uuid, response })
        })
        .collect();
    plant.store.accept(touches).await.unwrap();
    plant.running().worker.wakes.decide();
    plant.decided().await;
    let before = plant.chat.posts().all().len();
    for _ in 0..40 {
        pass(&plant, Span::seconds(30));
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    quiet(&plant).await;
    let later = plant.chat.posts().all().len() - before;
    println!("I14: {count} leads answered while a channel was away: {later} posts afterwards");
    assert!(later <= 1, "at most the one that was under way: {later}");
}
