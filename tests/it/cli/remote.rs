//! Commands that speak to a running daemon: one road from the first token to the last answer.

use std::{process::Command, time::Duration};

use serde_json::Value;

use super::run;
use crate::faults::daemon::Daemon;

/// A daemon, and the token for it.
pub struct Bench {
    pub daemon: Daemon,
    token: String,
}

impl Bench {
    /// The first token is made while nothing runs; then the daemon is started.
    pub async fn start() -> Self {
        let mut daemon = Daemon::new();
        let mut create = daemon.command();
        create.args(["token", "create", "ops"]);
        let (code, out, err) = run(create, "");
        assert_eq!(code, 0, "{err}");
        daemon.start().await;
        Self { daemon, token: out.trim().to_owned() }
    }

    pub fn command(&self, line: &str) -> Command {
        let mut command = self.daemon.command();
        command.env("HANDOFF_TOKEN", &self.token).env("TZ", "UTC").args(line.split_whitespace());
        command
    }

    /// Runs a command; the code must be this one.
    #[track_caller]
    pub fn says(&self, line: &str, code: i32) -> String {
        let (found, out, err) = run(self.command(line), "");
        assert_eq!(found, code, "{line}\n{out}\n{err}");
        out + &err
    }

    #[track_caller]
    pub fn json(&self, line: &str) -> Value {
        let text = self.says(&format!("{line} --json"), 0);
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("{line}: {text}"))
    }

    /// Asks until an answer fits.
    pub async fn until(&self, line: &str, fits: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..400 {
            let answer = self.json(line);
            if fits(&answer) {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{line} never fitted: {}", self.json(line));
    }

    pub fn send(&self, more: &str, body: &str) -> (i32, String) {
        let (code, out, err) = run(self.command(&format!("send --source website {more}")), body);
        (code, out + &err)
    }

    /// The one lead there is, once it has an owner.
    async fn lead(&self) -> Value {
        let answer = self.until("leads", |all| all["leads"][0]["owner"].is_string()).await;
        answer["leads"][0].clone()
    }
}

const EVA: &str =
    r#"{"email": "eva@linden.example", "first_name": "Eva\u001b[2J", "form": "demo"}"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_goes_its_road_by_the_command_line() {
    let bench = Bench::start().await;
    let (code, said) = bench.send("--delivery one", EVA);
    assert_eq!(code, 0, "{said}");
    let (code, said) = bench.send("--delivery one --times 2", EVA);
    assert_eq!(code, 0);
    assert_eq!(said.matches("(1 delivered before)").count(), 2, "{said}");
    let (code, said) = bench.send("--forge", EVA);
    assert_eq!(code, 0, "refused, as it should be: {said}");
    assert!(said.contains("401"), "{said}");

    let lead = bench.lead().await;
    let (id, owner) = (lead["uuid"].as_str().unwrap(), lead["owner"].as_str().unwrap());
    let listed = bench.says("leads", 0);
    assert!(listed.contains(id) && !listed.contains('\u{1b}'), "{listed:?}");
    let why = bench.says(&format!("explain --lead {id}"), 0);
    assert!(why.contains("✓ everyone"), "{why}");

    let other = if owner == "ada" { "bob" } else { "ada" };
    bench.says(&format!("leads reassign {id} --to {other} --why ill"), 0);
    let theirs = format!("leads list --owner {other}");
    bench.until(&theirs, |all| all["leads"][0]["uuid"] == id).await;
    bench.says(&format!("leads respond {id} --kind call --by {other}"), 0);
    bench.until("leads list --state answered", |all| all["leads"][0]["uuid"] == id).await;
    let story = bench.says(&format!("leads show {id}"), 0);
    assert!(story.contains("state: answered") && story.contains("answered\n"), "{story}");
    assert!(
        bench
            .says("leads reassign 0197c1d2-0000-7000-8000-000000000001 --to ada", 1)
            .contains("no lead has this id")
    );
    assert!(bench.says(&format!("leads reassign {id} --to nobody"), 2).contains("no rep"));
    assert!(bench.says("check --store", 0).contains("The books balance"));
}

