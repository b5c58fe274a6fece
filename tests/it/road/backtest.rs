//! A draft against recorded leads: what moves, what does not, and what nobody can tell any more.
//!
//! Guarantees: the leads were decided and recorded by the real rules, the CRMs asked before each.

use std::sync::Arc;

use handoff::{
    decide::placed::Differs,
    model::{
        news::{Known, News},
        time::{Span, Time},
    },
    replay::{Replay, backtest::Tested},
    rulebook::Files,
    store::{Keep, LeadFilter, NewRulebook, Store as _, sqlite::SqliteStore},
};

use crate::harness::{NOON, RULEBOOK, desk};

/// Germans go to mary by name.
const GERMANY: &str =
    "[[rule]]\nid = \"germany\"\nif.country = \"DE\"\nassign_to = \"rep: mary\"\n\n";

/// A rulebook with this above its rules.
fn with(more: &str) -> String {
    RULEBOOK.replacen("[[rule]]", &format!("{more}[[rule]]"), 1)
}

/// So many leads, decided by this rulebook: each asked about first, then placed.
async fn recorded(text: &str, leads: usize, body: impl Fn(usize) -> String) -> SqliteStore {
    let store = SqliteStore::open_in_memory().unwrap();
    let document = Files::new(text.to_owned()).to_json().unwrap();
    let new = NewRulebook { document, author: "test".into(), message: String::new(), at: NOON };
    assert_eq!(store.publish(new).await.unwrap(), 1);
    let book = Arc::new(desk::book(text, 1));
    for n in 0..leads {
        let now = at(n);
        store.accept(vec![desk::fill(n, now, body(n))]).await.unwrap();
        desk::turn(&store, &book, now).await;
        let filter = LeadFilter { max: 1, ..LeadFilter::default() };
        let Some(newest) = store.leads(filter).await.unwrap().rows.into_iter().next() else {
            continue;
        };
        let (lead, destination) = (newest.lead.uuid, "hubspot".to_owned());
        let facts = News::Facts { lead, destination, known: Known::default() };
        store.accept(vec![desk::news(n, now, &facts)]).await.unwrap();
        desk::turn(&store, &book, now).await;
    }
    store
}

fn at(n: usize) -> Time {
    NOON.plus(Span::seconds(n as i64))
}

/// This draft on what was recorded by that rulebook.
async fn tested(store: &SqliteStore, live: &str, draft: &str) -> Tested {
    let (live, draft) = (Arc::new(desk::book(live, 1)), Arc::new(desk::book(draft, 0)));
    Replay::of(store).backtest((live, draft), NOON, |_| {}, |_| {}).await.unwrap().unwrap()
}

/// A person whose form says one country and whose hidden field may say another.
fn body(n: usize) -> String {
    let hidden = if n.is_multiple_of(5) { "Germany" } else { "France" };
    format!(
        r#"{{"data":{{"email":"p{n}@linden{n}.example","country":"Spain","hidden":"{hidden}"}}}}"#
    )
}

#[tokio::test]
async fn a_draft_that_maps_a_country_from_another_field_moves_exactly_those_leads() {
    let live = with(GERMANY);
    let mapping = "[[mapping]]\nsource = \"website\"\ncountry = \"$.data.hidden\"\n\n";
    let draft = with(&format!("{mapping}{GERMANY}"));
    let store = recorded(&live, 40, body).await;
    let found = tested(&store, &live, &draft).await;
    let to_mary = found.diff.moves.iter().filter(|one| one.rule() == "germany").count();
    assert_eq!((to_mary, found.diff.by_rule["germany"]), (8, 8), "{:#?}", found.diff.moves);
    assert_eq!(found.diff.kinds[&Differs::Pool], 8, "the others keep their pool: {found:#?}");
    let others = found.diff.moved - 8;
    assert_eq!(found.diff.kinds.get(&Differs::Turn).copied().unwrap_or(0), others as u64);
    assert_eq!((found.mapped_as_then, found.leads), (0, 40));
    let mary = found.diff.reps["mary"];
    assert_eq!((mary.before, mary.after), (0, 8));
    let sums = found.diff.reps.values().map(|load| (load.before, load.after));
    assert_eq!(sums.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1)), (40, 40));

    // The same without the bodies: decided as they were read then, and said so.
    let keep = Keep { bodies: Span::ZERO, rows_max: 1_000 };
    assert!(store.sweep(keep, at(10_000)).await.unwrap().bodies >= 40);
    let found = tested(&store, &live, &draft).await;
    assert_eq!((found.diff.moved, found.mapped_as_then), (0, 40));
    assert_eq!(tested(&store, &live, &live).await.mapped_as_then, 0, "bodies are not looked for");
}

