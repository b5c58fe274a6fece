//! `handoff observe`: how far the present router and handoff agree.
//!
//! Guarantees: shows what the daemon counted, and nothing of its own.
//! Does not know: how two routers are compared.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{
    exit::{Exit, Outcome, Stop},
    export::Export,
    row::Row,
    screen::{Screen, Tone},
    session::Session,
    when,
};
use crate::model::{observe::Seen, time::Span};

/// Observe mode: what another router did, beside what handoff decided
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  handoff observe report                        the last seven days
  handoff observe report --since 30d --max 50
  handoff observe report --csv differ.csv       every disagreement, for a spreadsheet
  handoff explain --lead LEAD                   why handoff decided one of them so

Observe mode is on while the settings have [observe]: then nothing is written and nobody is told.")]
pub struct Observe {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Say how far they agree, and explain where they do not
    Report(Report),
}

#[derive(Debug, Args)]
struct Report {
    /// From when on: a length of time such as 7d, or an instant
    #[arg(long, value_name = "SPAN|TIME", default_value = "7d")]
    since: String,
    /// At most so many disagreements are shown, the newest first
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(0..=10_000))]
    max: u16,
    /// Disagreements into a CSV file, up to 10000 of them
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
}

impl Observe {
    /// Runs it.
    ///
    /// # Errors
    /// Those of the daemon, or a file that cannot be written.
    pub fn run(self, session: &mut Session) -> Outcome {
        let What::Report(asked) = self.what;
        let since = match Span::parse(&asked.since) {
            Ok(span) => session.now.minus(span),
            Err(_) => when::parse(&asked.since, session.now, session.screen.zone())
                .map_err(Stop::usage)?,
        };
        let max = if asked.csv.is_some() { 10_000 } else { asked.max };
        let query = [("since", since.0.to_string()), ("max", max.to_string())];
        let answer = session.remote()?.get(&["observe"], &query)?;
        if let Some(file) = &asked.csv {
            write(Row(&answer), Export::into(file, &HEADS.join(","))?)?;
        }
        if !session.printed_json(&answer) {
            print(&mut session.screen, Row(&answer), usize::from(asked.max));
        }
        Ok(Exit::Ok)
    }
}

fn count(row: Row<'_>, path: &str) -> u64 {
    row.value(path).and_then(serde_json::Value::as_u64).unwrap_or(0)
}

fn share(part: u64, all: u64) -> String {
    if all == 0 { "–".to_owned() } else { format!("{:.1} %", part as f64 * 100.0 / all as f64) }
}

fn print(screen: &mut Screen, answer: Row<'_>, max: usize) {
    let mode = if answer.is("is_on") {
        format!("Observe mode is on: nothing is written; {} is looked at.", answer.text("crm"))
    } else {
        "Observe mode is off.".to_owned()
    };
    screen.toned(Tone::Dim, &mode);
    let all = count(answer, "observed.compared");
    let (person, pool) =
        (count(answer, "observed.same_person"), count(answer, "observed.same_pool"));
    screen.line(&format!(
        "{} results since {}: of {all} leads that both gave away, {person} to the same person ({}), \
         {pool} to the same person or pool ({}). {} leads are still watched.",
        count(answer, "observed.results"),
        screen.time_or_dash(answer.time("since")),
        share(person, all),
        share(pool, all),
        answer.text("watched"),
    ));
    let mut kinds: Vec<(u64, String)> = answer
        .members("observed.kinds")
        .map(|(word, found)| {
            let says = Seen::of_word(word).map(|seen| seen.says().to_owned());
            (found.0.as_u64().unwrap_or(0), says.unwrap_or_else(|| word.clone()))
        })
        .collect();
    kinds.sort_by(|a, b| b.cmp(a));
    let rows: Vec<Vec<String>> =
        kinds.into_iter().map(|(count, says)| vec![says, count.to_string()]).collect();
    screen.line("");
    screen.table(&["the CRM shows", "leads"], &rows, "No lead has a result yet.");
    let rows: Vec<Vec<String>> = answer
        .members("observed.rules")
        .map(|(rule, of)| {
            let all = count(of, "compared");
            vec![
                rule.clone(),
                all.to_string(),
                share(count(of, "same_person"), all),
                share(count(of, "same_pool"), all),
            ]
        })
        .collect();
    if !rows.is_empty() {
        screen.line("");
        screen.table(&["rule", "leads", "same person", "same pool"], &rows, "");
    }
    for one in answer.rows("observed.disagreements").take(max) {
        let at = screen.time_or_dash(one.time("at"));
        screen.line(&format!("{at}  {}  {}", one.dash("lead"), one.text("says")));
    }
    let shown = answer.rows("observed.disagreements").count();
    if answer.is("observed.is_cut") || shown > max {
        screen.toned(Tone::Dim, "There are more: --max or --csv shows them.");
    }
}

