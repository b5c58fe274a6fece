//! People and senders: fills, words of reps, orders of operators, and what happens in the CRM.
//!
//! Guarantees: what they do becomes events exactly as the daemon's front makes them; a sender
//! that is not answered sends again. Does not know: what comes of it.

use handoff::{
    model::{
        event::{EventKind, Fate, NewEvent},
        lead::Lead,
        news::{Absence, Act, News, Outcome, Response, ResponseKind},
        time::Span,
    },
    store::{EventFilter, JobFilter, JobOrder},
};

use super::{
    crm::{NAME, Record},
    rulebooks::REPS,
    schedule::{Action, Order, Word, human_owner},
    store::PANICS,
    world::{World, now},
};

/// Somebody does something.
pub fn act(world: &mut World, action: Action) {
    match action {
        Action::Fill { at, person, form, number } => {
            let event = fill(world, at, person, form, number);
            send(world, at, event);
        }
        Action::Poison { at, how, number } => {
            let event = poison(world, at, how, number);
            world.ground.house.state().faults.fired("poison");
            send(world, at, event);
        }
        Action::Again { .. } if world.sent.is_empty() => {}
        Action::Again { at, of } => {
            let event = world.sent[usize::from(of) % world.sent.len()].clone();
            // The sender's second try arrives when it arrives.
            let received_at = world.wall(world.at(at));
            world.ground.house.state().faults.fired("a delivery came again");
            deliver(world, at, NewEvent { received_at, ..event });
        }
        Action::Say { at, lead, word, number } => {
            let Some(lead) = pick(world, lead) else { return };
            let rep = lead.owner.clone().unwrap_or_else(|| "ada".to_owned());
            let (lead, outcome) = (lead.uuid, |outcome| Act::Answered { outcome });
            let act = match word {
                Word::OnIt => Act::OnIt,
                Word::Done => outcome(Outcome::Qualified),
                Word::NotAFit => outcome(Outcome::NotAFit { why: "student".to_owned() }),
                Word::OutToday => Act::OutToday,
                Word::Refused => Act::Refused { why: "a friend".to_owned() },
            };
            tell(world, at, number, &News::Acted { lead, rep, act });
        }
        Action::Order { at, order, number } => self::order(world, at, order, number),
        Action::Human { lead, owner } => {
            let count = world.ground.crm.records().len();
            let changed =
                world.ground.crm.by_hand(usize::from(lead) % count.max(1), human_owner(owner));
            if let Some(record) = changed {
                world.ground.house.state().faults.fired("crm: a human chose the owner");
                call_back_owner(world, &record);
            }
        }
        Action::Evidence { lead } => evidence(world, lead),
        Action::CallBack { at, which, again } => {
            if world.callbacks.is_empty() {
                return;
            }
            let which = usize::from(which) % world.callbacks.len();
            if which > 0 {
                world.ground.house.state().faults.fired("crm: called back out of order");
            }
            let news = world.callbacks.remove(which);
            for _ in 0..=u8::from(again) {
                call_back(world, at, news.clone());
            }
        }
        _ => {}
    }
}

fn pick(world: &World, number: u8) -> Option<Lead> {
    let leads = world.leads();
    let at = usize::from(number).checked_rem(leads.len())?;
    leads.into_iter().nth(at)
}

