//! Accounts that are brought through one replica are those that the other matches leads to.

use std::{process::Command, time::Duration};

use serde_json::Value;
use tokio::time::Instant;

use super::super::house::{self, House};
use crate::harness::postgres::{PASSWORD, USER};

/// How soon the other replica uses them, once they are all there: it looks every second, takes a
/// version that has come to rest for a look, and loads it.
const WITHIN: Duration = Duration::from_secs(5);

fn command(house: &House, place: usize, line: &str) -> Command {
    let replica = &house.replicas[place];
    let database = &house.database;
    let url = format!("postgres://{USER}:{PASSWORD}@127.0.0.1:{}/{database}", replica.link.port);
    let mut command = Command::new(env!("CARGO_BIN_EXE_handoff"));
    command
        .current_dir(replica.folder.path())
        .env("STORE_URL", url)
        .env("HANDOFF_URL", format!("http://127.0.0.1:{}", replica.port))
        .args(line.split_whitespace());
    command
}

fn ran(mut command: Command) -> String {
    let done = tokio::task::block_in_place(|| command.output()).expect("it runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(done.status.success(), "{}{}", text(&done.stdout), text(&done.stderr));
    text(&done.stdout)
}

/// Which account a replica would match this company to.
fn matched(house: &House, place: usize, token: &str, name: &str) -> Value {
    let mut ask = command(house, place, "accounts match --json --name");
    ask.arg(name).env("HANDOFF_TOKEN", token);
    serde_json::from_str(&ran(ask)).expect("JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_that_come_through_one_replica_are_used_by_the_other() {
    if !house::is_there("accounts_that_come_through_one_replica_are_used_by_the_other") {
        return;
    }
    let mut house = House::start().await;
    // The first token is made in the store itself.
    let mut create = command(&house, 0, "token create ops");
    create.env("HANDOFF_URL", "http://127.0.0.1:9");
    let token = ran(create).trim().to_owned();
    let mut longest = Duration::ZERO;
    for (round, name) in ["Linden Works", "Harrow Mills", "Marlow Yard"].into_iter().enumerate() {
        let (from, to) = (round % 2, 1 - round % 2);
        let file = house.replicas[from].folder.path().join("accounts.csv");
        std::fs::write(&file, format!("id,name,domains\n{round},{name},linden.example\n")).unwrap();
        let mut import = command(&house, from, "accounts import accounts.csv --replace");
        ran({
            import.env("HANDOFF_TOKEN", &token);
            import
        });
        // The import has waited until the replica that it spoke to uses them.
        assert_eq!(matched(&house, from, &token, name)["matched"]["account"]["name"], name);
        let began = Instant::now();
        while matched(&house, to, &token, name)["matched"]["account"]["name"] != name {
            assert!(began.elapsed() < WITHIN, "{}", house.replicas[to].log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        longest = longest.max(began.elapsed());
    }
    // And leads are decided with them, whoever is left: what was replaced is there no more.
    house.replicas[0].signal("-TERM");
    assert!(house.replicas[0].ended(), "{}", house.replicas[0].log());
    let senders =
        super::super::senders::Senders::start([house.replicas[1].port; 2], 1, 1, 0, Duration::ZERO);
    senders.done().await;
    let store = house.store();
    house.until_done(&store, Duration::from_mins(1)).await;
    let leads = crate::faults::daemon::all_leads(&store).await;
    let account = leads[0].account.as_ref().and_then(|found| found.account.as_ref());
    assert_eq!(account.map(|found| found.name.as_str()), Some("Marlow Yard"), "{leads:?}");
    println!(
        "accounts through one replica, matched by the other {} ms after the first at most",
        longest.as_millis()
    );
}
