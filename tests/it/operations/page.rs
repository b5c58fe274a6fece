//! docs/operations.md: advice for every alert, links that lead somewhere, figures of the README,
//! commands that work.

use std::{
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use handoff::model::alert::Alert;

use super::{anchors, text};
use crate::faults::daemon::{Acknowledged, Daemon, send};

const PAGE: &str = "docs/operations.md";

/// The text under a heading, down to the next one.
fn under<'p>(page: &'p str, heading: &str) -> Option<&'p str> {
    let (_, rest) = page.split_once(&format!("\n{heading}\n"))?;
    Some(rest.split("\n#").next().unwrap_or(rest).trim())
}

#[test]
fn every_alert_has_a_heading_with_advice() {
    let page = text(PAGE);
    let own = page.split("\n## Alerts of handoff\n").nth(1).expect("the part on alerts");
    let own = own.split("\n## ").next().expect("it ends");
    for alert in Alert::all() {
        let advice = under(own, &format!("### {}", alert.name())).unwrap_or_default();
        assert!(advice.len() > 40, "{} has no advice", alert.name());
    }
    let headings = own.lines().filter_map(|line| line.strip_prefix("### "));
    for heading in headings {
        assert!(Alert::all().any(|alert| alert.name() == heading), "{heading} is no alert");
    }
    let readme = text("README.md");
    assert!(readme.contains("docs/operations.md"), "the README leads here");
}

#[test]
fn every_link_leads_to_a_heading_and_no_two_headings_are_the_same() {
    let page = text(PAGE);
    let (anchors, headings) = (anchors(&page), page.lines().filter(|line| line.starts_with("##")));
    for link in page.split("](#").skip(1) {
        let anchor = link.split(')').next().expect("it ends");
        assert!(anchors.contains(anchor), "there is no #{anchor}");
    }
    let mut alike: Vec<&str> = headings.filter(|line| line.starts_with("### H")).collect();
    let count = alike.len();
    alike.sort_unstable();
    alike.dedup();
    assert_eq!(alike.len(), count);
}

/// The numbers of a text, as they are written.
fn numbers(text: &str) -> impl Iterator<Item = &str> {
    let is_part = |c: char| c.is_ascii_digit() || c == '.' || c == ',';
    text.split(move |c| !is_part(c))
        .map(|word| word.trim_matches(['.', ',']))
        .filter(|word| word.starts_with(|c: char| c.is_ascii_digit()))
}

#[test]
fn the_figures_are_those_of_the_readme() {
    let page = text(PAGE);
    let readme = text("README.md");
    let known: Vec<&str> = numbers(&readme).collect();
    let sizing = under(&page, "## Sizing").expect("it is there");
    let cells = sizing.lines().filter(|line| line.starts_with("| ") && !line.contains("---"));
    let mut count = 0;
    for cell in cells.filter_map(|line| line.trim_end_matches(" |").rsplit(" | ").next()) {
        for number in numbers(cell).filter(|number| !["50", "99"].contains(number)) {
            assert!(known.contains(&number), "{number} is not in the README: {cell}");
            count += 1;
        }
    }
    assert!(count > 5, "{count} figures");
}

/// The fenced blocks that are to be run: while the daemon runs, or while it is stopped.
fn runnable(page: &str) -> Vec<(bool, &str)> {
    let marked = page.split("<!-- run: ").skip(1);
    marked
        .map(|rest| {
            let (when, rest) = rest.split_once(" -->\n```sh\n").expect("a block follows the mark");
            let block = rest.split("```").next().expect("it ends");
            assert!(["running", "stopped"].contains(&when), "{when}");
            (when == "running", block)
        })
        .collect()
}

/// Runs a block where the store is, with `handoff` as a command.
fn run(daemon: &Daemon, block: &str) -> String {
    let binary = Path::new(env!("CARGO_BIN_EXE_handoff")).parent().expect("a folder");
    let path = std::env::var("PATH").unwrap_or_default();
    let ours = daemon.command();
    let variables = ours.get_envs().filter_map(|(name, value)| Some((name, value?)));
    let output = Command::new("sh")
        .args(["-e", "-c", block])
        .envs(variables)
        .env("PATH", format!("{}:{path}", binary.display()))
        .current_dir(daemon.folder.path())
        .stdin(Stdio::null())
        .output()
        .expect("a shell");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(output.status.success(), "{block}\n{said}\n{}", daemon.log());
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn the_commands_of_the_page_work_and_a_restored_backup_holds_what_was_acknowledged() {
    let page = text(PAGE);
    let mut daemon = Daemon::new();
    let token = run(&daemon, "handoff token create ops --config handoff.toml");
    daemon
        .environment
        .push(("HANDOFF_TOKEN".to_owned(), token.lines().next().expect("a token").to_owned()));
    daemon.start().await;
    let acknowledged = std::sync::Arc::new(Acknowledged::default());
    send(daemon.port, &acknowledged, 4, Duration::from_millis(300)).await;
    let (mut is_running, mut said) = (true, String::new());
    let blocks = runnable(&page);
    for (wants_running, block) in &blocks {
        match (is_running, wants_running) {
            (false, true) => daemon.start().await,
            (true, false) => assert!(daemon.stop().1, "{}", daemon.log()),
            _ => {}
        }
        is_running = *wants_running;
        said.push_str(&run(&daemon, block));
    }
    if is_running {
        assert!(daemon.stop().1, "{}", daemon.log());
    }
    assert!(blocks.len() >= 4 && said.contains("The books balance"), "{said}");
    assert!(said.contains("\"balances\":true") || said.contains("\"balances\": true"), "{said}");
    assert!(daemon.folder.path().join("damaged/handoff.db").exists(), "it was kept aside");
    assert!(!acknowledged.events.lock().await.is_empty(), "something was acknowledged");
    assert_eq!(acknowledged.lost_in(&daemon.store()).await, 0);
}