fn fill(world: &World, at: u8, person: u8, form: u8, number: u16) -> NewEvent {
    // One has a telephone alone, one belongs to a known company.
    let who = match person {
        0 => r#""phone":"+44 20 7946 0018""#.to_owned(),
        1 => r#""email":"P1@Birch.example""#.to_owned(),
        2 => r#""email":"p2@oak.example""#.to_owned(),
        3 => r#""email":"eva@linden.example""#.to_owned(),
        person => format!(r#""email":"p{person}@elm.example","country":"Germany""#),
    };
    let asks = ["ebook", "demo", "demo", "ebook"][usize::from(form)];
    let more = [r#","employees":"20""#, "", r#","employees":"900""#, r#","persona":"student""#];
    let more = more[usize::from(form)];
    let body = format!(r#"{{"data":{{{who},"form":"{asks}"{more}}}}}"#);
    website(world, at, format!("fill-{number}"), body)
}

fn poison(world: &World, at: u8, how: u8, number: u16) -> NewEvent {
    let (delivery, body) = match how {
        0 => (format!("fill-{number}"), "{\"data\": oh".to_owned()),
        1 => (format!("fill-{number}"), r#"{"data":{"company":"Linden"}}"#.to_owned()),
        _ => (
            format!("fill-{number}-{PANICS}"),
            format!(r#"{{"data":{{"email":"q{number}@yew.example","form":"demo"}}}}"#),
        ),
    };
    website(world, at, delivery, body)
}

fn website(world: &World, at: u8, delivery: String, body: String) -> NewEvent {
    NewEvent {
        kind: EventKind::Fill,
        source: "website".to_owned(),
        delivery,
        received_at: world.wall(world.at(at)),
        content_type: Some("application/json".to_owned()),
        actor: None,
        body: body.into_bytes(),
    }
}

fn news(world: &World, at: u8, origin: &str, delivery: String, news: &News) -> NewEvent {
    NewEvent {
        kind: EventKind::News,
        source: format!("handoff:{origin}"),
        delivery,
        received_at: world.wall(world.at(at)),
        content_type: None,
        actor: None,
        body: serde_json::to_vec(news).expect("news is JSON"),
    }
}

/// Somebody says something at the front; who gets an error does not try again by himself.
fn tell(world: &mut World, at: u8, number: u16, what: &News) {
    let event = news(world, at, "people", format!("word-{number}"), what);
    deliver(world, at, event);
}

/// A sender sends, and remembers what it sent.
fn send(world: &mut World, at: u8, event: NewEvent) {
    world.sent.push(event.clone());
    deliver(world, at, event);
}

/// Delivers, and notes what the sender was told.
fn deliver(world: &mut World, at: u8, event: NewEvent) {
    let key = (event.source.clone(), event.delivery.clone());
    let at = world.at(at);
    if let Ok(answers) = world.front(at, |store| store.accept(vec![event])) {
        let mut state = world.ground.house.state();
        let seen = &mut state.seen;
        for answer in answers {
            let first = *seen.acknowledged.entry(key.clone()).or_insert(answer.uuid);
            if first != answer.uuid {
                let now = answer.uuid;
                seen.wrong.push(format!("I5: {key:?} was answered {first} and then {now}"));
            }
        }
    }
}

/// Senders send again what was not acknowledged.
pub fn send_all(world: &mut World) {
    for event in world.sent.clone() {
        let key = (event.source.clone(), event.delivery.clone());
        if !world.ground.house.state().seen.acknowledged.contains_key(&key) {
            let received_at = world.wall(0);
            deliver(world, 0, NewEvent { received_at, ..event });
        }
    }
    for event in std::mem::take(&mut world.callbacks) {
        call_back(world, 0, event);
    }
}

/// A CRM calls back, and again later if it got no answer. What the front knows an owner's change by
/// is made when the call comes in: the record, the owner, and the lead's revision then.
fn call_back(world: &mut World, at: u8, mut event: NewEvent) {
    event.received_at = world.wall(world.at(at));
    if let Ok(News::OwnerMet { lead, .. }) = serde_json::from_slice(&event.body)
        && let Some(lead) = world.leads().into_iter().find(|one| one.uuid == lead)
        && let Some((change, _)) = event.delivery.rsplit_once(':')
    {
        event.delivery = format!("{change}:{}", lead.revision.0);
    }
    let key = (event.source.clone(), event.delivery.clone());
    deliver(world, at, event.clone());
    if !world.ground.house.state().seen.acknowledged.contains_key(&key) {
        world.callbacks.push(event);
    }
}

/// An operator mends what is dead, once nothing goes wrong any more.
pub fn order_all(world: &mut World) {
    order(world, 0, Order::RetryDead, u16::MAX);
    order(world, 0, Order::Redo, u16::MAX);
}

fn order(world: &mut World, at: u8, order: Order, number: u16) {
    let (of, rep) = (world.at(at), |rep: u8| REPS[usize::from(rep)].to_owned());
    let jobs = |world: &World, is_dead| {
        let filter = JobFilter { is_dead: Some(is_dead), max: 500, ..JobFilter::default() };
        let rows = now(world.ground.store.jobs(filter)).expect("a read").rows;
        rows.into_iter().map(|job| job.id.0).collect::<Vec<i64>>()
    };
    let wall = world.wall(of);
    match order {
        Order::RetryDead => {
            let dead = jobs(world, true);
            if !dead.is_empty() {
                world.ground.house.state().faults.fired("an operator retried dead jobs");
            }
            _ = world.front(of, |store| store.order(dead, JobOrder::Retry, wall));
        }
        Order::Bury(which) => {
            let open = jobs(world, false);
            if let Some(at) = usize::from(which).checked_rem(open.len()) {
                let one = vec![open[at]];
                world.ground.house.state().faults.fired("an operator buried a job");
                _ = world.front(of, |store| store.order(one, JobOrder::Bury, wall));
            }
        }
        Order::Redo => {
            let mut lost = Vec::new();
            for fate in [Fate::Rejected, Fate::Dead] {
                let filter = EventFilter { fate: Some(fate), max: 500, ..EventFilter::default() };
                let page = now(world.ground.store.events(filter)).expect("a read");
                lost.extend(page.rows.into_iter().map(|event| event.uuid));
            }
            if !lost.is_empty() {
                world.ground.house.state().faults.fired("an operator redid events");
            }
            _ = world.front(of, |store| store.redo(lost));
        }
        Order::Reassign { lead, to } => {
            let Some(lead) = pick(world, lead) else { return };
            tell(world, at, number, &News::Reassign { lead: lead.uuid, to: rep(to), why: None });
        }
        Order::Away { rep: who, minutes } => {
            let until = Some(wall.plus(Span::minutes(minutes.into())));
            let away = News::Away { rep: rep(who), absence: Absence::Out, from: wall, until };
            tell(world, at, number, &away);
        }
        Order::Back { rep: who } => tell(world, at, number, &News::Back { rep: rep(who) }),
    }
}

/// The CRM is to call back about an owner, if it shows one and the record is ours.
fn call_back_owner(world: &mut World, record: &Record) {
    let (Some(key), Some(owner)) = (record.key, record.owner.clone()) else { return };
    let Some(lead) = world.leads().into_iter().find(|lead| lead.uuid == key) else { return };
    let met = News::OwnerMet { lead: key, destination: NAME.to_owned(), owner, is_move: true };
    let delivery = format!("{}:{met:?}:{}", record.id, lead.revision.0);
    let event = news(world, 0, "crm:hubspot", delivery, &met);
    world.callbacks.push(event);
}

fn evidence(world: &mut World, lead: u8) {
    let at = world.ground.house.time.now();
    let count = world.ground.crm.records().len();
    let which = usize::from(lead) % count.max(1);
    let response = Response {
        kind: ResponseKind::Call,
        at,
        by: None,
        evidence: Some(format!("call-{}", at.0)),
    };
    let key = world.ground.crm.records().get_mut(which).and_then(|record| {
        record.response = Some(response.clone());
        record.key
    });
    let Some(lead) = key else { return };
    let delivery = format!("response:{which}:{:?}", response.evidence);
    let event = news(world, 0, "crm:hubspot", delivery, &News::Responded { lead, response });
    world.callbacks.push(event);
    world.ground.house.state().faults.fired("crm: evidence of an answer");
}
