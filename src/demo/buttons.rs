//! The buttons that the demo puts on the board.
//!
//! Guarantees: a press is handed to the play and answered at once. Does not know: what it does.

use std::{
    pin::Pin,
    sync::atomic::{AtomicBool, Ordering},
};

use tokio::sync::mpsc::{self, UnboundedReceiver, UnboundedSender};

use crate::http::pages::DemoButtons;

/// What was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Press {
    Lead,
    Ill,
    Well,
    Break,
    Mend,
}

/// The buttons.
#[derive(Debug)]
pub struct Buttons {
    presses: UnboundedSender<Press>,
    is_ill: AtomicBool,
    is_broken: AtomicBool,
}

impl Buttons {
    /// The buttons, and where presses arrive.
    #[must_use]
    pub fn new() -> (Self, UnboundedReceiver<Press>) {
        let (presses, arrivals) = mpsc::unbounded_channel();
        let (is_ill, is_broken) = (AtomicBool::new(false), AtomicBool::new(false));
        (Self { presses, is_ill, is_broken }, arrivals)
    }

    fn pressed(&self, id: &str) -> String {
        let (press, said) = match id {
            "lead" => (Press::Lead, "Somebody fills in a form: the board shows it in a moment."),
            "ada" if self.is_ill.fetch_xor(true, Ordering::SeqCst) => {
                (Press::Well, "Ada is well again: she gets neither a flood nor a fast.")
            }
            "ada" => (
                Press::Ill,
                "Ada is ill: she gets nothing more, and what she does not answer is handed over.",
            ),
            "crm" if self.is_broken.fetch_xor(true, Ordering::SeqCst) => {
                (Press::Mend, "The CRM answers again: what it missed is written now.")
            }
            "crm" => (
                Press::Break,
                "The CRM answers 503: leads are given out all the same, and written when it is back.",
            ),
            _ => return "There is no such button.".to_owned(),
        };
        // The play has ended: then nothing happens any more.
        let _ = self.presses.send(press);
        said.to_owned()
    }
}

impl DemoButtons for Buttons {
    fn buttons(&self) -> Vec<(&'static str, String)> {
        let either = |flag: &AtomicBool, yes: &str, no: &str| {
            if flag.load(Ordering::SeqCst) { yes.to_owned() } else { no.to_owned() }
        };
        vec![
            ("lead", "Send a lead".to_owned()),
            ("ada", either(&self.is_ill, "Make Ada well", "Make Ada ill")),
            ("crm", either(&self.is_broken, "Mend the CRM", "Break the CRM")),
        ]
    }

    fn press(&self, id: &str) -> Pin<Box<dyn Future<Output = String> + Send>> {
        let said = self.pressed(id);
        Box::pin(async move { said })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_button_that_broke_something_mends_it_next() {
        let (buttons, mut pressed) = Buttons::new();
        let label = |at: usize| buttons.buttons()[at].1.clone();
        assert_eq!((label(1).as_str(), label(2).as_str()), ("Make Ada ill", "Break the CRM"));
        for (id, press) in [
            ("lead", Some(Press::Lead)),
            ("ada", Some(Press::Ill)),
            ("crm", Some(Press::Break)),
            ("ada", Some(Press::Well)),
            ("rm -rf", None),
            ("crm", Some(Press::Mend)),
        ] {
            assert!(buttons.pressed(id).ends_with('.'));
            assert_eq!(pressed.try_recv().ok(), press, "{id}");
        }
        assert_eq!(label(2), "Break the CRM");
    }
}
