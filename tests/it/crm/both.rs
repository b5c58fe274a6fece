//! What holds for every CRM: one record per lead whatever fails, and a human's choice stands.

use handoff::{
    crm::{Expect, Find, OwnerSet, Put, PutHow, SetOwner},
    demo::crm::Fault,
    model::{failure::Failure, time::Span},
};

use super::{KINDS, NOW, Pair, lead, pair};

fn to(record: &str, owner: &str, expect: Expect) -> SetOwner {
    SetOwner { record: record.into(), owner: owner.into(), expect }
}

async fn set(pair: &Pair, ask: SetOwner) -> Result<OwnerSet, Failure> {
    pair.crm.set_owner(vec![ask], NOW).await.remove(0)
}

#[tokio::test]
async fn a_lead_becomes_one_record_without_an_owner_and_then_gets_one() {
    for kind in KINDS {
        let pair = pair(kind);
        let done = pair.put(lead(1, "eva@linden.example")).await.unwrap();
        assert_eq!(done.how, PutHow::Created);
        let record = pair.there.records().remove(0);
        assert_eq!(record.text(pair.word("email", "Email")), "eva@linden.example");
        assert_eq!(record.text(pair.word("city", "City")), "Köln");
        assert!(record.owners.iter().all(|write| pair.there.owner("ada") != write.owner));

        let ada = pair.there.owner("ada");
        let ask = || to(&done.record, &ada, Expect::Unowned);
        assert_eq!(set(&pair, ask()).await, Ok(OwnerSet::Done), "{kind:?}");
        assert_eq!(set(&pair, ask()).await, Ok(OwnerSet::Already), "{kind:?}");
        let writes = pair.there.records().remove(0).owners;
        assert_eq!(writes.iter().filter(|write| write.owner == ada).count(), 1);
        assert!(writes.iter().all(|write| write.by == "api"), "{kind:?}: {writes:?}");

        // Again, as after a change of the lead: nothing is lost and the owner stays.
        let again = Put { record: Some(done.record.clone()), ..lead(1, "eva@linden.example") };
        let again = pair.put(again).await.unwrap();
        assert_eq!((again.how, again.owner), (PutHow::Updated, Some(ada)), "{kind:?}");
        assert_eq!(pair.there.records().len(), 1);
    }
}

#[tokio::test]
async fn an_owner_that_a_human_chose_is_left_alone() {
    for kind in KINDS {
        let pair = pair(kind);
        let (ada, bob) = (pair.there.owner("ada"), pair.there.owner("bob"));
        let record = pair.put(lead(1, "eva@linden.example")).await.unwrap().record;
        set(&pair, to(&record, &ada, Expect::Unowned)).await.unwrap();
        pair.there.give_by_hand(&record, &bob);

        let changed = Ok(OwnerSet::Changed { now: Some(bob.clone()) });
        assert_eq!(set(&pair, to(&record, &ada, Expect::Unowned)).await, changed, "{kind:?}");
        let other = to(&record, "0059", Expect::Ours(vec![ada.clone()]));
        assert_eq!(set(&pair, other).await, changed, "{kind:?}");
        pair.put(Put { record: Some(record.clone()), ..lead(1, "eva@linden.example") })
            .await
            .unwrap();
        let last = pair.there.records().remove(0).owners.pop().unwrap();
        assert_eq!((last.owner, last.by), (bob.clone(), "hand"), "{kind:?}");

        // What we wrote last may be taken away again.
        assert_eq!(
            set(&pair, to(&record, &ada, Expect::Ours(vec![bob]))).await,
            Ok(OwnerSet::Done)
        );
    }
}

#[tokio::test]
async fn owners_who_are_gone_and_records_that_are_gone_are_told_apart() {
    for kind in KINDS {
        let pair = pair(kind);
        let (ada, zoe) = (pair.there.owner("ada"), pair.there.owner("zoe"));
        let mut records = Vec::new();
        for (number, email) in [(1, "a@x.example"), (2, "b@x.example")] {
            records.push(pair.put(lead(number, email)).await.unwrap().record);
        }
        let gone = pair.word("999999", "00Q000000099999AAA").to_owned();
        let asks = vec![
            to(&records[0], &zoe, Expect::Unowned),
            to(&gone, &ada, Expect::Unowned),
            to(&records[1], &ada, Expect::Unowned),
        ];
        let answers = pair.crm.set_owner(asks, NOW).await;
        let wanted =
            [Err(Failure::OwnerInvalid { owner: zoe }), Err(Failure::Gone), Ok(OwnerSet::Done)];
        assert_eq!(answers, wanted, "{kind:?}");
        let lost = Put { record: Some(gone), ..lead(3, "c@x.example") };
        assert_eq!(pair.put(lost).await, Err(Failure::Gone), "{kind:?}");
    }
}

