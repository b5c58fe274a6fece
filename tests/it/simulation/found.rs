//! What the simulation found, each as the schedule that was left of it.
//!
//! Guarantees: none of them comes back. Does not know: the seeds; they mean something else after
//! the next change of the schedule.

use super::{
    faults::{Call, OutFault},
    run::run,
    schedule::{Action, Schedule},
};

fn holds(replicas: u8, variant: u8, actions: &[Action]) {
    let schedule =
        Schedule { seed: 0, replicas, ahead: [0, 0], variant, actions: actions.to_vec() };
    let found = run(&schedule, None);
    assert!(found.wrong.is_empty(), "{}", found.wrong.join("\n"));
    assert!(found.leads > 0);
}

#[test]
fn a_lost_answer_is_remembered_when_the_same_person_fills_in_another_form() {
    // Nobody is found by a telephone: only our own key says that the record is there.
    let fill = |form, number| Action::Fill { at: 0, person: 0, form, number };
    let lost = Action::Out { fault: OutFault::AnswerLost, on: Call::Put, after: 0 };
    holds(1, 10, &[fill(0, 1), lost, Action::Turn { at: 0 }, fill(2, 2)]);
}

#[test]
fn a_clock_set_while_events_are_read_reminds_nobody() {
    let fill = Action::Fill { at: 0, person: 4, form: 1, number: 1 };
    let decide = |seams| Action::Go { at: 0, kind: 0, seams };
    holds(
        1,
        0,
        &[
            fill,
            Action::Turn { at: 0 },
            decide(1),
            Action::Jump { at: 0, seconds: 3_600 },
            decide(9),
        ],
    );
}
