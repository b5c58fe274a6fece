//! `handoff reps`: who is there, who is away, what somebody got.
//!
//! Guarantees: an absence is an event with a name behind it, never a new rulebook.
//! Does not know: hours and caps; the rulebook has them.

use clap::{Args, Subcommand};
use serde_json::{Map, Value};

use super::{
    exit::{Exit, Outcome, Stop},
    owners::Import,
    row::Row,
    session::Session,
    when,
};
use crate::model::time::{Span, Time};

/// The reps: their standing, their turns, and their absences of the day.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  handoff reps                         everybody's standing
  handoff reps away ada                out until the end of her own day
  handoff reps away ada --for 2h
  handoff reps away ada --until \"2026-08-17 09:00\"
  handoff reps away ada --paused       at work, but no new leads
  handoff reps away ada --from \"2026-08-17 13:00\" --until \"2026-08-17 15:00\"
  handoff reps back ada
  handoff reps statement ada --since 90d
  handoff reps import                  owner ids of the CRMs, matched by email")]
pub struct Reps {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List reps (this is also what no word does)
    List,
    Import(Import),
    /// Somebody is away: no new leads
    Away(Away),
    /// Somebody is back: every absence of the day ends
    Back {
        /// The rep's id
        rep: String,
    },
    /// What somebody was entitled to, got and gave back, and how long answers took
    Statement(Statement),
}

#[derive(Debug, Args)]
struct Statement {
    /// The rep's id
    rep: String,
    /// From when on: 90d, or a time
    #[arg(long, default_value = "30d", value_name = "SPAN|TIME")]
    since: String,
    /// Until when; now if left out
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
}

#[derive(Debug, Args)]
struct Away {
    /// The rep's id
    rep: String,
    /// From then on; now if left out
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
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
            Some(What::Import(import)) => import.run(session),
            Some(What::Away(args)) => away(session, &args),
            Some(What::Statement(args)) => statement(session, &args),
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
                .map(|(pool, turn)| format!("{pool} {}", shown(turn)))
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
    let headings = ["rep", "name", "standing", "open", "received (of a share of)"];
    session.screen.table(&headings, &rows, "No reps.");
    Ok(Exit::Ok)
}

/// A turn: received, of which share, owed, and past whom it went.
fn shown(turn: Row<'_>) -> String {
    let mut text = format!("{} ({})", turn.text("received"), number(turn, "entitled"));
    if turn.value("owed").and_then(Value::as_f64).is_some_and(|owed| owed > 0.0) {
        text = format!("{text}, {} owed", number(turn, "owed"));
    }
    let skipped = skipped(turn, "skipped");
    if !skipped.is_empty() {
        text = format!("{text}, skipped: {skipped}");
    }
    text
}

/// A share with one digit.
fn number(row: Row<'_>, path: &str) -> String {
    format!("{:.1}", row.value(path).and_then(Value::as_f64).unwrap_or(0.0))
}

/// Turns that went past somebody, by the reason.
fn skipped(row: Row<'_>, path: &str) -> String {
    const REASONS: [(&str, &str); 4] = [
        ("away", "away"),
        ("off_hours", "off hours"),
        ("at_cap", "at the cap"),
        ("had_it", "had it before"),
    ];
    let counts = REASONS.iter().filter_map(|(key, words)| {
        let count = row.value(&format!("{path}.{key}")).and_then(Value::as_u64)?;
        (count > 0).then(|| format!("{words} {count}"))
    });
    counts.collect::<Vec<_>>().join(", ")
}