#[tokio::test]
async fn a_person_who_was_there_is_matched_and_keeps_what_was_written() {
    for kind in KINDS {
        let pair = pair(kind);
        let id = pair.add_person(&[
            ("email", "Email", "Eva@Linden.example"),
            ("city", "City", "Bonn"),
            ("hubspot_owner_id", "OwnerId", "mary"),
        ]);
        let done = pair.put(lead(1, "eva@linden.example")).await.unwrap();
        assert_eq!((done.record, done.how), (id, PutHow::Matched), "{kind:?}");
        assert_eq!(done.owner.as_deref(), Some("mary"), "{kind:?}");
        let records = pair.there.records();
        assert_eq!(records.len(), 1, "{kind:?}: a second record for one person");
        assert_eq!(records[0].text(pair.word("city", "City")), "Bonn", "{kind:?}");
        assert_eq!(records[0].text(pair.word("company", "Company")), "Linden GmbH", "{kind:?}");
        assert_eq!(pair.there.with_key(&lead(1, "").key.to_string()), 1, "{kind:?}");
    }
}

#[tokio::test]
async fn a_bad_item_harms_no_other_whether_the_batch_is_answered_or_refused() {
    for kind in KINDS {
        for is_strict in [false, true] {
            let pair = pair(kind);
            pair.there.set_strict(is_strict);
            let bad = pair.word("not-an-address", "not an@address.example");
            let leads = vec![lead(1, "a@x.example"), lead(2, bad), lead(3, "c@x.example")];
            let answers = pair.crm.put(leads, NOW).await;
            let words: Vec<_> = answers
                .iter()
                .map(|answer| answer.as_ref().map_or_else(Failure::word, |_| "done"))
                .collect();
            assert_eq!(words, ["done", "refused", "done"], "{kind:?} strict {is_strict}");
            let why = answers[1].as_ref().unwrap_err().to_string();
            assert!(!why.contains("not"), "{why}");
            assert_eq!(pair.there.records().len(), 2);
        }
    }
}

#[tokio::test]
async fn two_leads_of_one_person_in_one_batch_make_one_record() {
    // HubSpot keeps addresses unique itself; Salesforce allows two leads, and only what was there
    // before the batch can be matched.
    let pair = pair(KINDS[0]);
    let leads = vec![lead(1, "eva@x.example"), lead(2, "eva@x.example")];
    let answers = pair.crm.put(leads, NOW).await;
    let hows: Vec<_> = answers.into_iter().map(|answer| answer.unwrap().how).collect();
    assert_eq!(hows, [PutHow::Created, PutHow::Matched]);
    assert_eq!(pair.there.records().len(), 1);
}

#[tokio::test]
async fn each_fault_has_its_class_and_the_next_attempt_makes_one_record() {
    for kind in KINDS {
        let read_ok = match kind {
            // One read by address before the upsert.
            handoff::demo::crm::Kind::Hubspot => vec![Fault::None],
            // By key, then by address.
            handoff::demo::crm::Kind::Salesforce => vec![Fault::None, Fault::None],
        };
        for (fault, is_write, word) in [
            (Fault::Status(500), false, "busy"),
            (Fault::Status(500), true, "maybe_done"),
            (Fault::Status(502), true, "maybe_done"),
            (Fault::Status(503), true, "busy"),
            (Fault::RetryAfter(503, 7), true, "throttled"),
            (Fault::Status(423), true, "busy"),
            (Fault::RetryAfter(429, 7), true, "throttled"),
            (Fault::RetryAfter(429, 999_999), false, "throttled"),
            (Fault::ResetBefore, false, "busy"),
            (Fault::ResetBefore, true, "maybe_done"),
            (Fault::ResetAfter, true, "maybe_done"),
        ] {
            let pair = pair(kind);
            if is_write {
                pair.there.script(read_ok.clone());
            }
            pair.there.script([fault]);
            let failure = pair.put(lead(1, "eva@linden.example")).await.unwrap_err();
            assert_eq!(failure.word(), word, "{kind:?} {fault:?}");
            if let (Failure::Throttled { until, .. }, Fault::RetryAfter(_, seconds)) =
                (&failure, fault)
            {
                let wait = Span::seconds(i64::from(seconds)).min(Span::hours(1));
                assert_eq!(*until, NOW.plus(wait), "{kind:?} {fault:?}");
            }
            let again = Put { is_uncertain: true, ..lead(1, "eva@linden.example") };
            let done = pair.put(again).await.unwrap();
            let how = if fault == Fault::ResetAfter { PutHow::Updated } else { PutHow::Created };
            assert_eq!(done.how, how, "{kind:?} {fault:?}");
            assert_eq!(pair.there.records().len(), 1, "{kind:?} {fault:?}");
        }
    }
}

#[tokio::test]
async fn a_crm_that_is_down_or_gone_is_busy_and_costs_nothing() {
    for kind in KINDS {
        let pair = pair(kind);
        pair.there.set_down(true);
        let failure = pair.put(lead(1, "eva@linden.example")).await.unwrap_err();
        assert_eq!(failure.word(), "busy", "{kind:?}");
        pair.there.set_down(false);
        assert!(pair.put(lead(1, "eva@linden.example")).await.is_ok(), "{kind:?}");
    }
}

