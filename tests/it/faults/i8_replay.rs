//! I8: a decision is a pure function of what is recorded: every stored decision, decided again
//! from its event, its rulebook version and its instant, gives the same bytes, in another process
//! in another zone and language.

use std::{
    collections::{BTreeMap, HashMap},
    path::Path,
    process::Command,
    sync::Arc,
};

use handoff::{
    decide,
    model::{
        event::{Event, Fate},
        id::{EventId, LeadId},
        lead::{Lead, State},
        news::{Absence, Act, Known, KnownRecord, News, Outcome, Response, ResponseKind},
        plan::{Decided, Input, Snapshot, Step, Wanted},
        team::Team,
        time::{Span, Time},
    },
    rulebook::{Files, Rulebook},
    store::{NewRulebook, Store as _, sqlite::SqliteStore},
};

use super::daemon::all_events;
use crate::{
    harness::{Dice, NOON, RULEBOOK, desk},
    road::many::{decisions, either, leads},
};

/// The process that decides again finds the store here.
const HANDED: &str = "HANDOFF_TEST_REPLAY";
const NAME: &str = "faults::i8_replay::i8_stored_decisions_decided_again_give_the_same_bytes";

/// Reps with hours in zones of their own, so that the calendar is part of every deadline.
fn rulebook(version: u32) -> String {
    let hours = r#"
[[hours]]
id = "london"
zone = "Europe/London"
open = { mon-sun = ["00:00-11:30", "12:15-24:00"] }

[[hours]]
id = "chatham"
zone = "Pacific/Chatham"
open = { mon-sun = ["00:00-23:00"] }

[[rep]]
id = "ada"
hours = "london""#;
    RULEBOOK
        .replacen("[[rep]]\nid = \"ada\"", hours, 1)
        .replace("id = \"bob\"", "id = \"bob\"\nhours = \"chatham\"")
        .replace("clock = \"always\"", "clock = \"owner\"")
        .replace("respond_within = \"5m\"", &format!("respond_within = \"{}m\"", 4 + version))
}

#[tokio::test(flavor = "multi_thread")]
async fn i8_stored_decisions_decided_again_give_the_same_bytes() {
    if let Some(file) = std::env::var_os(HANDED) {
        return replay(Path::new(&file)).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("decided.db");
    let wanted = either(10_000, 50_000);
    let (made, kinds) = decide_many(&file, wanted).await;
    let mut again = Command::new(std::env::current_exe().expect("this program"));
    again.args(["--exact", NAME, "--nocapture"]).env(HANDED, &file);
    again.env("TZ", "Pacific/Chatham").env("LANG", "tr_TR.UTF-8").env("LC_ALL", "tr_TR.UTF-8");
    let said = again.output().expect("it runs");
    let text = String::from_utf8_lossy(&said.stdout);
    assert!(said.status.success(), "{text}\n{}", String::from_utf8_lossy(&said.stderr));
    let same = format!("{made} decided again, 0 differences");
    assert!(text.contains(&same), "{text}");
    println!("I8: {made} stored decisions of {} kinds: {same}", kinds.len());
    assert!(kinds.len() >= 12, "all kinds of decision were made: {kinds:?}");
}

/// Makes so many decisions by a seeded life of a sales house, and copies the store into a file.
async fn decide_many(file: &Path, wanted: usize) -> (usize, BTreeMap<String, usize>) {
    let store = SqliteStore::open_in_memory().unwrap();
    let (mut dice, mut now, mut version, mut number) = (Dice::new(8), NOON, 0, 0);
    let mut book = Arc::new(desk::book(&rulebook(1), 1));
    let mut known: Vec<Lead> = Vec::new();
    let mut last_seq = 0;
    while last_seq < wanted {
        if last_seq * 3 >= wanted * version as usize {
            version += 1;
            let text = rulebook(version);
            let document = Files::new(text.clone()).to_json().unwrap();
            let new =
                NewRulebook { document, author: "test".into(), message: String::new(), at: now };
            assert_eq!(store.publish(new).await.unwrap(), version);
            book = Arc::new(desk::book(&text, version));
        }
        let mut events = Vec::new();
        for _ in 0..dice.below(6) {
            number += 1;
            events.push(if known.is_empty() || dice.percent(60) {
                desk::fill(number, now, body(&mut dice, last_seq as u64))
            } else {
                let lead = dice.of(&known).clone();
                desk::news(number, now, &news(&mut dice, &lead, now))
            });
        }
        store.accept(events).await.unwrap();
        desk::turn(&store, &book, now).await;
        now = now.plus(Span(dice.below(90_000).cast_signed()));
        if number % 7 == 0 {
            let filter = handoff::store::LeadFilter { max: 60, ..Default::default() };
            let page = store.leads(filter).await.unwrap();
            known = page.rows.into_iter().map(|row| row.lead).collect();
        }
        last_seq = store.tally(now).await.unwrap().last_seq as usize;
    }
    store.backup(file).await.unwrap();
    let counts = crate::road::many::counts(&store).await;
    (last_seq, counts)
}

fn body(dice: &mut Dice, young: u64) -> String {
    if dice.percent(3) {
        return r#"{"data":{"company":"Linden"}}"#.to_owned();
    }
    let person = dice.below(40 + young / 4);
    let form = dice.of(&["ebook", "demo", "pricing"]);
    let persona = if dice.percent(5) { "student" } else { "buyer" };
    format!(
        r#"{{"data":{{"email":"P{person}@Linden.example","form":"{form}","persona":"{persona}",
            "company":"Linden {person} GmbH","country":"Germany","employees":"{}"}}}}"#,
        dice.below(900)
    )
}

