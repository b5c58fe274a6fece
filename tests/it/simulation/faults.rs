//! What can go wrong, what is set to go wrong next, and what did.
//!
//! Guarantees: a fault that is armed fires once, at the n-th call that it fits; every one that
//! fired is counted by its name. Does not know: what it does to anybody.

use std::collections::BTreeMap;

/// Every kind of fault: each must fire in a usual run.
pub const KINDS: &[&str] = &[
    "a call was not made, for its lease was over",
    "a delivery came again",
    "a stale attempt could not settle",
    "an operator buried a job",
    "an operator redid events",
    "an operator retried dead jobs",
    "bodies swept",
    "channel: answer lost",
    "channel: busy",
    "channel: call lost",
    "channel: content refused",
    "channel: credential refused",
    "channel: slow answer",
    "channel: slow call",
    "channel: throttled",
    "clock: set back",
    "clock: set forward",
    "crash: between steps",
    "crash: while an answer is awaited",
    "crash: within a step",
    "crm: a human chose the owner",
    "crm: answer lost",
    "crm: answer too short",
    "crm: busy",
    "crm: call lost",
    "crm: called back out of order",
    "crm: content refused",
    "crm: credential refused",
    "crm: down",
    "crm: evidence of an answer",
    "crm: half of a batch busy",
    "crm: owner refused",
    "crm: slow answer",
    "crm: slow call",
    "crm: throttled",
    "poison",
    "poison: deciding panics",
    "replicas: both in the middle of a step",
    "rulebook: published midway",
    "store: answer lost after the commit",
    "store: busy",
    "store: fatal after the commit",
    "store: fatal before the commit",
];

/// What goes wrong at the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreFault {
    /// It cannot take it now: nothing is done.
    BusyBefore,
    /// The connection is lost after the commit: it is done, and the caller hears that it is not.
    BusyAfter,
    /// The process must end, and nothing was done.
    FatalBefore,
    /// The process must end, and it was done.
    FatalAfter,
}

/// The verbs that a store fault can be set upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Accept,
    Undecided,
    Decide,
    Claim,
    Settle,
    Any,
}

/// What goes wrong at a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutFault {
    /// It is done, and the answer is lost.
    AnswerLost,
    /// The call is lost: it is not done, and nobody knows.
    CallLost,
    /// It is busy, and says so.
    Busy,
    /// Everybody is to wait for so many seconds.
    Throttled(u16),
    /// The credential is refused.
    AuthLost,
    /// The first item is refused for good.
    Refused,
    /// The owner of the first item is refused.
    OwnerInvalid,
    /// Every second item is busy.
    Mixed,
    /// The answer holds one item too few.
    Short,
    /// It is done at once, and the answer takes so many seconds.
    SlowAnswer(u16),
    /// It is done only after so many seconds.
    SlowCall(u16),
}

/// Which calls a fault at a destination is set upon.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    Put,
    SetOwner,
    Find,
    Send,
}

#[derive(Clone, Debug)]
struct Armed<F, W> {
    fault: F,
    on: W,
    after: u8,
}

/// Everything that is set to go wrong, and what did.
#[derive(Debug, Default)]
pub struct Faults {
    store: [Vec<Armed<StoreFault, Verb>>; 2],
    out: Vec<Armed<OutFault, Call>>,
    /// How often each kind fired.
    pub fired: BTreeMap<&'static str, u64>,
}

impl Faults {
    /// At the store, as seen by one replica.
    pub fn arm_store(&mut self, replica: usize, fault: StoreFault, on: Verb, after: u8) {
        self.store[replica].push(Armed { fault, on, after });
    }

    /// At a destination.
    pub fn arm_out(&mut self, fault: OutFault, on: Call, after: u8) {
        self.out.push(Armed { fault, on, after });
    }

    /// Nothing goes wrong any more.
    pub fn disarm(&mut self) {
        self.store.iter_mut().for_each(Vec::clear);
        self.out.clear();
    }

    /// The fault of this call of the store, if one is due.
    pub fn at_store(&mut self, replica: usize, verb: Verb) -> Option<StoreFault> {
        take(&mut self.store[replica], |on| on == Verb::Any || on == verb)
    }

    /// The fault of this call of a destination, if one is due.
    pub fn at_out(&mut self, call: Call) -> Option<OutFault> {
        take(&mut self.out, |on| on == call)
    }

    /// A fault has fired.
    pub fn fired(&mut self, what: &'static str) {
        *self.fired.entry(what).or_default() += 1;
    }
}

fn take<F: Copy, W: Copy>(armed: &mut Vec<Armed<F, W>>, fits: impl Fn(W) -> bool) -> Option<F> {
    let at = armed.iter().position(|one| fits(one.on))?;
    if armed[at].after == 0 {
        return Some(armed.remove(at).fault);
    }
    armed[at].after -= 1;
    None
}

impl StoreFault {
    /// Its name in the count.
    pub fn name(self) -> &'static str {
        match self {
            Self::BusyBefore => "store: busy",
            Self::BusyAfter => "store: answer lost after the commit",
            Self::FatalBefore => "store: fatal before the commit",
            Self::FatalAfter => "store: fatal after the commit",
        }
    }
}

impl OutFault {
    /// Its name in the count.
    pub fn name(self, call: Call) -> &'static str {
        match (self, call == Call::Send) {
            (Self::AnswerLost, false) => "crm: answer lost",
            (Self::AnswerLost, true) => "channel: answer lost",
            (Self::CallLost, false) => "crm: call lost",
            (Self::CallLost, true) => "channel: call lost",
            (Self::Busy, false) => "crm: busy",
            (Self::Busy, true) => "channel: busy",
            (Self::Throttled(_), false) => "crm: throttled",
            (Self::Throttled(_), true) => "channel: throttled",
            (Self::AuthLost, false) => "crm: credential refused",
            (Self::AuthLost, true) => "channel: credential refused",
            (Self::Refused, false) => "crm: content refused",
            (Self::Refused, true) => "channel: content refused",
            (Self::OwnerInvalid, _) => "crm: owner refused",
            (Self::Mixed, _) => "crm: half of a batch busy",
            (Self::Short, _) => "crm: answer too short",
            (Self::SlowAnswer(_), false) => "crm: slow answer",
            (Self::SlowAnswer(_), true) => "channel: slow answer",
            (Self::SlowCall(_), false) => "crm: slow call",
            (Self::SlowCall(_), true) => "channel: slow call",
        }
    }
}