fn statement(session: &mut Session, args: &Statement) -> Outcome {
    let parse = |text: &str, session: &Session| {
        when::parse(text, session.now, session.screen.zone()).map_err(Stop::usage)
    };
    let since = match Span::parse(&args.since) {
        Ok(span) => session.now.minus(span),
        Err(_) => parse(&args.since, session)?,
    };
    let mut query = vec![("since", since.0.to_string())];
    if let Some(until) = &args.until {
        query.push(("until", parse(until, session)?.0.to_string()));
    }
    let answer = session.remote()?.get(&["reps", &args.rep, "statement"], &query)?;
    if session.printed_json(&answer) {
        return Ok(Exit::Ok);
    }
    for line in lines(session, Row(&answer)) {
        session.screen.line(&line);
    }
    let rows: Vec<Vec<String>> = Row(&answer)
        .members("statement.pools")
        .map(|(pool, row)| {
            let now = Row(&answer).value("turns_now").and_then(|turns| turns.get(pool)).map(Row);
            vec![
                pool.clone(),
                number(row, "entitled"),
                row.text("got"),
                row.text("sticky"),
                row.text("given_back"),
                now.map_or_else(|| "–".to_owned(), |turn| number(turn, "owed")),
                skipped(row, "skipped"),
            ]
        })
        .collect();
    let headings =
        ["pool", "entitled", "got", "of known ones", "given back", "owed now", "skipped"];
    session.screen.table(&headings, &rows, "No pool gave a turn while this rep was in it.");
    Ok(Exit::Ok)
}

/// The statement in sentences.
fn lines(session: &Session, answer: Row<'_>) -> Vec<String> {
    let time = |path: &str| session.screen.time_or_dash(answer.time(path));
    let mut lines = vec![format!(
        "{} got {} leads from {} until {}, {} of them by name.",
        answer.dash("rep"),
        answer.text("statement.got"),
        time("since"),
        time("until"),
        answer.text("statement.by_name")
    )];
    let back: Vec<String> = answer
        .members("statement.given_back")
        .map(|(why, count)| format!("{why} {}", count.0))
        .collect();
    if !back.is_empty() {
        lines.push(format!("Went to somebody else again: {}.", back.join(", ")));
    }
    let span = |path: &str| {
        let took = answer.value(path).and_then(Value::as_i64);
        took.map_or_else(|| "–".to_owned(), |took| Span(took / 1000 * 1000).to_string())
    };
    let waiting = answer.text("statement.unanswered");
    lines.push(match answer.text("statement.answers.count").as_str() {
        "0" => format!("Answered none of them; {waiting} wait for an answer."),
        count => format!(
            "Answered {count}: half of them within {}, nine of ten within {}, all within {}; \
             {waiting} wait for an answer.",
            span("statement.answers.median"),
            span("statement.answers.nine_of_ten"),
            span("statement.answers.longest"),
        ),
    });
    if answer.value("statement.watched").and_then(Value::as_u64).is_some_and(|count| count > 0) {
        let watched = answer.text("statement.watched");
        lines.push(format!("Only watched, in observe mode: {watched}; no answer was owed."));
    }
    lines
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
    let (mut begin, mut end) = (None, args.span.map(|span| session.now.plus(span)));
    if args.paused {
        body.insert("absence".to_owned(), "paused".into());
    }
    if let Some(span) = args.span {
        body.insert("for".to_owned(), span.to_string().into());
    }
    if let Some(text) = &args.from {
        let from = when::parse(text, session.now, session.screen.zone()).map_err(Stop::usage)?;
        body.insert("from".to_owned(), from.0.into());
        begin = Some(from);
        end = args.span.map(|span| from.plus(span));
    }
    if let Some(text) = &args.until {
        let until = when::parse(text, session.now, session.screen.zone()).map_err(Stop::usage)?;
        if until <= session.now {
            let at = session.screen.time(until);
            return Err(Stop::usage(format!("--until {at} is over already")));
        }
        body.insert("until".to_owned(), until.0.into());
        end = Some(until);
    }
    let answer = session.remote()?.post(&["reps", &args.rep, "away"], &Value::Object(body))?;
    let what = if args.paused { "is paused" } else { "is out" };
    let time = |at: Time| session.screen.time(at);
    let from = begin.map_or_else(String::new, |from| format!(" from {}", time(from)));
    let until = match (begin, end) {
        (_, Some(end)) => format!(" until {}", time(end)),
        (None, None) => " until their day ends".to_owned(),
        (Some(_), None) => String::new(),
    };
    let sentence = format!("{} {what}{from}{until}.", args.rep);
    session.done(&answer, &sentence);
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
        let args = Away {
            rep: "ada".into(),
            from: None,
            span: None,
            until: Some("1970-01-01".into()),
            paused: false,
        };
        let stop = away(&mut session, &args).unwrap_err();
        assert_eq!(stop.exit, Exit::Usage);
    }
}