#[tokio::test]
async fn what_only_one_mapping_can_read_differs_in_reading_and_stays_so() {
    let broken = "[[mapping]]\nsource = \"website\"\nemail = \"$.data.nowhere\"\n\n";
    let (live, draft) = (with(""), with(broken));
    let store = recorded(&live, 6, body).await;
    let found = tested(&store, &live, &draft).await;
    assert_eq!(found.diff.kinds, [(Differs::Reading, 6)].into(), "{found:#?}");
    assert_eq!(found.diff.reps.values().map(|load| load.after).sum::<u64>(), 0);
    let store = recorded(&draft, 6, body).await;
    let found = tested(&store, &draft, &live).await;
    assert_eq!(found.diff.kinds, [(Differs::Reading, 6)].into(), "{found:#?}");
}

#[tokio::test]
async fn a_form_that_asks_for_more_in_the_draft_needs_no_body() {
    let live = with("");
    let draft = live.replace(
        "form = \"ebook\"\nintent = \"content\"",
        "form = \"ebook\"\nintent = \"contact\"",
    );
    let draft = draft.replacen(
        "[[rule]]",
        "[[rule]]\nid = \"contacts\"\nwhen = 'lead.intent == \"contact\"'\nassign_to = \"rep: mary\"\n\n[[rule]]",
        1,
    );
    let form = |n: usize| {
        let form = if n.is_multiple_of(2) { "ebook" } else { "demo" };
        format!(r#"{{"data":{{"email":"p{n}@linden{n}.example","form":"{form}"}}}}"#)
    };
    let store = recorded(&live, 10, form).await;
    let keep = Keep { bodies: Span::ZERO, rows_max: 1_000 };
    store.sweep(keep, at(10_000)).await.unwrap();
    let found = tested(&store, &live, &draft).await;
    assert_eq!(
        (found.diff.by_rule.get("contacts"), found.mapped_as_then),
        (Some(&5), 0),
        "{found:#?}"
    );
}

#[tokio::test]
async fn who_is_no_longer_in_the_draft_gets_nothing_and_the_others_share_it() {
    let live = with("");
    let ada = live.find("[[rep]]\nid = \"ada\"").unwrap();
    let bob = live.find("[[rep]]\nid = \"bob\"").unwrap();
    let draft = format!("{}{}", &live[..ada], &live[bob..]);
    let draft = draft.replace("members = [\"ada\", \"bob\"]", "members = [\"bob\"]");
    let store = recorded(&live, 20, body).await;
    let found = tested(&store, &live, &draft).await;
    let of = |rep: &str| found.diff.reps.get(rep).map(|load| (load.before, load.after));
    assert_eq!((of("ada"), of("bob")), (Some((10, 0)), Some((10, 20))), "{found:#?}");
    assert_eq!(found.diff.kinds, [(Differs::Turn, 10)].into());
}

#[tokio::test]
async fn a_store_without_recorded_leads_says_what_to_do() {
    let store = SqliteStore::open_in_memory().unwrap();
    let book = Arc::new(desk::book(RULEBOOK, 1));
    let mut replay = Replay::of(&store);
    let why = replay
        .backtest((Arc::clone(&book), book), NOON, |_| {}, |_| {})
        .await
        .unwrap()
        .unwrap_err();
    assert!(why.contains("--since") && why.contains("handoff leads import"), "{why}");
}
