//! `handoff bench`: the project's own load generator.
//!
//! Guarantees: load is bounded in count and time and ends by itself; what was acknowledged is
//! looked for afterwards. Does not know: how it is made; `load` does.

mod crm;
mod intake;
mod road;
mod table;

use clap::{Args, Subcommand};

use super::{exit::Outcome, session::Session};

/// Measure a daemon under load, and prove that it lost nothing.
#[derive(Debug, Args)]
pub struct Bench {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    Intake(intake::Intake),
    Table(table::Figures),
    Road(road::Road),
    Crm(crm::StandInCrm),
}

impl Bench {
    /// Runs it.
    ///
    /// # Errors
    /// What could not be measured.
    pub fn run(self, session: &mut Session) -> Outcome {
        match self.what {
            What::Intake(intake) => intake.run(session),
            What::Table(figures) => figures.run(session),
            What::Road(road) => road.run(session),
            What::Crm(crm) => crm.run(session),
        }
    }
}
