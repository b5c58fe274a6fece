//! I18: at most one token request for each expiry of a session, whoever asks and wherever.

use futures_util::future::join_all;
use handoff::{
    clock::{Clock as _, SystemClock},
    crm::Find,
    demo::crm::{Fault, Kind},
};

use super::Pair;
use crate::{harness::Config, road::many::either};

const ASKERS: usize = 16;

#[tokio::test(flavor = "multi_thread")]
async fn i18_one_token_for_each_expiry_of_two_daemons() {
    let pair = Pair::start(Config { crm: Kind::Salesforce, ..Config::default() }, true).await;
    let crm = &pair.plant.crm;
    let tokens =
        || crm.requests().iter().filter(|request| request.path.ends_with("/token")).count();
    let ask = async |number: usize| {
        let worker = pair.workers()[number % 2];
        let find = Find {
            email: Some(format!("p{number}@linden.example")),
            domain: None,
            record: None,
            since: None,
        };
        let now = SystemClock::new().now();
        worker.crms["salesforce"].to.find(vec![find], now).await.remove(0).unwrap();
    };
    join_all((0..ASKERS).map(ask)).await;
    assert_eq!(tokens(), 1, "one for both at the start");
    let expiries = either(40, 1_000);
    let mut most = 0;
    for _ in 0..expiries {
        let before = tokens();
        crm.script([Fault::Expire]);
        join_all((0..ASKERS).map(ask)).await;
        most = most.max(tokens() - before);
    }
    println!(
        "I18: {expiries} expiries under {ASKERS} askers in two daemons: {} token requests, at most \
         {most} for one",
        tokens() - 1
    );
    assert!(most <= 1, "{most}");
    assert!(tokens() > expiries / 2, "sessions did expire: {}", tokens());
    let kept = pair.plant.store.clone();
    let sealed = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    let (seen, now) = (std::sync::Arc::clone(&sealed), SystemClock::new().now());
    let look = std::sync::Arc::new(move |text: Option<&str>, _| {
        *seen.lock().unwrap() = text.unwrap_or_default().to_owned();
        None
    });
    kept.agree("session:crm:salesforce".to_owned(), look, now).await.unwrap();
    let text = sealed.lock().unwrap().clone();
    assert!(text.contains("sealed") && !text.contains("session-"), "no token is kept: {text}");
    pair.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_grant_is_asked_for_once_by_both() {
    let pair = Pair::start(Config { crm: Kind::Salesforce, ..Config::default() }, true).await;
    let crm = &pair.plant.crm;
    crm.set_denying(true);
    for worker in [0, 1, 0, 1].map(|place| pair.workers()[place]) {
        let failure = worker.crms["salesforce"].to.whoami(SystemClock::new().now()).await;
        assert_eq!(failure.unwrap_err().word(), "auth_lost");
    }
    let asked = crm.requests().iter().filter(|one| one.path.ends_with("/token")).count();
    assert_eq!(asked, 1, "once a minute, together");
    pair.stop().await;
}
