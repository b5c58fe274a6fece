//! A rule said back in English, so that whoever wrote it sees what was understood.
//!
//! Guarantees: says what is evaluated. Does not know: HTML; a page escapes what it shows.

use super::{Clock, IfUnknown, Rule, Rulebook, Sla, Target, Then};

impl Rule {
    /// The rule as one or two sentences, under the rulebook that it is of.
    pub fn sentence(&self, book: &Rulebook) -> String {
        book.said(self)
    }
}

impl Rulebook {
    fn said(&self, rule: &Rule) -> String {
        let does = match &rule.then {
            Then::SetAside(name) => format!("set it aside as {name}"),
            Then::Assign { to, if_unavailable } => {
                let instead = if_unavailable.as_ref().map_or_else(String::new, |instead| {
                    format!(", or to {} if that person is not available,", self.target(instead))
                });
                let sla = self.slas.get(&rule.sla).map_or_else(String::new, under);
                format!("give it to {}{instead}{sla}", self.target(to))
            }
        };
        let said = if rule.when.holds_always() {
            let mut letters = does.chars();
            let first = letters.next().map(|c| c.to_ascii_uppercase());
            let does: String = first.into_iter().chain(letters).collect();
            format!("{does}.")
        } else {
            format!("If {}, {does}.", rule.when.sentence(&self.schema))
        };
        let waits = match &rule.if_unknown {
            _ if rule.when.holds_always() => String::new(),
            IfUnknown::Skip => String::new(),
            IfUnknown::Hold => " If a fact is missing, hold it for an operator.".to_owned(),
            IfUnknown::Wait { wait, then_hold } => {
                let then =
                    if *then_hold { "hold it for an operator" } else { "go on with the next rule" };
                format!(
                    " If a fact is missing, wait for it until {wait} after arrival, then {then}."
                )
            }
        };
        said + &waits
    }

    fn target(&self, target: &Target) -> String {
        match target {
            Target::Pool(id) => format!("the pool {id}"),
            Target::Rep(id) => self.reps.get(id).map_or_else(|| id.clone(), |rep| rep.name.clone()),
            Target::Fact(slot) => {
                let name = self.schema.name(*slot);
                match name.split_once('.') {
                    Some((group @ ("account" | "person"), "owner")) => {
                        format!("the owner of the {group}")
                    }
                    Some((table, column)) => format!("the {column} in the table {table}"),
                    None => name.to_owned(),
                }
            }
        }
    }
}

fn under(sla: &Sla) -> String {
    let Sla { id, respond_within, clock, .. } = sla;
    let whose = match clock {
        Clock::Always => String::new(),
        Clock::Owner => " of the owner's working time".to_owned(),
        Clock::Hours(hours) => format!(" of the hours {hours}"),
    };
    format!(" under the SLA {id} (answer within {respond_within}{whose})")
}