/// The columns of the file.
const HEADS: [&str; 8] = ["at", "lead", "result", "rule", "given_to", "shown", "crm_owner", "says"];

/// Every disagreement on a line.
fn write(answer: Row<'_>, mut file: Export) -> Result<(), Stop> {
    for one in answer.rows("observed.disagreements") {
        let at = one.time("at").map(crate::model::time::Time::rfc3339).unwrap_or_default();
        let cells = HEADS.iter().skip(1).map(|head| one.text(head));
        file.row([at].into_iter().chain(cells));
    }
    file.end()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::screen::tests::Paper;

    #[test]
    fn a_report_is_read_in_sentences_and_tables_and_as_a_sheet() {
        let answer = json!({
            "since": 0, "is_on": true, "crm": "hubspot", "watched": 3,
            "observed": {
                "results": 5, "compared": 4, "same_person": 1, "same_pool": 3, "is_cut": true,
                "kinds": { "agrees": 1, "turn": 2, "elsewhere": 1, "nobody": 1, "new-kind": 0 },
                "rules": { "dach": { "compared": 4, "same_person": 1, "same_pool": 3 } },
                "disagreements": [
                    { "at": 0, "lead": "0197", "result": "turn", "says": "ada has it, \"but\"" },
                    { "at": 0, "lead": "0198", "result": "elsewhere", "crm_owner": "=1+1", "says": "mary" },
                ],
            },
        });
        let paper = Paper::default();
        print(&mut paper.screen(false), Row(&answer), 1);
        let text = paper.text();
        for part in [
            "Observe mode is on: nothing is written; hubspot is looked at.",
            "of 4 leads that both gave away, 1 to the same person (25.0 %), 3 to the same person or \
             pool (75.0 %). 3 leads are still watched.",
            "another member of the same pool",
            "new-kind",
            "ada has it, \"but\"",
            "There are more",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert!(!text.contains("0198"), "at most one: {text}");
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("differ.csv");
        let export = Export::into(&file, &HEADS.join(",")).map_err(|_| ()).unwrap();
        write(Row(&answer), export).map_err(|_| ()).unwrap();
        let sheet = std::fs::read_to_string(file).unwrap();
        let lines: Vec<&str> = sheet.lines().collect();
        assert_eq!(lines[0], "at,lead,result,rule,given_to,shown,crm_owner,says");
        assert_eq!(lines[1], "1970-01-01T00:00:00.000Z,0197,turn,,,,,\"ada has it, \"\"but\"\"\"");
        assert_eq!(lines[2], "1970-01-01T00:00:00.000Z,0198,elsewhere,,,,'=1+1,mary");
        assert_eq!(lines.len(), 3);
        let nothing = json!({ "is_on": false, "observed": {} });
        let paper = Paper::default();
        print(&mut paper.screen(false), Row(&nothing), 20);
        assert!(paper.text().contains("No lead has a result yet."), "{}", paper.text());
    }
}