/// A die of our own, so that a failing seed can be thrown again.
fn die(seed: &mut u64, sides: u64) -> u64 {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) % sides
}

#[tokio::test]
async fn under_many_faults_every_lead_has_one_record_and_its_owner() {
    const LEADS: u128 = 30;
    for kind in KINDS {
        for seed in 1..6_u64 {
            let pair = pair(kind);
            let mut dice = seed;
            let ada = pair.there.owner("ada");
            let mut open: Vec<Put> =
                (1..=LEADS).map(|n| lead(n, &format!("person{n}@x.example"))).collect();
            let mut owned = Vec::new();
            for round in 0..60 {
                let faults = (0..4).map(|_| match die(&mut dice, 10) {
                    0 => Fault::ResetBefore,
                    1 | 2 => Fault::ResetAfter,
                    3 => Fault::Status(500),
                    4 => Fault::RetryAfter(429, 1),
                    5 => Fault::Expire,
                    _ => Fault::None,
                });
                pair.there.script(faults.collect::<Vec<_>>());
                let answers = pair.crm.put(open.clone(), NOW).await;
                let mut left = Vec::new();
                for (lead, answer) in open.into_iter().zip(answers) {
                    match answer {
                        Ok(done) => owned.push(to(&done.record, &ada, Expect::Unowned)),
                        Err(failure) => {
                            assert!(
                                !matches!(failure.word(), "refused" | "gone" | "ambiguous"),
                                "{kind:?} seed {seed}: {failure}"
                            );
                            let is_uncertain = failure == Failure::MaybeDone;
                            left.push(Put { is_uncertain, ..lead });
                        }
                    }
                }
                let answers = pair.crm.set_owner(owned.clone(), NOW).await;
                let pairs = owned.into_iter().zip(answers);
                owned = pairs.filter(|(_, answer)| answer.is_err()).map(|(ask, _)| ask).collect();
                open = left;
                if open.is_empty() && owned.is_empty() {
                    break;
                }
                assert!(round < 59, "{kind:?} seed {seed}: never done");
            }
            let records = pair.there.records();
            assert_eq!(records.len() as u128, LEADS, "{kind:?} seed {seed}");
            for n in 1..=LEADS {
                let key = lead(n, "").key.to_string();
                assert_eq!(pair.there.with_key(&key), 1, "{kind:?} seed {seed}: lead {n}");
            }
            let field = pair.word("hubspot_owner_id", "OwnerId");
            assert!(records.iter().all(|record| record.text(field) == ada), "{kind:?} {seed}");
        }
    }
}

#[tokio::test]
async fn people_and_companies_are_found_and_strangers_are_not() {
    for kind in KINDS {
        let pair = pair(kind);
        let eva = pair.add_person(&[
            ("email", "Email", "eva@linden.example"),
            ("hubspot_owner_id", "OwnerId", "mary"),
        ]);
        let company = match kind {
            handoff::demo::crm::Kind::Hubspot => pair.there.add(
                "company",
                &[("domain", "linden.example"), ("name", "Linden"), ("hubspot_owner_id", "bob")],
            ),
            handoff::demo::crm::Kind::Salesforce => {
                pair.there.add("Account", &[("Website", "http://notlinden.example")]);
                pair.there.add(
                    "Account",
                    &[("Website", "www.linden.example"), ("Name", "Linden"), ("OwnerId", "bob")],
                )
            }
        };
        let find = |email: &str, domain: &str| Find {
            email: Some(email.into()),
            domain: Some(domain.into()),
            record: None,
            since: None,
        };
        let people = vec![
            find("EVA@linden.example", "linden.example"),
            find("o'hara\\@x.example", "x.example"),
            Find { email: None, domain: None, record: None, since: None },
        ];
        let found = pair.crm.find(people, NOW).await;
        let first = found[0].as_ref().unwrap();
        let person = first.person.as_ref().unwrap();
        assert_eq!((&person.record, person.owner.as_deref()), (&eva, Some("mary")), "{kind:?}");
        let account = first.account.as_ref().unwrap();
        assert_eq!((&account.record, account.owner.as_deref()), (&company, Some("bob")));
        assert_eq!(account.name.as_deref(), Some("Linden"));
        for other in &found[1..] {
            let other = other.as_ref().unwrap();
            assert_eq!((&other.person, &other.account), (&None, &None), "{kind:?}");
        }
    }
}

#[tokio::test]
async fn everybody_who_can_own_records_is_listed_page_by_page() {
    for kind in KINDS {
        let pair = pair(kind);
        let owners = pair.crm.owners(NOW).await.unwrap();
        let list: Vec<_> =
            owners.iter().map(|owner| (owner.name.as_str(), owner.is_active)).collect();
        assert_eq!(list, [("ada", true), ("bob", true), ("zoe", false)], "{kind:?}");
        assert_eq!(owners[0].email, "ada@acme.example");
        assert!(pair.crm.whoami(NOW).await.is_ok(), "{kind:?}");
    }
}
