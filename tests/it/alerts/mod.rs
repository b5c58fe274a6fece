//! Nothing becomes silent: every alert is fired in a whole daemon by what it is there for, told to
//! the alarm channel, shown as a gauge, and told to be over when it is.
//!
//! Guarantees: a story proves that its alert was raised and ended, or it does not compile; an alert
//! without a story, or without a row in the README, fails here.
//! Does not know: limits to the millisecond; those are tested beside the judgement.

mod outside;
mod people;
mod recount;
mod source;
mod store;

use std::{collections::BTreeSet, path::PathBuf, time::Duration};

use handoff::model::{
    alert::{Alert, Limits},
    time::Span,
};

use crate::harness::{Config, PATIENCE, Plant, until};

/// The proof that an alert was raised, told, shown, and over.
struct Proof(Alert);

/// One test for each alert, and the list of those that have one.
macro_rules! stories {
    ($($alert:ident: $folder:ident::$story:ident;)*) => {
        mod fires {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $story() {
                    let alert = handoff::model::alert::Alert::$alert;
                    let proof = super::$folder::$story(alert).await;
                    assert_eq!(proof.0, alert);
                }
            )*
        }
        const TOLD: &[Alert] = &[$(Alert::$alert),*];
    };
}

stories! {
    BooksDoNotBalance: store::rows_that_do_not_match_the_tally;
    LeadStuck: store::a_fill_that_nobody_decides;
    EventDead: store::an_event_that_cannot_be_decided;
    JobDead: outside::a_lead_that_the_crm_refuses;
    JobsLate: store::work_that_nobody_can_claim;
    ReviewsLate: store::reminders_after_an_outage;
    DestinationHeld: outside::a_crm_that_is_down;
    ChannelFailing: outside::a_mail_server_that_is_gone;
    SourceRefused: source::a_secret_that_was_changed_elsewhere;
    SourceSilent: source::a_source_that_stopped;
    No2xx: source::a_store_that_takes_nothing;
    MappedFieldUnfilled: source::a_form_that_was_renamed;
    RulebookRefused: outside::a_rulebook_with_a_mistake;
    OldSecretUsed: source::a_rotation_that_was_never_ended;
    DiskNearlyFull: store::a_disk_that_fills_up;
    ClockJumped: store::a_clock_that_was_set;
    DepartedOwner: people::somebody_whom_the_crm_refuses;
    CalendarStale: people::a_calendar_that_is_gone;
    StoreBloated: store::a_transaction_that_is_held_open;
    DecisionDiffers: store::a_decision_that_was_changed_behind_its_back;
}

#[test]
fn every_alert_has_a_story_and_a_row_in_the_readme() {
    let all: BTreeSet<&str> = Alert::all().map(Alert::name).collect();
    let told: BTreeSet<&str> = TOLD.iter().map(|alert| alert.name()).collect();
    assert_eq!(told, all, "every alert is fired by a test");
    let readme = include_str!("../../../README.md");
    let section = readme.split("### Alerts").nth(1).expect("the README has a section on alerts");
    let section = section.split("\n## ").next().unwrap().split("\n### ").next().unwrap();
    let rows: BTreeSet<&str> =
        section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    assert_eq!(rows, all, "every alert is explained in the README");
}

/// A daemon that tells of alerts.
async fn watched(alerts: Limits) -> Plant {
    Plant::start(Config { alerts, ..Config::default() }).await
}

/// A daemon that tells of alerts, on a file that others can open too.
async fn on_a_file(alerts: Limits) -> (Plant, tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("handoff.db");
    let config = Config { alerts, store: Some(path.clone()), ..Config::default() };
    (Plant::start(config).await, folder, path)
}

/// How often the alarm channel was told this word about an alert.
pub fn heard(plant: &Plant, word: &str, alert: Alert, subject: &str) -> usize {
    let about = if subject.is_empty() { String::new() } else { format!(" ({subject})") };
    let line = format!("{word}: {}{about}", alert.name());
    let posts = plant.chat.posts().all();
    posts.iter().filter(|post| post.path == "/slack" && says(&post.json(), &line)).count()
}

/// Whether a message says this line: as its headline, or as one of its lines.
pub fn says(message: &serde_json::Value, line: &str) -> bool {
    let blocks = message["blocks"].as_array().into_iter().flatten();
    let texts = blocks.filter_map(|block| block["text"]["text"].as_str());
    message["text"] == line || texts.flat_map(str::lines).any(|one| one == line)
}

async fn gauge(plant: &Plant, alert: Alert) -> i64 {
    let page = plant.http.get(plant.url("/metrics")).send().await.unwrap().text().await.unwrap();
    let line = format!("handoff_alert{{alert=\"{}\"}} ", alert.name());
    let value = page.lines().find_map(|found| found.strip_prefix(&line)).expect("it is shown");
    value.parse().expect("a number")
}

/// Lets time pass, a step at a time, until it holds.
async fn let_pass(plant: &Plant, step: Span, what: &str, mut holds: impl FnMut(&Plant) -> bool) {
    let end = tokio::time::Instant::now() + PATIENCE * 2;
    while !holds(plant) {
        assert!(tokio::time::Instant::now() < end, "it never came to be that {what}");
        plant.clock.advance(step);
        plant.running().worker.wakes.decide();
        plant.running().worker.wakes.all_jobs();
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Waits until the alarm channel was told, once, what it means and how to mend it.
async fn raised(plant: &Plant, alert: Alert, subject: &str, step: Span) {
    let what = format!("{} is told", alert.name());
    let_pass(plant, step, &what, |plant| heard(plant, "Alert", alert, subject) > 0).await;
    assert_eq!(gauge(plant, alert).await, 1);
    let mend = format!("To mend it: {}.", alert.mend());
    let slack = plant.chat.posts().all();
    let escaped = mend.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    assert!(slack.iter().any(|post| says(&post.json(), &escaped)), "{mend}");
}

/// Waits until the alarm channel was told that it is over; each was told once.
async fn over(plant: &Plant, alert: Alert, subject: &str) -> Proof {
    let what = format!("{} is over", alert.name());
    let step = Span::seconds(20);
    let_pass(plant, step, &what, |plant| heard(plant, "Over", alert, subject) > 0).await;
    // The gauge is of all that the alert is about: another lane may take a moment longer.
    until("the gauge is back at zero", || async {
        plant.clock.advance(step);
        plant.running().worker.wakes.all_jobs();
        gauge(plant, alert).await == 0
    })
    .await;
    assert_eq!(heard(plant, "Alert", alert, subject), 1, "told once");
    assert_eq!(heard(plant, "Over", alert, subject), 1, "told once that it is over");
    Proof(alert)
}
