//! HubSpot's own ways.

use handoff::{
    crm::{Find, Hubspot, Put},
    demo::crm::{Fault, Kind},
    model::{failure::Failure, field::Fields, news::ResponseKind, time::Span},
};

use super::{NOW, lead, pair};

#[tokio::test]
async fn a_hundred_leads_are_two_calls_and_one_more_is_four() {
    for (count, calls) in [(100, 2), (101, 4)] {
        let pair = pair(Kind::Hubspot);
        let leads = (1..=count).map(|n| lead(n, &format!("p{n}@x.example"))).collect();
        assert!(pair.crm.put(leads, NOW).await.iter().all(Result::is_ok));
        assert_eq!(pair.there.requests().len(), calls, "{count}");
    }
}

#[tokio::test]
async fn nothing_of_ours_is_looked_for_in_the_search_index_or_by_a_url() {
    let pair = pair(Kind::Hubspot);
    pair.there.script([Fault::None, Fault::ResetAfter]);
    let first = lead(1, "eva@linden.example");
    pair.put(first.clone()).await.unwrap_err();
    pair.put(Put { is_uncertain: true, ..first }).await.unwrap();
    for request in pair.there.requests() {
        assert!(!request.path.contains("search"), "{}", request.path);
        assert!(!request.path.contains("linden") && request.query.is_empty());
    }
}

#[tokio::test]
async fn a_contact_that_appears_between_the_look_and_the_write_is_matched() {
    // The first read is served before the contact exists; the slow answer gives it time to come.
    let pair = pair(Kind::Hubspot);
    pair.there.set_delay(150);
    let put = pair.put(lead(1, "eva@linden.example"));
    let meanwhile = async {
        while pair.there.requests().len() < 2 {
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
        }
        pair.add_person(&[("email", "Email", "eva@linden.example")])
    };
    let both = async { tokio::join!(put, meanwhile) };
    let (done, id) =
        tokio::time::timeout(std::time::Duration::from_secs(10), both).await.expect("two requests");
    assert_eq!(done.unwrap().record, id);
    assert_eq!(pair.there.records().len(), 1);
}

#[tokio::test]
async fn a_lead_without_an_address_is_upserted_by_key_alone() {
    let pair = pair(Kind::Hubspot);
    let mut fields = Fields::default();
    fields.put_text("phone", "+49 221 1");
    let nameless = Put { fields, ..lead(7, "") };
    for _ in 0..2 {
        pair.put(Put { is_uncertain: true, ..nameless.clone() }).await.unwrap();
    }
    assert_eq!(pair.there.records().len(), 1);
}

#[tokio::test]
async fn a_refused_token_stops_the_connection_and_a_lock_asks_for_two_seconds() {
    let pair = pair(Kind::Hubspot);
    let settings = format!("base_url = '{}'\nallow_private = true\ntoken = 'x'", pair.there.url);
    let other = Hubspot::new(toml::from_str(&settings).unwrap()).unwrap();
    let failure = handoff::crm::Crm::whoami(&other, NOW).await.unwrap_err();
    assert_eq!(failure, Failure::AuthLost { why: "INVALID_AUTHENTICATION".into() });

    pair.there.script([Fault::None, Fault::Status(423)]);
    let failure = pair.put(lead(1, "eva@linden.example")).await.unwrap_err();
    let Failure::Busy { after, .. } = failure else { panic!("{failure}") };
    assert_eq!(after, Some(Span::seconds(2)));
}

#[tokio::test]
async fn a_key_property_that_is_not_unique_is_told_at_the_start() {
    let pair = pair(Kind::Hubspot);
    let settings = format!(
        "base_url = '{}'\nallow_private = true\ntoken = 'stand-in'\nkey_property = 'city'",
        pair.there.url
    );
    let other = Hubspot::new(toml::from_str(&settings).unwrap()).unwrap();
    assert_eq!(handoff::crm::Crm::whoami(&other, NOW).await.unwrap_err().word(), "refused");
}

#[tokio::test]
async fn a_status_set_by_hand_after_the_assignment_is_a_response() {
    let pair = pair(Kind::Hubspot);
    let record = pair.put(lead(1, "eva@linden.example")).await.unwrap().record;
    let find =
        || Find { email: None, domain: None, record: Some(record.clone()), since: Some(NOW) };
    let response = async || pair.crm.find(vec![find()], NOW).await.remove(0).unwrap().response;
    pair.there.set_by_hand(&record, "hs_lead_status", "NEW".into(), "2026-11-23T09:59:59Z");
    assert_eq!(response().await, None);
    pair.there.set_by_hand(&record, "hs_lead_status", "OPEN".into(), "2026-11-23T10:04:00Z");
    let seen = response().await.unwrap();
    assert_eq!((seen.kind, seen.at), (ResponseKind::StatusChange, NOW.plus(Span::minutes(4))));
}
