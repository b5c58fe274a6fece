//! What the simulation found, each as the schedule that was left of it.
//!
//! Guarantees: none of them comes back. Does not know: the seeds; they mean something else after
//! the next change of the schedule.

use super::{
    faults::{Call, OutFault, StoreFault, Verb},
    run::run,
    schedule::{Action, Order, Schedule, Word},
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

#[test]
fn a_lead_that_a_stranger_hands_to_somebody_who_left_is_its_owners_again() {
    holds(
        1,
        11, // by which dan has left
        &[
            Action::Human { lead: 1, owner: 4 },
            Action::Fill { at: 0, person: 2, form: 0, number: 1 },
            Action::Turn { at: 0 },
            Action::Human { lead: 1, owner: 3 },
        ],
    );
}

#[test]
fn a_question_that_was_buried_while_it_was_leased_and_is_pointless_now_is_not_left() {
    let done = Action::Say { at: 0, lead: 0, word: Word::Done, number: 2 };
    holds(
        1,
        10,
        &[
            Action::Store { at: 0, fault: StoreFault::BusyAfter, on: Verb::Claim, after: 2 },
            Action::Fill { at: 0, person: 5, form: 1, number: 1 },
            Action::Go { at: 0, kind: 4, seams: 9 },
            Action::Go { at: 0, kind: 1, seams: 1 },
            Action::Turn { at: 0 },
            done,
            Action::Order { at: 0, order: Order::Bury(9), number: 3 },
        ],
    );
}

#[test]
fn a_call_back_that_comes_late_does_not_leave_a_lead_with_a_stranger() {
    holds(
        1,
        1,
        &[
            Action::Fill { at: 0, person: 4, form: 0, number: 1 },
            Action::Turn { at: 0 },
            Action::Order { at: 0, order: Order::Reassign { lead: 0, to: 3 }, number: 2 },
            Action::Human { lead: 2, owner: 4 },
            Action::Turn { at: 0 },
            Action::Say { at: 0, lead: 0, word: Word::OutToday, number: 3 },
            Action::Turn { at: 0 },
        ],
    );
}

#[test]
fn an_owner_who_gets_a_lead_a_second_time_in_the_crm_keeps_it() {
    let human = |lead, owner| Action::Human { lead, owner };
    holds(
        1,
        1,
        &[
            Action::Fill { at: 0, person: 2, form: 3, number: 1 },
            Action::Turn { at: 0 },
            human(1, 3),
            human(1, 4),
            human(1, 3),
        ],
    );
}

#[test]
fn who_gets_an_answered_lead_in_the_crm_has_no_turn_to_give_back() {
    let fill = |at, form, number| Action::Fill { at, person: 5, form, number };
    let say = |word, number| Action::Say { at: 0, lead: 12, word, number };
    holds(
        2,
        11,
        &[
            fill(0, 0, 8),
            Action::Turn { at: 1 },
            Action::Human { lead: 5, owner: 1 },
            say(Word::Done, 9),
            Action::Turn { at: 1 },
            fill(1, 2, 19),
            say(Word::Refused, 20),
        ],
    );
}
