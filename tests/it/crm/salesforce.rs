//! Salesforce's own ways.

use std::sync::Arc;

use handoff::{
    crm::{Crm, Expect, Find, OwnerSet, Put, PutHow, SetOwner},
    demo::crm::{Fault, Kind, OUR_USER},
    model::{failure::Failure, field::Fields, news::ResponseKind, time::Span},
};

use super::{NOW, Pair, lead, pair};

fn tokens(pair: &Pair) -> usize {
    pair.there.requests().iter().filter(|request| request.path.ends_with("/token")).count()
}

#[tokio::test]
async fn one_expiry_costs_one_token_however_many_meet_it() {
    let pair = Arc::new(pair(Kind::Salesforce));
    pair.put(lead(1, "a@x.example")).await.unwrap();
    assert_eq!(tokens(&pair), 1);
    pair.there.set_delay(20);
    pair.there.script([Fault::Expire]);
    let calls = (0..16).map(|_| {
        let pair = Arc::clone(&pair);
        tokio::spawn(async move { pair.crm.owners(NOW).await })
    });
    for call in calls.collect::<Vec<_>>() {
        assert!(call.await.unwrap().is_ok());
    }
    assert_eq!(tokens(&pair), 2);
}

#[tokio::test]
async fn a_session_that_is_refused_twice_is_lost() {
    let pair = pair(Kind::Salesforce);
    pair.there.script([Fault::Expire, Fault::Expire]);
    assert_eq!(pair.crm.owners(NOW).await.unwrap_err().word(), "auth_lost");
    assert!(pair.crm.owners(NOW).await.is_ok());
}

#[tokio::test]
async fn a_refused_grant_is_asked_once_a_minute() {
    let pair = pair(Kind::Salesforce);
    pair.there.set_denying(true);
    for _ in 0..5 {
        let failure = pair.crm.owners(NOW).await.unwrap_err();
        assert_eq!(failure, Failure::AuthLost { why: "invalid_grant".into() });
    }
    assert_eq!(tokens(&pair), 1);
    pair.there.set_denying(false);
    assert!(pair.crm.owners(NOW.plus(Span::minutes(1))).await.is_ok());
}

#[tokio::test]
async fn what_salesforce_requires_and_nobody_said_is_written_as_unknown() {
    let pair = pair(Kind::Salesforce);
    let mut fields = Fields::default();
    fields.put_text("email", "eva@linden.example");
    pair.put(Put { fields, ..lead(1, "") }).await.unwrap();
    let record = pair.there.records().remove(0);
    assert_eq!((record.text("LastName"), record.text("Company")), ("[unknown]", "[unknown]"));
    assert_eq!(record.text("LeadSource"), "typeform-demo");
}

#[tokio::test]
async fn the_rules_of_the_org_never_run_on_our_writes() {
    let pair = pair(Kind::Salesforce);
    let record = pair.put(lead(1, "eva@linden.example")).await.unwrap().record;
    let mut more = lead(1, "eva@linden.example");
    more.fields.put_text("phone", "+49 221 1");
    pair.put(more).await.unwrap();
    let ada = pair.there.owner("ada");
    let ask = SetOwner { record, owner: ada.clone(), expect: Expect::Unowned };
    assert_eq!(pair.crm.set_owner(vec![ask], NOW).await, [Ok(OwnerSet::Done)]);
    let owners = pair.there.records().remove(0).owners;
    let owners: Vec<_> = owners.iter().map(|write| write.owner.as_str()).collect();
    assert_eq!(owners, [OUR_USER, ada.as_str()]);
}

#[tokio::test]
async fn what_a_duplicate_rule_finds_is_the_record_and_a_warning_about_a_contact_is_not() {
    let pair = pair(Kind::Salesforce);
    let with_phone = |number, phone: &str| {
        let mut lead = lead(number, &format!("p{number}@x.example"));
        lead.fields.put_text("phone", phone);
        lead
    };
    let id = pair.add_person(&[("phone", "Phone", "+49 221 1")]);
    pair.there.set_duplicate_rule(false);
    let done = pair.put(with_phone(1, "+49 221 1")).await.unwrap();
    assert_eq!((done.record, done.how), (id, PutHow::Matched));

    pair.there.add("Contact", &[("Phone", "+49 221 2")]);
    let refused = pair.put(with_phone(2, "+49 221 2")).await.unwrap_err();
    assert_eq!(refused, Failure::Refused { why: "DUPLICATES_DETECTED".into() });
    pair.there.set_duplicate_rule(true);
    assert_eq!(pair.put(with_phone(2, "+49 221 2")).await.unwrap().how, PutHow::Created);
}

