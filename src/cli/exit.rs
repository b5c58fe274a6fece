//! Exit codes: what a script may branch on.
//!
//! Guarantees: every way in which a command can end has one of these numbers, the same in every
//! command. Does not know: what the commands do.

use std::{fmt, process::ExitCode};

/// How a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// It did what was asked.
    Ok,
    /// It ran, and the answer is no: findings, nothing there, a conflict, books that do not
    /// balance.
    No,
    /// The command line, or what it was given, cannot be understood. The number is clap's own.
    Usage,
    /// The daemon cannot be reached.
    Unreachable,
    /// The daemon refused the caller.
    Refused,
    /// A store, a file or the daemon failed.
    Failed,
}

/// The list that `handoff help exit-codes` and the general help show.
pub const HELP: &str = "Exit codes:
  0  done
  1  the answer is no: findings, nothing there, a conflict, books that do not balance
  2  wrong usage, or something given that cannot be understood
  3  the daemon cannot be reached
  4  refused: the token is missing, unknown, expired or revoked
  5  a store, a file or the daemon failed";

impl Exit {
    /// The number.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::No => 1,
            Self::Usage => 2,
            Self::Unreachable => 3,
            Self::Refused => 4,
            Self::Failed => 5,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// Why a command could not go on, and the code to end with.
#[derive(Debug)]
pub struct Stop {
    /// The code.
    pub exit: Exit,
    /// What happened, with its causes.
    pub error: anyhow::Error,
}

/// What a command gives.
pub type Outcome = Result<Exit, Stop>;

impl Stop {
    /// With this code and sentence.
    pub fn new(exit: Exit, sentence: impl fmt::Display) -> Self {
        Self { exit, error: anyhow::anyhow!("{sentence}") }
    }

    /// Something given cannot be understood.
    pub fn usage(sentence: impl fmt::Display) -> Self {
        Self::new(Exit::Usage, sentence)
    }

    /// The answer is no.
    pub fn no(sentence: impl fmt::Display) -> Self {
        Self::new(Exit::No, sentence)
    }

    /// The lines to print: what happened, then each cause that says more.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for cause in self.error.chain() {
            let text = cause.to_string();
            // Many errors repeat their source in their own sentence.
            if !lines.iter().any(|line| line.contains(&text)) {
                lines.push(text);
            }
        }
        lines
    }
}

/// Without another word a failure is one of a file, a store or the machine.
impl From<anyhow::Error> for Stop {
    fn from(error: anyhow::Error) -> Self {
        Self { exit: Exit::Failed, error }
    }
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    #[test]
    fn every_code_is_in_the_help() {
        let all = [Exit::Ok, Exit::No, Exit::Usage, Exit::Unreachable, Exit::Refused, Exit::Failed];
        for (number, exit) in all.into_iter().enumerate() {
            assert_eq!(usize::from(exit.code()), number);
            assert!(HELP.contains(&format!("\n  {number}  ")), "{number}");
        }
    }

    #[test]
    fn a_cause_is_said_once() {
        let inner = anyhow::anyhow!("disk full");
        let stop = Stop::from(inner.context("cannot write: disk full").context("no backup"));
        assert_eq!(stop.exit, Exit::Failed);
        assert_eq!(stop.lines(), ["no backup", "cannot write: disk full"]);
        let missing = std::fs::read("/nonexistent/x").context("cannot read x").unwrap_err();
        assert_eq!(Stop::from(missing).lines().len(), 2);
    }
}
