//! The schedule: everything that happens in a simulation, as a list made from the seed up front.
//!
//! Guarantees: an action means the same whatever stands before it, so that a list with some taken
//! out is a schedule too; it reads as a sentence. Does not know: what comes of it.

use std::fmt;

use handoff::model::time::Span;

use super::{
    faults::{Call, OutFault, StoreFault, Verb},
    rulebooks,
    step::Kind,
};
use crate::harness::Dice;

/// What a rep says about a lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    OnIt,
    Done,
    NotAFit,
    OutToday,
    Refused,
}

/// What an operator orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    RetryDead,
    Bury(u8),
    Redo,
    Reassign { lead: u8, to: u8 },
    Away { rep: u8, minutes: u16 },
    Back { rep: u8 },
}

/// One thing that happens. `at` is a replica; of leads, fills and callbacks the number counts
/// round those that are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Fill {
        at: u8,
        person: u8,
        form: u8,
        number: u16,
    },
    Again {
        at: u8,
        of: u8,
    },
    Poison {
        at: u8,
        how: u8,
        number: u16,
    },
    Say {
        at: u8,
        lead: u8,
        word: Word,
        number: u16,
    },
    Order {
        at: u8,
        order: Order,
        number: u16,
    },
    Publish {
        at: u8,
        variant: u8,
    },
    /// Somebody in the CRM gives a lead to somebody (or to nobody, or to one we do not know).
    Human {
        lead: u8,
        owner: u8,
    },
    /// Somebody calls a lead and notes it in the CRM.
    Evidence {
        lead: u8,
    },
    /// The CRM calls back about something that happened there, not always the oldest.
    CallBack {
        at: u8,
        which: u8,
        again: bool,
    },
    /// All loops of a replica go round once.
    Turn {
        at: u8,
    },
    /// One step begins, or goes on, for so many seams.
    Go {
        at: u8,
        kind: u8,
        seams: u8,
    },
    Pass {
        ms: u32,
    },
    Jump {
        at: u8,
        seconds: i32,
    },
    Crash {
        at: u8,
    },
    Store {
        at: u8,
        fault: StoreFault,
        on: Verb,
        after: u8,
    },
    Out {
        fault: OutFault,
        on: Call,
        after: u8,
    },
    CrmDown {
        seconds: u16,
    },
}

/// A whole simulation.
#[derive(Clone, Debug)]
pub struct Schedule {
    pub seed: u64,
    pub replicas: u8,
    /// By how much each replica's clock is ahead.
    pub ahead: [i64; 2],
    pub variant: u8,
    pub actions: Vec<Action>,
}

impl Schedule {
    /// That of a seed.
    pub fn of(seed: u64) -> Self {
        // Far apart: the dice of neighbours throw the same numbers, one throw later.
        let mut dice = Dice::of_run(seed.wrapping_mul(0xD134_2543_DE82_EF95));
        let replicas = if dice.percent(70) { 2 } else { 1 };
        let skew = |dice: &mut Dice| dice.below(4_000).cast_signed() - 2_000;
        let ahead = [skew(&mut dice), skew(&mut dice)];
        let variant = small(dice.below(rulebooks::COUNT.into()));
        let length = 15 + dice.below(40);
        // Some runs are quiet: what goes wrong without a fault is easier to read.
        let faults = *dice.of(&[0, 8, 16, 30]);
        let actions =
            (0..length).map(|at| action(&mut dice, at as u16, replicas, faults)).collect();
        Self { seed, replicas, ahead, variant, actions }
    }

    /// The same with other actions.
    pub fn with(&self, actions: Vec<Action>) -> Self {
        Self { actions, ..self.clone() }
    }
}

fn small(number: u64) -> u8 {
    u8::try_from(number).expect("below 256")
}

fn action(dice: &mut Dice, number: u16, replicas: u8, faults: u64) -> Action {
    let at = small(dice.below(replicas.into()));
    let any = |dice: &mut Dice| small(dice.below(16));
    if dice.percent(faults) {
        return fault(dice, at);
    }
    match dice.below(100) {
        0..18 => {
            let person = small(dice.below(6));
            Action::Fill { at, person, form: small(dice.below(4)), number }
        }
        18..22 => Action::Again { at, of: any(dice) },
        22..24 => Action::Poison { at, how: small(dice.below(3)), number },
        24..31 => {
            let words = [Word::OnIt, Word::Done, Word::NotAFit, Word::OutToday, Word::Refused];
            let word = *dice.of(&words);
            Action::Say { at, lead: any(dice), word, number }
        }
        31..37 => Action::Order { at, order: order(dice), number },
        37..39 => Action::Publish { at, variant: small(dice.below(rulebooks::COUNT.into())) },
        39..43 => Action::Human { lead: any(dice), owner: small(dice.below(6)) },
        43..45 => Action::Evidence { lead: any(dice) },
        45..48 => Action::CallBack { at, which: any(dice), again: dice.percent(30) },
        48..65 => Action::Turn { at },
        65..85 => {
            let kind = small(dice.below(Kind::ALL.len() as u64));
            Action::Go { at, kind, seams: small(1 + dice.below(9)) }
        }
        _ => {
            let most = *dice.of(&[3_000, 30_000, 300_000, 300_000, 1_500_000]);
            Action::Pass { ms: dice.below(most) as u32 }
        }
    }
}

