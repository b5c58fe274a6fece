//! How often matching by name is right, on pairs that a person has labelled.
//!
//! `labelled.csv` has pairs of a lead's company and an account: the same company or another one.
//! The mirror holds every account of the list, so a lead also meets all those that are not meant.

use std::collections::BTreeMap;

use super::{
    Asked, Builder, Mirror, find,
    words::{squeezed, words},
};
use crate::model::account::{Account, By, Matching};

const LABELLED: &str = include_str!("labelled.csv");

/// At least so many of the accounts that were found are right …
const PRECISION_MIN: f64 = 0.97;
/// … and so many of those that are there are found.
const RECALL_MIN: f64 = 0.93;

struct Pair {
    lead: String,
    account: String,
    is_same: bool,
    kind: String,
}

fn pairs() -> Vec<Pair> {
    let mut reader = csv::Reader::from_reader(LABELLED.as_bytes());
    let rows = reader.records().map(|row| {
        let row = row.unwrap();
        let is_same = match &row[2] {
            "same" => true,
            "other" => false,
            word => panic!("{word:?}"),
        };
        Pair { lead: row[0].into(), account: row[1].into(), is_same, kind: row[3].into() }
    });
    rows.collect()
}

/// Every account of the list, and which is which by its name as it is written.
fn mirror(pairs: &[Pair]) -> Mirror {
    let mut names: Vec<&str> = pairs.iter().map(|pair| pair.account.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let mut builder = Builder::default();
    for name in names {
        builder.add("csv", &Account { id: name.into(), name: name.into(), ..Account::default() });
    }
    builder.finish(1)
}

/// Which company each name is: pairs that are the same join theirs, and so do names that differ in
/// case, accents and legal forms only.
fn companies(pairs: &[Pair]) -> BTreeMap<String, usize> {
    let mut companies: BTreeMap<String, usize> = BTreeMap::new();
    for pair in pairs {
        for name in [&pair.lead, &pair.account] {
            let next = companies.len();
            companies.entry(key(name)).or_insert(next);
        }
    }
    for pair in pairs.iter().filter(|pair| pair.is_same) {
        let (from, to) = (companies[&key(&pair.lead)], companies[&key(&pair.account)]);
        companies.values_mut().filter(|company| **company == from).for_each(|one| *one = to);
    }
    companies
}

fn key(name: &str) -> String {
    squeezed(&words(name))
}

#[test]
fn names_are_matched_as_a_person_would_on_a_labelled_list() {
    let pairs = pairs();
    let count = pairs.len();
    assert!(count >= 500, "{count} pairs");
    let mirror = mirror(&pairs);
    let companies = companies(&pairs);
    for Pair { lead, account, .. } in pairs.iter().filter(|pair| !pair.is_same) {
        assert_ne!(companies[&key(lead)], companies[&key(account)], "{lead} / {account}: both");
    }
    let (mut right, mut wrong, mut missed) = (0, 0, 0);
    let mut slips: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for pair in &pairs {
        let asked = Asked { name: Some(&pair.lead), ..Asked::default() };
        let found = find(&mirror, &Matching::default(), asked, 1).unwrap();
        let name = found.account.as_ref().map(|account| account.name.as_str());
        assert_eq!(name.is_some(), found.by == By::Name);
        let met = name.is_some_and(|name| companies[&key(name)] == companies[&key(&pair.account)]);
        match (pair.is_same, met) {
            (true, true) => right += 1,
            (true, false) => {
                missed += 1;
                wrong += usize::from(name.is_some());
            }
            (false, true) => wrong += 1,
            (false, false) => {}
        }
        if pair.is_same != met {
            let saw = format!("{:?} / {:?}: {name:?} {}", pair.lead, pair.account, found.score);
            slips.entry(&pair.kind).or_default().push(saw);
        }
    }
    let precision = f64::from(right) / (f64::from(right) + wrong as f64);
    let recall = f64::from(right) / f64::from(right + missed);
    for (kind, slips) in &slips {
        println!("{kind}:\n  {}", slips.join("\n  "));
    }
    println!(
        "matching by name: {count} labelled pairs, precision {precision:.3}, recall {recall:.3} \
         ({right} right, {wrong} wrong, {missed} missed)"
    );
    assert!(precision >= PRECISION_MIN, "precision {precision:.3}");
    assert!(recall >= RECALL_MIN, "recall {recall:.3}");
}
