//! I8: a decision is a pure function of what is recorded: every stored decision, decided again
//! from its event, its rulebook version and its instant, gives the same bytes, in another process
//! in another zone and language.

use std::{collections::BTreeMap, path::Path, process::Command, sync::Arc};

use handoff::{
    model::{
        id::Seq,
        lead::Lead,
        news::{Absence, Act, Known, KnownRecord, News, Outcome, Response, ResponseKind},
        time::{Span, Time},
    },
    replay::{Replay, Which},
    rulebook::Files,
    store::{NewRulebook, RecordFilter, Store as _, sqlite::SqliteStore},
};

use crate::{
    harness::{Dice, NOON, RULEBOOK, desk},
    road::many::either,
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
    let wanted = either(10_000, 100_000);
    let (made, kinds) = decide_many(&file, wanted).await;
    let mut again = Command::new(std::env::current_exe().expect("this program"));
    again.args(["--exact", NAME, "--nocapture"]).env(HANDED, &file);
    again.env("TZ", "Pacific/Chatham").env("LANG", "tr_TR.UTF-8").env("LC_ALL", "tr_TR.UTF-8");
    let said = again.output().expect("it runs");
    let text = String::from_utf8_lossy(&said.stdout);
    assert!(said.status.success(), "{text}\n{}", String::from_utf8_lossy(&said.stderr));
    let same = format!("{made} decided again, 0 differences");
    assert!(text.contains(&same), "{text}");
    for line in text.lines().filter(|line| line.starts_with("I8: ")) {
        println!("{line}");
    }
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
    let mut replay = Replay::of(&stored);
    let report = replay.verify(&Which::default(), |_, _| {}).await.unwrap();
    println!("{} decided again, {} differences", report.same, report.differing);
    assert_eq!((report.all(), report.differing), (report.same, 0), "{:#?}", report.first);
    // What was moved adds up to what the store says of people now.
    let after_all = Seq(stored.tally(NOON).await.unwrap().last_seq + 1);
    let team = replay.before(after_all).await.unwrap();
    assert_eq!(team, Some(&stored.team().await.unwrap()));
    sizes(&stored).await;
    unchanged(&stored).await;
}

/// A record and its decision fit into 2 KiB.
async fn sizes(stored: &SqliteStore) {
    let (mut all, mut largest, mut after) = (Vec::new(), 0, None);
    loop {
        let filter = RecordFilter { after, lead: None, max: 500 };
        let page = stored.records(filter).await.unwrap();
        for row in &page.rows {
            let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
            let size = row.doc.len() + length(&row.saw) + length(&row.moved);
            largest = largest.max(size);
            all.push(size);
        }
        after = page.next.map(Seq);
        if after.is_none() {
            break;
        }
    }
    let mean = all.iter().sum::<usize>() / all.len();
    all.sort_unstable();
    let most = all[all.len() * 999 / 1000];
    println!(
        "I8: bytes of a stored decision: {mean} in the mean, {most} at 99.9 %, {largest} at most"
    );
    assert!(most <= 2_048 && mean < 1_400, "{mean} {most} {largest}");
}

/// The newest rulebook against all that was recorded by it and by those before it.
async fn unchanged(stored: &SqliteStore) {
    let mut replay = Replay::of(stored);
    let last = stored.tally(NOON).await.unwrap().last_seq;
    let filter = RecordFilter { after: Some(Seq(last - 1)), lead: None, max: 1 };
    let row = stored.records(filter).await.unwrap().rows.remove(0);
    let live = replay.book_of_row(&row).await.unwrap().unwrap();
    let draft = Arc::new(desk::book(&rulebook(live.version), 0));
    let began = tokio::time::Instant::now();
    let tested =
        replay.backtest((Arc::clone(&live), draft), NOON, |_| {}, |_| {}).await.unwrap().unwrap();
    let took = began.elapsed().as_secs_f64();
    println!(
        "I8: back-test of {} decisions in {took:.1} s: {} leads differ",
        tested.decisions, tested.diff.moved
    );
    assert!(tested.leads > 100 && tested.decisions == last as u64);
    assert_eq!(tested.diff.moves, []);
    assert_eq!(tested.late_before, tested.late_after);
    let other = Arc::new(desk::book(&rulebook(live.version + 7), 0));
    let tested = replay.backtest((live, other), NOON, |_| {}, |_| {}).await.unwrap().unwrap();
    assert!(!tested.diff.moves.is_empty(), "another SLA is another deadline");
}
