//! `handoff reps`: who is there, who is away.
//!
//! Guarantees: an absence is an event with a name behind it, never a new rulebook.
//! Does not know: hours and caps; the rulebook has them.

use clap::{Args, Subcommand};
use serde_json::{Map, Value};

use super::{
    exit::{Exit, Outcome, Stop},
    row::Row,
    session::Session,
    when,
};
use crate::model::time::Span;

/// The reps: their standing, their turns, and their absences of the day.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  handoff reps                         everybody's standing
  handoff reps away ada                out until the end of her own day
  handoff reps away ada --for 2h
  handoff reps away ada --until \"2026-08-17 09:00\"
  handoff reps away ada --paused       at work, but no new leads
  handoff reps back ada")]
pub struct Reps {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List reps (this is also what no word does)
    List,
    /// Somebody is away: no new leads
    Away(Away),
    /// Somebody is back: every absence of the day ends
    Back {
        /// The rep's id
        rep: String,
    },
}

#[derive(Debug, Args)]
struct Away {
    /// The rep's id
    rep: String,
    /// For so long: 30m, 2h, 7d
    #[arg(long = "for", value_name = "SPAN", value_parser = Span::parse, conflicts_with = "until")]
    span: Option<Span>,
    /// Until then; a day alone means its first minute
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// At work, but takes no new leads
    #[arg(long)]
    paused: bool,
}

impl Reps {
    /// Runs it.
    ///
    /// # Errors
    /// Those of the daemon.
    pub fn run(self, session: &mut Session) -> Outcome {
        match self.what {
            None | Some(What::List) => list(session),
            Some(What::Away(args)) => away(session, &args),
            Some(What::Back { rep }) => {
                let nothing = Value::Object(Map::new());
                let answer = session.remote()?.post(&["reps", &rep, "back"], &nothing)?;
                session.done(&answer, &format!("{rep} is back."));
                Ok(Exit::Ok)
            }
        }
    }
}

fn list(session: &mut Session) -> Outcome {
    let answer = session.remote()?.get(&["reps"], &[])?;
    if session.printed_json(&answer) {
        return Ok(Exit::Ok);
    }
    let rows: Vec<Vec<String>> = Row(&answer)
        .rows("reps")
        .map(|rep| {
            let turns: Vec<String> = rep
                .members("turns")
                .map(|(pool, turn)| format!("{pool} {}", turn.text("received")))
                .collect();
            vec![
                rep.text("rep"),
                rep.text("name"),
                standing(session, rep),
                rep.text("open_leads"),
                if turns.is_empty() { "–".to_owned() } else { turns.join(", ") },
            ]
        })
        .collect();
    session.screen.table(&["rep", "name", "standing", "open", "received"], &rows, "No reps.");
    Ok(Exit::Ok)
}

fn standing(session: &Session, rep: Row<'_>) -> String {
    if rep.is("has_left") {
        return "has left".to_owned();
    }
    if let Some(away) = rep.rows("away").next() {
        return match away.time("until") {
            Some(until) => format!("{} until {}", away.text("absence"), session.screen.time(until)),
            None => away.text("absence"),
        };
    }
    if rep.is("is_open") { "free".to_owned() } else { "off hours".to_owned() }
}

fn away(session: &mut Session, args: &Away) -> Outcome {
    let mut body = Map::new();
    if args.paused {
        body.insert("absence".to_owned(), "paused".into());
    }
    if let Some(span) = args.span {
        body.insert("for".to_owned(), span.to_string().into());
    }
    if let Some(text) = &args.until {
        let until = when::parse(text, session.now, session.screen.zone()).map_err(Stop::usage)?;
        if until <= session.now {
            let at = session.screen.time(until);
            return Err(Stop::usage(format!("--until {at} is over already")));
        }
        body.insert("until".to_owned(), until.0.into());
    }
    let answer = session.remote()?.post(&["reps", &args.rep, "away"], &Value::Object(body))?;
    let what = if args.paused { "is paused" } else { "is out" };
    session.done(&answer, &format!("{} {what}.", args.rep));
    Ok(Exit::Ok)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{cli::screen::tests::Paper, model::time::Time};

    #[test]
    fn a_standing_is_the_first_that_holds() {
        let session = Session::at(Paper::default().screen(false), Time(0), "");
        for (rep, expected) in [
            (json!({ "has_left": true, "is_open": true }), "has left"),
            (json!({ "away": [{ "absence": "out", "until": 0 }] }), "out until 1970-01-01 00:00"),
            (json!({ "away": [{ "absence": "paused" }] }), "paused"),
            (json!({ "away": [], "is_open": true }), "free"),
            (json!({ "is_open": false }), "off hours"),
        ] {
            assert_eq!(standing(&session, Row(&rep)), expected);
        }
    }

    #[test]
    fn an_absence_that_is_over_is_refused_before_anything_is_sent() {
        let mut session = Session::at(Paper::default().screen(false), Time(1_000), "");
        let args =
            Away { rep: "ada".into(), span: None, until: Some("1970-01-01".into()), paused: false };
        let stop = away(&mut session, &args).unwrap_err();
        assert_eq!(stop.exit, Exit::Usage);
    }
}
