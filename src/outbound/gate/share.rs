//! A gate that several processes share.
//!
//! What all know is one gate in one document, judged by the store's clock. Each process keeps a
//! copy and says what it heard; calls are taken from the common pace in small grants that hold for
//! a moment, so that the store is asked a few times a second and not for every call.
//!
//! Guarantees: together no more than `per_second × t + burst` calls in any span `t`, as long as the
//! burst is what a grant's life may bring or more (else that much above it); a pause or an open
//! circuit holds everybody as soon as they exchange; one probe at a time among all. What could not
//! be said is said at the next exchange.
//! Does not know: where the document is kept, how it is changed by one at a time.

use super::{Admit, Circuit, Gate, Limits, PARK_MAX, PROBE_LOST, PROBE_MAX, State, pace::Pace};
use crate::model::time::{Span, Time};

/// So long may a call be made that was granted.
const LIFE: Span = Span(250);
/// Somebody else probes, or the grants are used up: so long until it is worth asking again.
const LOOK: Span = Span(500);
/// What is heard between two exchanges, at most; more of it says nothing new.
const HEARD_MAX: usize = 64;

/// What one process heard from the destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Heard {
    /// A call failed.
    Failed,
    /// A call was answered, with a wish for a pause or without.
    Answered(Option<Span>),
    /// The probe that was granted was not made.
    Unprobed,
}

/// What a process says to all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GateSaid {
    heard: Vec<Heard>,
    /// Calls made beyond those granted.
    owed: u64,
    /// Calls asked for.
    wanted: u32,
    /// The clock of whoever says it, when it was said.
    at: Time,
}

impl GateSaid {
    /// Whether it says nothing and asks for nothing: to be heard only what all know.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.heard.is_empty() && self.owed == 0 && self.wanted == 0
    }
}

/// What all know, as an exchange answers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateKnown {
    state: State,
    granted: u32,
    /// When more can be had, by the store's clock.
    more_at: Option<Time>,
    /// When this was so, by the store's clock.
    at: Time,
}

/// What goes between this process and the others.
#[derive(Clone, Debug, Default)]
pub(super) struct Share {
    said: GateSaid,
    /// Calls in hand …
    tokens: u32,
    /// … until then.
    good_until: Option<Time>,
    /// Nothing is to be had before this.
    not_before: Option<Time>,
    /// The store's clock at the newest exchange …
    known_at: Option<Time>,
    /// … and ours.
    looked_at: Option<Time>,
}

impl Share {
    pub fn admit(&mut self, circuit: Circuit, now: Time) -> Admit {
        // Judged from both sides: a clock that was set back makes no grant live longer.
        let is_good =
            self.good_until.is_some_and(|until| (Span::ZERO..=LIFE).contains(&until.since(now)));
        if is_good && self.tokens > 0 {
            self.tokens -= 1;
            return Admit::Go;
        }
        self.tokens = 0;
        let wait = match circuit {
            Circuit::Closed { .. } => self.not_before.map(|at| at.min(now.plus(PARK_MAX))),
            Circuit::Open { until, .. } => Some(until.min(now.plus(PROBE_MAX))),
            Circuit::Probing { since, .. } => {
                let lost_at = since.min(now).plus(PROBE_LOST);
                self.looked_at.map(|at| lost_at.min(at.min(now).plus(LOOK)))
            }
        };
        match wait {
            Some(at) if now < at => Admit::NotBefore(at),
            _ => Admit::Exchange,
        }
    }

    pub fn release(&mut self, circuit: &Circuit) {
        if matches!(circuit, Circuit::Probing { .. }) {
            self.heard(Heard::Unprobed);
        } else {
            self.tokens += 1;
        }
    }

    pub fn owe(&mut self, calls: u64) {
        let in_hand = u64::from(self.tokens).min(calls);
        self.tokens -= u32::try_from(in_hand).unwrap_or(0);
        self.said.owed += calls - in_hand;
    }

    /// Keeps for the others what is news to them.
    pub fn note(&mut self, is_answer: bool, park: Option<Span>, was_well: bool) {
        match (is_answer, park) {
            (false, _) => self.heard(Heard::Failed),
            (true, None) if was_well => {}
            (true, park) => self.heard(Heard::Answered(park)),
        }
        if park.is_some() {
            self.tokens = 0;
        }
    }

    fn heard(&mut self, one: Heard) {
        if self.said.heard.len() < HEARD_MAX {
            self.said.heard.push(one);
        }
    }
}

/// What is given in grants cannot be counted while it is out: the burst is smaller by that.
fn common(limits: Limits) -> Limits {
    let out = i64::from(limits.per_second) * LIFE.0 / 1000;
    let burst = i64::from(limits.burst).saturating_sub(out).max(1);
    Limits { burst: u32::try_from(burst).unwrap_or(1), ..limits }
}

impl Gate {
    /// The same gate, shared with other processes.
    #[must_use]
    pub fn shared(mut self) -> Self {
        self.share = Some(Share::default());
        self
    }

    /// Whether others should hear of something soon.
    #[must_use]
    pub fn has_news(&self) -> bool {
        self.share.as_ref().is_some_and(|share| !share.said.heard.is_empty())
    }

