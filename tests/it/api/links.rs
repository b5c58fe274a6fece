//! The links in real mails: looking changes nothing, pressing acts once, and a link that has
//! ended or was changed does nothing.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use handoff::{
    clock::Clock as _,
    model::{
        lead::State,
        time::{Span, Time},
    },
    notify::link::{Grant, LinkKey},
    store::{EventFilter, Tally},
};
use reqwest::Method;

use crate::harness::{Config, NOON, Plant};

/// What the mails of a plant carry in their text: parts in base64 or quoted-printable, read.
fn texts(content: &str) -> String {
    let plain = content.replace("=\r\n", "").replace("=3D", "=");
    let blocks = content.split("\r\n\r\n").filter_map(|block| {
        let block = block.split("\r\n--").next().unwrap_or_default();
        let bytes = STANDARD.decode(block.split_whitespace().collect::<String>()).ok()?;
        String::from_utf8(bytes).ok()
    });
    blocks.chain([plain.clone()]).collect()
}

/// The addresses of the action links in the mails to somebody that grant such a thing.
fn links(plant: &Plant, to: &str, grants: fn(&Grant) -> bool) -> Vec<String> {
    let key = LinkKey::new(&[[7_u8; 32]]).unwrap();
    let base = plant.url("/act/");
    let mut found = Vec::new();
    for mail in plant.mail.mails().all() {
        if !mail.to.iter().any(|one| one.contains(to)) {
            continue;
        }
        for part in texts(&mail.content).split(&base).skip(1) {
            let is_token = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            let token: String = part.chars().take_while(|c| is_token(*c)).collect();
            let url = format!("{base}{token}");
            let claim = key.verify(&token, Time(0)).expect("a mail holds good links");
            if grants(&claim.grant) && !found.contains(&url) {
                found.push(url);
            }
        }
    }
    found
}

fn acts(grant: &Grant) -> bool {
    matches!(grant, Grant::Act { .. })
}

/// Everything that a look must not change.
async fn state(plant: &Plant) -> (Tally, usize, usize) {
    let filter = EventFilter { max: 500, ..EventFilter::default() };
    let events = plant.store.events(filter).await.unwrap().rows.len();
    let tally = plant.store.tally(plant.clock.now()).await.unwrap();
    (tally, events, plant.mail.mails().all().len())
}

async fn ask(plant: &Plant, method: Method, url: &str, form: &str) -> (u16, String) {
    let request = plant.http.request(method, url).body(form.to_owned());
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    (status, answer.text().await.unwrap())
}

/// A page's form, with this button pressed.
fn pressed(page: &str, act: &str) -> String {
    let seen = page.split("name=\"seen\" value=\"").nth(1).expect("a form");
    let seen = seen.split('"').next().unwrap();
    assert!(page.contains(&format!("value=\"{act}\"")), "a button {act}: {page}");
    format!("seen={seen}&act={act}")
}

