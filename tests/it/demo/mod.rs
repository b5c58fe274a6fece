//! The demo as a whole: the daemon, the stand-ins and the simulated people, over real sockets.
//!
//! Guarantees: what `handoff demo` promises by its exit code is true, and is not always said.

use std::{sync::mpsc, thread, time::Duration};

use handoff::demo::{Options, Sabotage, run_silently};

/// Far above what a slow machine needs.
const PATIENCE: Duration = Duration::from_secs(150);

fn played(leads: u32, sabotage: Sabotage) -> bool {
    let options = Options { leads: Some(leads), port: None, speed: 120, quiet: true };
    let (tell, told) = mpsc::channel();
    thread::spawn(move || tell.send(run_silently(options, sabotage)));
    told.recv_timeout(PATIENCE).unwrap().unwrap()
}

#[test]
fn forty_leads_are_answered_the_books_balance_and_the_crm_agrees() {
    assert!(played(40, Sabotage::None));
}

#[test]
fn a_crm_that_lost_a_record_is_found_out() {
    assert!(!played(5, Sabotage::LosesARecord));
}

#[test]
fn a_crm_with_another_owner_is_found_out() {
    assert!(!played(5, Sabotage::SwapsAnOwner));
}
