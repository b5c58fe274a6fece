//! The book: finding, owners, and what a lean one forgets.
//!
//! Guarantees: no socket is opened. Does not know: any vendor.

use super::*;

fn found(book: &Book, field: &str, value: &str) -> Option<String> {
    book.find("contact", field, value).map(View::id)
}

#[test]
fn a_record_is_found_by_what_it_has_now_and_no_longer_by_what_it_had() {
    let mut book = Book::new(Kind::Hubspot);
    let person = |email: &str| BTreeMap::from([("email".to_owned(), json!(email))]);
    let ada = book.add("contact", person("Ada@linden.example"));
    let bob = book.add("contact", person("bob@linden.example"));
    assert_eq!(found(&book, "email", "ada@LINDEN.example"), Some(ada.clone()));
    assert_eq!(found(&book, "id", &bob), Some(bob.clone()));
    assert_eq!(found(&book, "id", &format!("0{bob}")), None);
    book.set(&ada, "email", &json!("eva@linden.example"), "api", EPOCH);
    book.set(&ada, "city", &json!("Jena"), "api", EPOCH);
    assert_eq!(found(&book, "email", "ada@linden.example"), None);
    assert_eq!(found(&book, "email", "eva@linden.example"), Some(ada.clone()));
    assert_eq!(found(&book, "city", "jena"), Some(ada.clone()), "by looking at all");
    book.set(&bob, "email", &json!("eva@linden.example"), "hand", EPOCH);
    assert_eq!(found(&book, "email", "eva@linden.example"), Some(ada), "the oldest first");
    assert_eq!(book.all("contact", "email", "eva@linden.example").unwrap().len(), 2);
    assert_eq!(found(&book, "email", "bob@linden.example"), None);
    assert!(book.find("company", "email", "eva@linden.example").is_none());
}

#[test]
fn salesforce_ids_lead_to_their_record_and_no_other() {
    let mut book = Book::new(Kind::Salesforce);
    let (lead, task) = (book.add("Lead", BTreeMap::new()), book.add("Task", BTreeMap::new()));
    assert_eq!(book.find("Lead", "Id", &lead).map(View::id), Some(lead.clone()));
    assert!(book.find("Lead", "id", &task).is_none());
    assert!(book.find("Lead", "id", &lead.replace("00Q", "00T")).is_none());
    for wrong in ["", "00Q", "00Q000000000000AAA", "äöü", "00Q99999999999999999"] {
        assert!(book.find("Lead", "id", wrong).is_none(), "{wrong}");
    }
}

#[test]
fn who_wrote_which_owner_and_when_stays_on_record() {
    let mut book = Book::new(Kind::Hubspot);
    let id = book.add("contact", BTreeMap::new());
    for (owner, by) in [("", "api"), ("501", "api"), ("502", "hand")] {
        book.set(&id, "hubspot_owner_id", &json!(owner), by, EPOCH);
    }
    let record = book.records().remove(0);
    let writes: Vec<_> = record.owners.iter().map(|one| (one.owner.as_str(), one.by)).collect();
    assert_eq!(writes, [("", "api"), ("501", "api"), ("502", "hand")]);
    assert!(record.owned_us.is_some_and(|at| at >= record.appeared_us));
    let mut people = 0;
    book.people(|one| {
        people += 1;
        assert_eq!((one.owner, one.owner_writes), ("502", 1));
    });
    assert_eq!((people, book.counts.stats.owned), (1, 1));
}

#[test]
fn a_lean_book_keeps_what_people_did_and_forgets_what_we_did() {
    let mut book = Book::new(Kind::Hubspot);
    book.is_lean = true;
    let id = book.add("contact", BTreeMap::from([("city".to_owned(), json!("Jena"))]));
    book.set(&id, "city", &json!("Gera"), "api", EPOCH);
    let view = book.find("contact", "id", &id).unwrap();
    let past: Vec<_> = view.past(book.field("city").unwrap()).map(|past| past.by).collect();
    assert_eq!((past, view.text("city")), (vec!["hand"], "Gera"));
}