#[tokio::test(flavor = "multi_thread")]
async fn looking_changes_nothing_and_on_it_holds_the_ladder_once() {
    let plant = Plant::start(Config::default()).await;
    let lead = plant.fill("eva@linden.example", &[("company", "Linden")]).await;
    plant.idle().await;
    let all = links(&plant, "ada@", acts);
    assert_eq!(all.len(), 1, "one link to act on one lead");
    let url = &all[0];
    assert!(!url.contains("linden"), "nobody's data in an address");
    let before = state(&plant).await;
    for method in [Method::GET, Method::HEAD, Method::GET, Method::HEAD] {
        let answer = plant.http.request(method.clone(), url).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{method}");
        assert_eq!(answer.headers()["cache-control"], "no-store");
        assert_eq!(answer.headers()["referrer-policy"], "no-referrer");
    }
    let with_query = ask(&plant, Method::GET, &format!("{url}?act=on_it"), "").await;
    assert_eq!(with_query.0, 200, "what scanners make of links");
    for method in [Method::PUT, Method::DELETE, Method::OPTIONS] {
        let (status, _) = ask(&plant, method.clone(), url, "act=on_it").await;
        assert!(status >= 400, "{method}: {status}");
    }
    assert_eq!(state(&plant).await, before, "looking changes nothing");

    let (_, page) = ask(&plant, Method::GET, url, "").await;
    let form = pressed(&page, "on_it");
    for _ in 0..3 {
        assert_eq!(ask(&plant, Method::POST, url, &form).await.0, 200);
    }
    plant.decided().await;
    assert_eq!(state(&plant).await.1, before.1 + 1, "a double click is one event");
    let held = plant.lead_of("eva@linden.example").await.unwrap();
    let until = held.ladder.as_ref().unwrap().on_it_until.expect("held");
    assert!(until > lead.ladder.unwrap().deadline);
    plant.after(Span(until.since(NOON).0 - 1)).await;
    assert_eq!(plant.mails_to("ada@").len(), 1, "held until its end");
    plant.after(Span::minutes(1)).await;
    assert!(plant.mails_to("ada@").len() + plant.mails_to("bob@").len() > 1, "then it goes on");
    plant.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outcome_from_the_mail_answers_the_lead_and_can_be_corrected() {
    let plant = Plant::start(Config::default()).await;
    plant.fill("eva@linden.example", &[]).await;
    plant.idle().await;
    let url = links(&plant, "ada@", acts).remove(0);
    let (_, page) = ask(&plant, Method::GET, &url, "").await;
    let no_reason = pressed(&page, "not_a_fit");
    assert_eq!(ask(&plant, Method::POST, &url, &no_reason).await.0, 400, "it must say why");
    let (status, page) = ask(&plant, Method::POST, &url, &pressed(&page, "nurture")).await;
    assert_eq!(status, 200);
    let lead = plant.in_state("eva@linden.example", State::Answered).await;
    let form = format!("{}&reason=too+small&words=%3Cb%3E", pressed(&page, "not_a_fit"));
    let (_, page) = ask(&plant, Method::POST, &url, &form).await;
    plant.decided().await;
    let later = plant.lead_of("eva@linden.example").await.unwrap();
    let outcome = serde_json::to_value(&later.outcome).unwrap();
    assert_eq!(outcome["why"], "too small: <b>");
    assert!(!page.contains("<b>"), "a rep's words are escaped too");
    assert_eq!(later.answered_at, lead.answered_at, "the first answer stands");
    let told = plant.mail.mails().all().len();
    plant.after(Span::hours(5)).await;
    assert_eq!(plant.mail.mails().all().len(), told);
    plant.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn out_today_from_the_mail_passes_the_lead_on_and_keeps_new_ones_away() {
    let plant = Plant::start(super::patient()).await;
    plant.fill("eva@linden.example", &[]).await;
    plant.idle().await;
    let url = links(&plant, "ada@", |grant| matches!(grant, Grant::OutToday { .. })).remove(0);
    let before = state(&plant).await;
    assert_eq!(ask(&plant, Method::GET, &url, "").await.0, 200);
    assert_eq!(state(&plant).await, before);
    for _ in 0..2 {
        assert_eq!(ask(&plant, Method::POST, &url, "act=out_today").await.0, 200);
    }
    plant.decided().await;
    assert_eq!(state(&plant).await.1, before.1 + 1);
    for number in 0..3 {
        let lead = plant.fill(&format!("p{number}@linden.example"), &[]).await;
        assert_eq!(lead.owner.as_deref(), Some("bob"));
    }
    plant.clock.advance(Span::days(1));
    let owners = [
        plant.fill("q1@linden.example", &[]).await.owner,
        plant.fill("q2@linden.example", &[]).await.owner,
    ];
    assert!(owners.contains(&Some("ada".to_owned())), "tomorrow she is back: {owners:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_has_ended_or_was_changed_or_comes_from_elsewhere_does_nothing() {
    let plant = Plant::start(Config::default()).await;
    plant.fill("eva@linden.example", &[]).await;
    plant.idle().await;
    let url = links(&plant, "ada@", acts).remove(0);
    let (_, page) = ask(&plant, Method::GET, &url, "").await;
    let form = pressed(&page, "on_it");
    let before = state(&plant).await;
    let token = url.rsplit('/').next().unwrap();
    for at in [0, 5, token.len() / 2, token.len() - 1] {
        let mut letters: Vec<char> = token.chars().collect();
        letters[at] = if letters[at] == 'Q' { 'g' } else { 'Q' };
        let changed = url.replace(token, &letters.iter().collect::<String>());
        for method in [Method::GET, Method::POST] {
            let (status, page) = ask(&plant, method, &changed, &form).await;
            assert_eq!(status, 404, "{at}");
            assert!(page.contains("Nothing was changed"), "{page}");
        }
    }
    let forms = ["", "act=explode", "act=on_it&act=nurture&x=%00%ff", "act=not_a_fit"];
    for (form, status) in forms.iter().zip([400, 400, 200, 400]) {
        assert_eq!(ask(&plant, Method::POST, &url, form).await.0, status, "{form}");
        if status == 200 {
            plant.decided().await;
        }
    }
    let acted = state(&plant).await;
    assert_eq!(acted.1, before.1 + 1);
    let elsewhere = [("sec-fetch-site", "cross-site"), ("origin", "https://other.example")];
    for (name, value) in elsewhere {
        let request = plant.http.post(&url).body("act=nurture&seen=1").header(name, value);
        assert_eq!(request.send().await.unwrap().status(), 403, "{name}");
    }
    let big = format!("act=nurture&words={}", "x".repeat(8 * 1024));
    assert_eq!(ask(&plant, Method::POST, &url, &big).await.0, 400);
    // The plant's links are good for two days.
    plant.clock.set(NOON.plus(Span(Span::days(2).0 - 1)));
    assert_eq!(ask(&plant, Method::GET, &url, "").await.0, 200);
    plant.clock.set(NOON.plus(Span::days(2)));
    for method in [Method::GET, Method::POST] {
        let (status, page) = ask(&plant, method, &url, "act=nurture").await;
        assert_eq!(status, 410);
        assert!(page.contains("expired") && !page.contains("Linden"), "{page}");
    }
    assert_eq!(state(&plant).await.1, acted.1);
}