#[tokio::test(flavor = "multi_thread")]
async fn reps_events_and_jobs_are_seen_and_changed() {
    let bench = Bench::start().await;
    bench.says("reps away ada --for 2h", 0);
    // By id: ada is the first.
    bench.until("reps", |all| all["reps"][0]["away"][0].is_object()).await;
    assert!(bench.says("reps", 0).contains("out until"));
    bench.says("reps away nobody", 1);
    bench.says("reps back ada", 0);

    let (code, _) = bench.send("", r#"{"persona": "student"}"#);
    assert_eq!(code, 0);
    let rejected = "events list --fate rejected";
    let events = bench.until(rejected, |all| all["events"][0].is_object()).await;
    let event = events["events"][0]["event"].as_str().unwrap();
    assert!(bench.says(&format!("events show {event}"), 0).contains("\"student\""));
    assert!(bench.says("events redo --fate rejected", 0).contains("1 events"));
    assert_eq!(bench.json("jobs list --dead")["jobs"].as_array().unwrap().len(), 0);
    assert!(bench.says("jobs bury 4711", 1).contains("0 of 1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rulebook_is_tried_published_shown_and_compared() {
    let bench = Bench::start().await;
    let draft = bench.daemon.folder.path().join("draft");
    bench.says(&format!("rulebook show 1 --out {}", draft.display()), 0);
    let main = draft.join("rulebook.toml");
    let text = std::fs::read_to_string(&main).unwrap();
    std::fs::write(&main, text.replace("respond_within = \"5m\"", "respond_within = \"7x\""))
        .unwrap();
    let refused = bench.says("rulebook publish draft --message typo", 1);
    assert!(refused.contains("7x") && refused.contains("^^^"), "{refused}");
    std::fs::write(&main, text.replace("respond_within = \"5m\"", "respond_within = \"7m\""))
        .unwrap();
    bench.says("rulebook check draft", 0);
    bench.says("rulebook publish draft --message slower --based-on 7", 1);
    bench.says("rulebook publish draft --message slower --based-on 1", 0);
    assert_eq!(bench.json("rulebook list")["in_force"], 2);
    let diff = bench.says("rulebook diff 1", 1);
    assert!(diff.contains("* sla hot: respond_within changed from 5m to 7m"), "{diff}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_open_the_daemon_and_end_at_once() {
    let bench = Bench::start().await;
    let made = bench.json("token create ci --expires 7d");
    let token = made["token"].as_str().unwrap();
    let with = |token: &str| {
        let mut command = bench.daemon.command();
        command.env("HANDOFF_TOKEN", token).arg("reps");
        run(command, "").0
    };
    assert_eq!(with(token), 0);
    assert_eq!(with("hnd_wrong"), 4);
    assert_eq!(with(""), 4);
    bench.says("token revoke ci", 0);
    assert_eq!(with(token), 4);
    bench.says("token revoke ci", 1);
    let listed = bench.says("token list", 0);
    assert!(listed.contains("ops") && listed.contains("revoked") && !listed.contains("hnd_"));
    // The store is the daemon's: without a token there is no way round it.
    let mut second = bench.daemon.command();
    second.env_remove("HANDOFF_TOKEN").args(["token", "create", "mallory"]);
    assert_eq!(run(second, "").0, 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_a_store_with_and_without_the_daemon() {
    let mut bench = Bench::start().await;
    bench.send("", EVA);
    bench.lead().await;
    bench.says("backup one.db", 0);
    bench.says("backup one.db", 1);
    assert!(bench.says("open", 0).contains("/open/"));
    let (_, ended_well) = bench.daemon.stop();
    assert!(ended_well, "{}", bench.daemon.log());
    bench.says("backup two.db", 0);
    assert!(bench.says("check --store", 0).contains("1 fills, recounted"));
    for name in ["one.db", "two.db"] {
        let path = bench.daemon.folder.path().join(name);
        let store = handoff::store::sqlite::SqliteStore::open_offline(&path).unwrap();
        let tally =
            handoff::store::Store::tally(&store, handoff::model::time::Time(0)).await.unwrap();
        assert_eq!(tally.accepted, 1, "{name}");
    }
}
