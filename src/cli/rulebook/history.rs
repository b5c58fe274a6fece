//! `handoff rulebook list` and `history`.
//!
//! Guarantees: every version that ever was can be reached, page by page.
//! Does not know: how two versions are compared; the daemon does that.

use clap::Args;

use crate::cli::{
    exit::{Exit, Outcome},
    row::Row,
    screen::Tone,
    session::Session,
};

#[derive(Debug, Args)]
pub(super) struct History {
    /// At most so many versions
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=50))]
    max: u16,
    /// Only versions before this one
    #[arg(long, value_name = "VERSION")]
    before: Option<u32>,
}

impl History {
    pub(super) fn run(&self, session: &mut Session) -> Outcome {
        let mut query = vec![("changes", "true".to_owned()), ("max", self.max.to_string())];
        query.extend(self.before.map(|before| ("before", before.to_string())));
        let answer = session.remote()?.get(&["rulebooks"], &query)?;
        if session.printed_json(&answer) {
            return Ok(Exit::Ok);
        }
        for row in Row(&answer).rows("rulebooks") {
            let at = session.screen.time_or_dash(row.time("at"));
            let (version, author) = (row.text("version"), row.text("author"));
            session.screen.line(&format!("{version}  {at}  {author}: {}", row.text("message")));
            for change in row.rows("changes") {
                session.screen.toned_as_it_is(Tone::Dim, &format!("    {}", change.text("says")));
            }
        }
        if let Some(next) = answer.get("next").and_then(serde_json::Value::as_i64) {
            session.screen.toned(Tone::Dim, &format!("There is more: add --before {next}"));
        }
        Ok(Exit::Ok)
    }
}

/// All versions, the newest first.
pub(super) fn list(session: &mut Session) -> Outcome {
    let answer = session.remote()?.get(&["rulebooks"], &[])?;
    if session.printed_json(&answer) {
        return Ok(Exit::Ok);
    }
    let in_force = Row(&answer).text("in_force");
    let rows: Vec<Vec<String>> = Row(&answer)
        .rows("rulebooks")
        .map(|row| {
            let mark = if row.text("version") == in_force { "in force" } else { "" };
            vec![
                row.text("version"),
                session.screen.time_or_dash(row.time("at")),
                row.text("author"),
                mark.to_owned(),
                row.text("message"),
            ]
        })
        .collect();
    session.screen.table(&["version", "published", "by", "", "why"], &rows, "No rulebooks.");
    Ok(Exit::Ok)
}
