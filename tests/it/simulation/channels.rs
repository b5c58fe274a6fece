//! Channels in memory: what was sent is seen, whoever hears that it was.
//!
//! Guarantees: a message that reached its recipient is noted with the attempt that sent it.
//! Does not know: what it looks like.

use std::sync::Arc;

use handoff::{
    model::{failure::Failure, time::Span},
    notify::{Boxed, Channel, Message},
};

use super::{
    faults::{Call, OutFault},
    house::House,
    step::{answer_at, seam},
};

/// The channels' names.
pub const NAMES: [&str; 3] = ["email", "alerts", "oncall"];

/// A channel as a replica calls it.
pub struct Line {
    pub house: Arc<House>,
    pub name: &'static str,
    /// Nothing is sent once the lease is over, as by every adapter.
    pub keeps_lease: bool,
}

impl Line {
    fn reach(&self, message: &Message) {
        let now = self.house.time.now();
        let mut state = self.house.state();
        let here = state.here;
        state.seen.said(here, self.name, message, now);
    }
}

impl Channel for Line {
    fn send(&self, message: Message) -> Boxed<'_, Result<(), Failure>> {
        Box::pin(async move {
            let house = &self.house;
            let busy = || Err(Failure::Busy { after: None, why: "planted".to_owned() });
            if self.keeps_lease && house.is_too_late() {
                return Err(Failure::TooLate);
            }
            let fault = house.state().faults.at_out(Call::Send);
            if let Some(fault) = fault {
                house.state().faults.fired(fault.name(Call::Send));
            }
            let late = |seconds: u16| house.time.ms() + i64::from(seconds) * 1000;
            let sent = match fault {
                Some(OutFault::CallLost) => Err(Failure::MaybeDone),
                Some(OutFault::Busy) => busy(),
                Some(OutFault::Throttled(seconds)) => {
                    let until = message.at.plus(Span::seconds(seconds.into()));
                    Err(Failure::Throttled { until, scope: "burst" })
                }
                Some(OutFault::AuthLost) => Err(Failure::AuthLost { why: "planted".to_owned() }),
                Some(OutFault::Refused) => Err(Failure::Refused { why: "planted".to_owned() }),
                Some(OutFault::SlowCall(seconds)) => {
                    answer_at(late(seconds), &house.time, &house.waits).await;
                    self.reach(&message);
                    Ok(())
                }
                fault => {
                    self.reach(&message);
                    if let Some(OutFault::SlowAnswer(seconds)) = fault {
                        answer_at(late(seconds), &house.time, &house.waits).await;
                    }
                    if fault == Some(OutFault::AnswerLost) {
                        Err(Failure::MaybeDone)
                    } else {
                        Ok(())
                    }
                }
            };
            seam().await;
            sent
        })
    }

    fn has_addresses(&self) -> bool {
        self.name == "email"
    }

    fn is_pager(&self) -> bool {
        self.name == "oncall"
    }
}