#[tokio::test]
async fn a_converted_lead_is_left_alone() {
    let pair = pair(Kind::Salesforce);
    let (ada, bob) = (pair.there.owner("ada"), pair.there.owner("bob"));
    let record = pair.put(lead(1, "eva@linden.example")).await.unwrap().record;
    pair.there.give_by_hand(&record, &bob);
    pair.there.set_by_hand(&record, "IsConverted", true.into(), "2026-11-23T10:00:00Z");
    let mut more = lead(1, "eva@linden.example");
    more.fields.put_text("phone", "+49 221 1");
    let more = Put { record: Some(record.clone()), ..more };
    assert_eq!(pair.put(more).await.unwrap().how, PutHow::Updated);
    let ask = SetOwner { record, owner: ada, expect: Expect::Ours(vec![bob.clone()]) };
    let answers = pair.crm.set_owner(vec![ask], NOW).await;
    assert_eq!(answers, [Ok(OwnerSet::Changed { now: Some(bob) })]);
}

#[tokio::test]
async fn closed_work_of_others_is_a_response_and_our_own_is_not() {
    let pair = pair(Kind::Salesforce);
    let record = pair.put(lead(1, "eva@linden.example")).await.unwrap().record;
    let work = |by: &str, at: &str, is_closed: bool| {
        let at = format!("{at}.000Z");
        let fields = [
            ("WhoId", record.as_str()),
            ("CreatedById", by),
            ("CreatedDate", &at),
            ("SystemModstamp", &at),
            ("TaskSubtype", "Call"),
            ("OwnerId", "005ada"),
        ];
        let id = pair.there.add("Task", &fields);
        pair.there.set_by_hand(&id, "IsClosed", is_closed.into(), &at);
        id
    };
    let response = async |crm: &dyn Crm| {
        let find =
            Find { email: None, domain: None, record: Some(record.clone()), since: Some(NOW) };
        crm.find(vec![find], NOW).await.remove(0).unwrap().response
    };
    work("005bob", "2026-11-23T09:59:00", true);
    work(OUR_USER, "2026-11-23T10:01:00", true);
    work("005bob", "2026-11-23T10:02:00", false);
    assert_eq!(response(&*pair.crm).await, None);
    let id = work("005bob", "2026-11-23T10:03:00", true);
    let seen = response(&*pair.crm).await.unwrap();
    assert_eq!((seen.kind, seen.at), (ResponseKind::Call, NOW.plus(Span::minutes(3))));
    assert_eq!((seen.by.as_deref(), seen.evidence), (Some("005ada"), Some(id)));
}

#[tokio::test]
async fn the_days_allowance_parks_the_connection() {
    let pair = pair(Kind::Salesforce);
    pair.there.script([Fault::Status(403)]);
    let failure = pair.put(lead(1, "eva@linden.example")).await.unwrap_err();
    let until = NOW.plus(Span::minutes(15));
    assert_eq!(failure, Failure::Throttled { until, scope: "daily" });
}

#[tokio::test]
async fn a_stranger_in_the_address_finds_nobody() {
    let pair = pair(Kind::Salesforce);
    pair.add_person(&[("email", "Email", "eva@linden.example")]);
    let evil = "x' OR Email != '@x.example";
    let done = pair.put(Put { is_uncertain: true, ..lead(1, evil) }).await;
    assert_eq!(done.unwrap_err().word(), "refused");
    let find = Find { email: Some(evil.into()), domain: None, record: None, since: None };
    assert_eq!(pair.crm.find(vec![find], NOW).await[0].as_ref().unwrap().person, None);
}
