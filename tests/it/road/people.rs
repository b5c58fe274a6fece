//! People on the road: offers, statements, calendars from a real file and a real address.

use handoff::{
    app::parts,
    clock::Clock as _,
    model::{
        lead::State,
        news::{Act, News},
        time::Span,
    },
};

use crate::harness::{Config, Plant, RULEBOOK, desk};

async fn on_it(plant: &Plant, number: usize, rep: &str) {
    let lead = plant.leads().await[0].uuid;
    let news = News::Acted { lead, rep: rep.to_owned(), act: Act::OnIt };
    let event = desk::news(number, plant.clock.now(), &news);
    plant.store.accept(vec![event]).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lead_that_is_offered_goes_to_the_first_who_takes_it_and_to_nobody_else() {
    let rulebook = RULEBOOK.replace(
        "members = [\"ada\", \"bob\"]",
        "members = [\"ada\", \"bob\"]\nrotation = \"claim\"\nclaim_within = \"3m\"",
    );
    let plant = Plant::start(Config { rulebook, ..Config::default() }).await;
    let lead = plant.fill("eva@linden.example", &[]).await;
    assert_eq!((lead.state, lead.owner), (State::Waiting, None));
    plant.idle().await;
    assert_eq!((plant.mails_to("ada@").len(), plant.mails_to("bob@").len()), (1, 1));
    assert!(plant.crm.records().is_empty(), "nobody has it yet");
    // Both say so before anything is decided: their words are decided one after the other.
    on_it(&plant, 1, "bob").await;
    on_it(&plant, 2, "ada").await;
    plant.running().worker.wakes.decide();
    plant.idle().await;
    let lead = plant.leads().await.remove(0);
    assert_eq!((lead.state, lead.owner.as_deref()), (State::Assigned, Some("bob")));
    assert_eq!(plant.crm.records()[0].text("hubspot_owner_id"), plant.crm.owner("bob"));
    plant.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_had_the_company_gets_its_next_lead() {
    let rulebook = RULEBOOK
        .replace("members = [\"ada\", \"bob\"]", "members = [\"ada\", \"bob\"]\nsticky = \"90d\"");
    let plant = Plant::start(Config { rulebook, ..Config::default() }).await;
    let owner = |lead: handoff::model::lead::Lead| lead.owner.unwrap_or_default();
    assert_eq!(owner(plant.fill("eva@linden.example", &[]).await), "ada");
    plant.clock.advance(Span(1));
    assert_eq!(owner(plant.fill("max@ahorn.example", &[]).await), "bob");
    for number in 0..3 {
        plant.clock.advance(Span(1));
        let lead = plant.fill(&format!("p{number}@ahorn.example"), &[]).await;
        assert_eq!(owner(lead), "bob", "of the company that bob has");
    }
    plant.clock.advance(Span(1));
    assert_eq!(owner(plant.fill("otto@birke.example", &[]).await), "ada", "those were turns");
    plant.books_balance().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_calendar_is_read_from_a_file_and_followed_when_it_changes() {
    let folder = tempfile::tempdir().unwrap();
    let busy = |hours: &str| {
        format!(
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260101T{hours}\nDURATION:PT1H\n\
             END:VEVENT\nEND:VCALENDAR\n"
        )
    };
    std::fs::write(folder.path().join("ada.ics"), busy("120000Z")).unwrap();
    let text = "[calendar.ada]\nfile = \"ada.ics\"\nevery = \"1m\"\n";
    let path = folder.path().join("handoff.toml");
    std::fs::write(&path, text).unwrap();
    let tuned = path.clone();
    let config = Config {
        tune: Some(std::sync::Arc::new(move |plant| {
            let settings = handoff::settings::Settings::load(&tuned).expect("settings");
            plant.calendars = parts::connected(&settings).expect("connected").calendars;
        })),
        ..Config::default()
    };
    let plant = Plant::start(config).await;
    crate::harness::until("the calendar is read", || async {
        plant.store.team().await.unwrap().away.contains_key("ada")
    })
    .await;
    plant.idle().await;
    for number in 0..3 {
        let lead = plant.fill(&format!("p{number}@linden.example"), &[]).await;
        assert_eq!(lead.owner.as_deref(), Some("bob"), "ada is in a meeting");
    }
    std::fs::write(folder.path().join("ada.ics"), busy("180000Z")).unwrap();
    crate::harness::until("the change is followed", || async {
        plant.clock.advance(Span::seconds(30));
        let team = plant.store.team().await.unwrap();
        team.away.get("ada").is_none_or(|away| !away.iter().any(|one| one.holds(plant.clock.now())))
    })
    .await;
    plant.idle().await;
    let owners = [
        plant.fill("x@ahorn.example", &[]).await.owner,
        plant.fill("y@ahorn.example", &[]).await.owner,
    ];
    assert!(owners.contains(&Some("ada".to_owned())), "{owners:?}");
    plant.books_balance().await;
}
