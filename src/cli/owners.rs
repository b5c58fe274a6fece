//! `handoff reps import`: the owner ids that a CRM knows, matched to the rulebook's reps by email.
//!
//! Guarantees: changes nothing, here or there: it prints the lines to be put into the rulebook.
//! Does not know: how a CRM lists its owners.

use std::collections::BTreeMap;

use clap::Args;
use serde_json::json;

use super::{
    exit::{Exit, Outcome, Stop},
    offline::{self, Config},
    session::Session,
};
use crate::{
    app::{self, parts},
    crm::Owner,
    rulebook::{Rep, Rulebook},
    store::StoreError,
};

/// Print owner ids of the CRMs for the rulebook's reps, matched by email
#[derive(Debug, Args)]
pub struct Import {
    #[command(flatten)]
    config: Config,
}

/// One rep at one CRM connection.
struct Match<'a> {
    connection: &'a str,
    rep: &'a Rep,
    owner: Option<&'a Owner>,
}

impl Import {
    /// Runs it.
    ///
    /// # Errors
    /// Settings or a rulebook with mistakes, or a CRM that does not answer.
    pub fn run(self, session: &mut Session) -> Outcome {
        let settings = self.config.load()?;
        let files = offline::files(&settings.rulebook)?;
        let setup = app::setup::of_settings(&settings);
        let book = Rulebook::compile(&files, &setup, 0).map_err(|findings| {
            let lines: Vec<String> = findings.iter().map(ToString::to_string).collect();
            Stop::no(lines.join("\n"))
        })?;
        let mut owners: BTreeMap<&str, Vec<Owner>> = BTreeMap::new();
        for (name, part) in &settings.crms {
            let (crm, _) = parts::crm(&part.kind).map_err(Stop::no)?;
            let listed = offline::wait(async {
                crm.owners(session.now).await.map_err(|failure| {
                    StoreError::Refused(format!("{name} does not list its owners: {failure}"))
                })
            })?;
            owners.insert(name, listed);
        }
        let matches: Vec<Match<'_>> = owners
            .iter()
            .flat_map(|(connection, owners)| {
                book.reps.values().map(|rep| Match { connection, rep, owner: of(rep, owners) })
            })
            .collect();
        print(session, &matches);
        Ok(Exit::Ok)
    }
}

/// The active owner with the rep's address.
fn of<'a>(rep: &Rep, owners: &'a [Owner]) -> Option<&'a Owner> {
    owners.iter().find(|owner| owner.is_active && owner.email.eq_ignore_ascii_case(&rep.email))
}

/// What to do about one rep.
fn advice(one: &Match<'_>) -> String {
    let written = one.rep.crm.get(one.connection);
    match (written, one.owner) {
        (Some(written), Some(owner)) if *written == owner.id => "right".to_owned(),
        (_, Some(owner)) => format!("write: crm.{} = \"{}\"", one.connection, owner.id),
        (Some(_), None) => "no active owner there has this email".to_owned(),
        (None, None) => "unknown there".to_owned(),
    }
}

fn print(session: &mut Session, matches: &[Match<'_>]) {
    let answer = json!({ "reps": matches.iter().map(|one| json!({
        "crm": one.connection,
        "rep": one.rep.id,
        "email": one.rep.email,
        "owner": one.owner.map(|owner| &owner.id),
        "written": one.rep.crm.get(one.connection),
    })).collect::<Vec<_>>() });
    if session.printed_json(&answer) {
        return;
    }
    let rows: Vec<Vec<String>> = matches
        .iter()
        .map(|one| {
            vec![one.connection.to_owned(), one.rep.id.clone(), one.rep.email.clone(), advice(one)]
        })
        .collect();
    session.screen.table(
        &["crm", "rep", "email", "in the rulebook"],
        &rows,
        "No CRM is connected.",
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(id: &str, email: &str, is_active: bool) -> Owner {
        Owner { id: id.into(), email: email.into(), name: String::new(), is_active }
    }

    #[test]
    fn an_active_owner_with_the_same_address_is_the_rep() {
        let mut rep = Rep {
            id: "ada".into(),
            name: "Ada".into(),
            email: "Ada@acme.example".into(),
            crm: BTreeMap::new(),
            hours: None,
            manager: None,
            tell_by: Vec::new(),
            backup: None,
            has_left: false,
        };
        let owners = [owner("1", "ada@acme.example", false), owner("2", "ada@acme.example", true)];
        let check =
            |rep: &Rep| advice(&Match { connection: "hubspot", rep, owner: of(rep, &owners) });
        assert_eq!(check(&rep), "write: crm.hubspot = \"2\"");
        rep.crm.insert("hubspot".into(), "2".into());
        assert_eq!(check(&rep), "right");
        rep.email = "ada@other.example".into();
        assert_eq!(check(&rep), "no active owner there has this email");
    }
}