fn order(dice: &mut Dice) -> Order {
    let rep = small(dice.below(rulebooks::REPS.len() as u64));
    match dice.below(10) {
        0 => Order::RetryDead,
        1 => Order::Bury(small(dice.below(16))),
        2..4 => Order::Redo,
        4..7 => Order::Reassign { lead: small(dice.below(16)), to: rep },
        7..9 => Order::Away { rep, minutes: 1 + dice.below(90) as u16 },
        _ => Order::Back { rep },
    }
}

fn fault(dice: &mut Dice, at: u8) -> Action {
    let after = small(dice.below(3));
    let seconds = 1 + dice.below(12) as u16;
    match dice.below(100) {
        0..22 => Action::Crash { at },
        22..32 => {
            let seconds = *dice.of(&[61, 3_600, 86_400, -61, -3_600]);
            Action::Jump { at, seconds }
        }
        32..58 => {
            let fault = *dice.of(&[
                StoreFault::BusyBefore,
                StoreFault::BusyAfter,
                StoreFault::BusyAfter,
                StoreFault::FatalBefore,
                StoreFault::FatalAfter,
            ]);
            let verbs =
                [Verb::Accept, Verb::Undecided, Verb::Decide, Verb::Claim, Verb::Settle, Verb::Any];
            Action::Store { at, fault, on: *dice.of(&verbs), after }
        }
        58..62 => Action::CrmDown { seconds: seconds * 20 },
        62..82 => {
            let on = *dice.of(&[Call::Put, Call::SetOwner, Call::Find]);
            let mut faults = vec![
                OutFault::AnswerLost,
                OutFault::AnswerLost,
                OutFault::CallLost,
                OutFault::Busy,
                OutFault::Throttled(seconds * 5),
                OutFault::AuthLost,
                OutFault::Mixed,
                OutFault::Short,
                OutFault::SlowAnswer(seconds),
                OutFault::SlowCall(seconds),
            ];
            match on {
                // Else rare: there is one verb in three that they can meet.
                Call::Put => faults.extend([OutFault::Refused; 2]),
                Call::SetOwner => faults.extend([OutFault::OwnerInvalid; 4]),
                _ => {}
            }
            Action::Out { fault: *dice.of(&faults), on, after }
        }
        _ => {
            let faults = [
                OutFault::AnswerLost,
                OutFault::AnswerLost,
                OutFault::CallLost,
                OutFault::Busy,
                OutFault::Throttled(seconds * 5),
                OutFault::AuthLost,
                OutFault::Refused,
                OutFault::SlowAnswer(seconds),
                OutFault::SlowCall(seconds),
            ];
            Action::Out { fault: *dice.of(&faults), on: Call::Send, after }
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fill { at, person, form, number } => {
                write!(f, "replica {at} gets fill {number} of person {person}, form {form}")
            }
            Self::Again { at, of } => write!(f, "replica {at} gets delivery {of} once more"),
            Self::Poison { at, how, number } => {
                let what = ["is not JSON", "names nobody", "makes deciding panic"];
                write!(f, "replica {at} gets fill {number}, which {}", what[usize::from(*how)])
            }
            Self::Say { at, lead, word, .. } => {
                write!(f, "the owner says {word:?} about lead {lead}, to replica {at}")
            }
            Self::Order { at, order, .. } => {
                write!(f, "an operator orders {order:?} of replica {at}")
            }
            Self::Publish { at, variant } => {
                write!(f, "rulebook {variant} is published on replica {at}")
            }
            Self::Human { lead, owner } => {
                let owner = human_owner(*owner).unwrap_or_else(|| "nobody".to_owned());
                write!(f, "in the CRM somebody gives lead {lead} to {owner}")
            }
            Self::Evidence { lead } => write!(f, "in the CRM somebody notes a call to lead {lead}"),
            Self::CallBack { at, which, again } => {
                let often = if *again { "twice " } else { "" };
                write!(f, "the CRM calls back {often}about change {which}, to replica {at}")
            }
            Self::Turn { at } => write!(f, "every loop of replica {at} goes round"),
            Self::Go { at, kind, seams } => {
                let kind = Kind::ALL[usize::from(*kind)];
                write!(f, "replica {at}: {kind:?} goes on for {seams} seams")
            }
            Self::Pass { ms } => write!(f, "{} pass", Span(i64::from(*ms))),
            Self::Jump { at, seconds } => {
                write!(
                    f,
                    "the clock of replica {at} is set by {}",
                    Span::seconds((*seconds).into())
                )
            }
            Self::Crash { at } => write!(f, "replica {at} crashes and starts again"),
            Self::Store { at, fault, on, after } => {
                write!(f, "armed: {fault:?} at call {after} of {on:?} by replica {at}")
            }
            Self::Out { fault, on, after } => {
                write!(f, "armed: {fault:?} at call {after} of {on:?}")
            }
            Self::CrmDown { seconds } => write!(f, "the CRM is down for {seconds} s"),
        }
    }
}

/// Whom a human chooses: a rep, somebody unknown to the rulebook, or nobody.
pub fn human_owner(number: u8) -> Option<String> {
    match number {
        0..4 => Some(rulebooks::owner_of(rulebooks::REPS[usize::from(number)])),
        4 => Some("o-stranger".to_owned()),
        _ => None,
    }
}