fn news(dice: &mut Dice, lead: &Lead, now: Time) -> News {
    let (lead, at) = (lead.uuid, now);
    let rep = (*dice.of(&["ada", "bob"])).to_owned();
    let destination = "hubspot".to_owned();
    let response =
        Response { kind: ResponseKind::Call, at, by: None, evidence: Some(at.0.to_string()) };
    match dice.below(10) {
        0 => News::Responded { lead, response },
        1 => News::Acted { lead, rep, act: Act::OnIt },
        2 => News::Acted { lead, rep, act: Act::Answered { outcome: Outcome::Nurture } },
        3 => News::Away {
            rep,
            absence: Absence::Out,
            from: at,
            until: Some(at.plus(Span::hours(1))),
        },
        4 => News::Back { rep },
        5 => News::Reassign { lead, to: rep, why: Some("by hand".into()) },
        6 => News::OwnerMet {
            lead,
            destination,
            owner: format!("OWNER_{}", rep.to_uppercase()),
            is_move: true,
        },
        7 => News::OwnerInvalid { lead, destination, rep },
        _ => {
            let owner = Some(format!("OWNER_{}", rep.to_uppercase()));
            let person = Some(KnownRecord { record: "7".into(), name: None, owner });
            News::Facts { lead, destination, known: Known { person, ..Known::default() } }
        }
    }
}

/// Decides everything in the file again and prints how much differs.
async fn replay(file: &Path) {
    let stored = SqliteStore::open_offline(file).unwrap();
    let (wanted, mut events) = (decisions(&stored).await, all_events(&stored).await);
    events.sort_by_key(|event| event.id);
    let mut books: BTreeMap<u32, Arc<Rulebook>> = BTreeMap::new();
    for row in stored.rulebooks(None).await.unwrap() {
        let rows = stored.rulebooks(Some(row.version)).await.unwrap();
        let files = Files::from_json(rows[0].document.as_deref().unwrap()).unwrap();
        let book = Rulebook::compile(&files, &desk::setup(), row.version).unwrap();
        books.insert(row.version, Arc::new(book));
    }
    let by_id: BTreeMap<_, &Event> = events.iter().map(|event| (event.id, event)).collect();
    let mut world = World::default();
    let mut differing = Vec::new();
    for want in &wanted {
        let made = world.decide(&books[&want.decision.rulebook], want, &by_id);
        if bytes(&made) != bytes(want) {
            differing.push(format!("{made:?}\n{want:?}"));
            break;
        }
    }
    println!("{} decided again, {} differences", wanted.len(), differing.len());
    assert!(differing.is_empty(), "{}", differing[0]);
    let leads: BTreeMap<i64, Lead> =
        leads(&stored).await.into_iter().map(|lead| (lead.id.0, lead)).collect();
    assert_eq!(world.leads, leads, "every lead ends the same");
    let team = stored.team().await.unwrap();
    world.team.away.retain(|_, all| !all.is_empty());
    assert_eq!((world.team.rotations, world.team.away), (team.rotations, team.away));
}

fn bytes(decided: &Decided) -> Vec<u8> {
    serde_json::to_vec(decided).unwrap()
}

/// All that decisions look at, made of nothing but their plans.
#[derive(Default)]
struct World {
    leads: BTreeMap<i64, Lead>,
    people: HashMap<String, i64>,
    team: Team,
}

impl World {
    /// Decides one again: on its event or on its lead's review, at its instant.
    fn decide(
        &mut self,
        book: &Rulebook,
        want: &Decided,
        events: &BTreeMap<EventId, &Event>,
    ) -> Decided {
        let step = match want.event {
            Some(id) => desk::step(book, events[&id]),
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
        let mut plan = decide::decide(book, &desk::reach(), &snapshot, &step, want.decision.at);
        let decision = plan.decision.take().unwrap_or_else(|| panic!("no decision: {want:?}"));
        let id = match plan.fate {
            Some(Fate::Opened) => want.event.map(|event| LeadId(event.0)),
            _ => before.as_ref().map(|lead| lead.id),
        };
        self.team.apply(&plan.team);
        if let (Some(mut lead), Some(id)) = (plan.lead.take(), id) {
            (lead.id, lead.revision) = (id, want.seq);
            self.team.move_open(before.as_ref().and_then(open), open(&lead));
            self.team.move_late(before.as_ref().and_then(late), late(&lead));
            for identity in &plan.identities {
                // Of a person's leads the newest counts.
                let newest = self.people.entry(identity.full()).or_insert(id.0);
                *newest = id.0.max(*newest);
            }
            self.leads.insert(id.0, lead);
        }
        let lead = id.filter(|_| plan.fate != Some(Fate::Rejected));
        Decided { seq: want.seq, lead, event: want.event, decision }
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