    /// What is to be said to the others at `now`, asking for calls or not. It counts as said; see
    /// [`Gate::unsaid`].
    pub fn say(&mut self, is_asking: bool, now: Time) -> GateSaid {
        let per_life = i64::from(self.limits.per_second) * LIFE.0 / 1000;
        let wanted = u32::try_from(per_life.max(1)).unwrap_or(1);
        let said = self.share.as_mut().map(|share| std::mem::take(&mut share.said));
        GateSaid { wanted: if is_asking { wanted } else { 0 }, at: now, ..said.unwrap_or_default() }
    }

    /// It could not be said: it is kept for the next time.
    pub fn unsaid(&mut self, mut said: GateSaid) {
        let Some(share) = &mut self.share else { return };
        said.heard.append(&mut share.said.heard);
        said.heard.truncate(HEARD_MAX);
        said.owed += share.said.owed;
        share.said = said;
    }

    /// What all know after this was said: pure, and to be done by one at a time. Answers the
    /// document if it changed.
    #[must_use]
    pub fn agree(
        limits: Limits,
        document: Option<&str>,
        said: &GateSaid,
        now: Time,
    ) -> (Option<String>, GateKnown) {
        let mut all = Self::new(common(limits));
        // One that this version cannot read begins anew.
        if let Some(state) = document.and_then(|text| serde_json::from_str(text).ok()) {
            all.state = state;
        }
        let before = all.state.clone();
        for heard in &said.heard {
            match heard {
                Heard::Failed => all.failed(now),
                Heard::Answered(park) => all.heard(now, true, *park),
                Heard::Unprobed => all.unprobed(now),
            }
        }
        all.state.pace.owe(said.owed);
        let (mut granted, mut more_at) = (0, None);
        while granted < said.wanted {
            match all.admit(now) {
                Admit::Go => granted += 1,
                Admit::NotBefore(at) => {
                    more_at = Some(at);
                    break;
                }
                Admit::Exchange => break,
            }
        }
        let known = GateKnown { state: all.state.clone(), granted, more_at, at: now };
        let is_changed = document.is_none() || all.state != before;
        let text = serde_json::to_string(&all.state).ok();
        (text.filter(|_| is_changed && !said.is_silent()), known)
    }

    /// Takes over what all know; answers whether calls that were held back may go on.
    pub fn know(&mut self, known: &GateKnown, said: &GateSaid, now: Time) -> bool {
        let was_held = self.is_held(now);
        let Some(share) = &mut self.share else { return false };
        if known.granted > 0 {
            // From before it was asked for, but long enough to be used at all.
            let until = said.at.plus(LIFE).max(now.plus(Span(20))).min(now.plus(LIFE));
            share.tokens = share.tokens.saturating_add(known.granted);
            share.good_until = Some(until);
        }
        let is_newest = share.known_at.is_none_or(|at| at <= known.at);
        if is_newest {
            (share.known_at, share.looked_at) = (Some(known.at), Some(now));
            let ours = |at: Time| now.plus(at.since(known.at));
            share.not_before = known.more_at.filter(|_| known.granted == 0).map(ours);
            self.state.circuit = match known.state.circuit {
                Circuit::Closed { failures } => Circuit::Closed { failures },
                Circuit::Open { until, waited } => Circuit::Open { until: ours(until), waited },
                Circuit::Probing { since, waited } => {
                    Circuit::Probing { since: ours(since), waited }
                }
            };
            let is_parked = known.state.parked_until > known.at;
            self.state.parked_until =
                if is_parked { ours(known.state.parked_until) } else { Time(i64::MIN) };
            // What was heard meanwhile is not among what all know yet.
            let since = share.said.heard.clone();
            for heard in since {
                match heard {
                    Heard::Failed => self.failed(now),
                    Heard::Answered(park) => self.heard(now, true, park),
                    Heard::Unprobed => self.unprobed(now),
                }
            }
        }
        if !self.is_closed() {
            self.is_proven = false;
        }
        if self.is_held(now) {
            // A probe is the one call that an open circuit grants.
            let is_probe = known.granted > 0 && !self.is_closed();
            if let Some(share) = &mut self.share {
                share.tokens = u32::from(is_probe);
            }
        }
        was_held && !self.is_held(now)
    }

    /// What a gate of one process has to keep for the time after a restart: a pause, an open
    /// circuit; nothing when it is well.
    #[must_use]
    pub fn to_keep(&self, now: Time) -> Option<String> {
        let state = State { pace: Pace::full(self.limits), ..self.state.clone() };
        self.is_held(now).then(|| serde_json::to_string(&state).ok()).flatten()
    }

    /// Goes on where the process before this one was.
    pub fn resume(&mut self, document: &str, now: Time) {
        let Ok(kept) = serde_json::from_str::<State>(document) else { return };
        self.state.parked_until = kept.parked_until.min(now.plus(PARK_MAX));
        self.state.circuit = match kept.circuit {
            // Whoever probed is gone.
            Circuit::Probing { waited, .. } => Circuit::Open { until: now, waited },
            circuit => circuit,
        };
        if now < self.state.parked_until {
            self.state.pace.ramp(self.state.parked_until);
        }
    }
}
