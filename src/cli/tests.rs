//! How arguments are read: which lines are commands, and which are refused.

use clap::{CommandFactory as _, Parser as _, error::ErrorKind};

use super::{Arguments, exit};

fn check(line: &str) -> Result<(), ErrorKind> {
    let words = std::iter::once("handoff").chain(line.split_whitespace());
    Arguments::try_parse_from(words).map(|_| ()).map_err(|error| error.kind())
}

const LEAD: &str = "0197c1d2-0000-7000-8000-000000000001";

#[test]
fn the_commands_are_well_formed() {
    Arguments::command().debug_assert();
}

#[test]
fn every_command_is_read() {
    for line in [
        "serve",
        "serve --config x.toml",
        "check --rulebook drafts --sentences --store --json",
        "explain lead.json --source website --at 14:05 --account-owner ada --person-owner ada",
        "explain - --source website --rulebook drafts --content-type text/plain",
        &format!("explain --lead {LEAD}"),
        "send --source website",
        "send --source website --body - --times 3 --delivery d --forge --url http://x.example",
        "leads",
        "leads list --state set_aside --owner ada --late --max 500 --before 7",
        &format!("leads show {LEAD}"),
        &format!("leads respond {LEAD} --kind status_change --by ada --at 14:05 --evidence 7"),
        &format!("leads reassign {LEAD} --to grace --why ill"),
        "jobs",
        "jobs list --kind write --dead",
        "jobs retry 1 2",
        "jobs bury 1",
        "events list --fate rejected --source website",
        &format!("events show {LEAD}"),
        &format!("events redo {LEAD} {LEAD}"),
        "events redo --fate dead --source website",
        "observe report",
        "observe report --since 30d --max 5 --csv differ.csv",
        "reps",
        "reps away ada --for 2h --paused",
        "reps away ada --until 2026-08-17",
        "reps back ada",
        "accounts",
        "accounts import a.csv --origin crm --replace --dry-run --skip-wrong --ignore x --ignore y",
        "accounts match --domain linden.example --country DE --max 5",
        "accounts match --name Linden --email eva@linden.example",
        "leads import a.csv --source website --zone Europe/Berlin --column Mail=email --ignore x",
        "leads import a.csv --dry-run --skip-wrong --rulebook drafts",
        "leads imported",
        "leads imported --remove --source website --person eva@linden.example",
        "rulebook backtest drafts --imported --csv out.csv",
        "rulebook publish --message why",
        "rulebook publish drafts -m why --based-on 12",
        "rulebook publish --draft austria",
        "rulebook publish drafts -m why --at 14:05",
        "rulebook scheduled",
        "rulebook unschedule 1f",
        "rulebook rollback 11 -m why",
        "rulebook history --max 5 --before 9",
        "rulebook draft save austria drafts -m why --based-on 3 --revision 2",
        "leads reroute --rep ada --why left",
        "leads reroute --pool emea --to pool:dach --force --yes",
        "leads reroute --rule x --since 09:00 --until 10:00 --state assigned",
        "leads reroute start 1f-2",
        "leads reroute status",
        "leads reroute stop 1f-2",
        "leads reroute list",
        "rulebook draft list",
        "rulebook draft show austria --out copy",
        "rulebook draft delete austria",
        "rulebook shadow start austria",
        "rulebook shadow report",
        "rulebook shadow stop",
        "rulebook list",
        "rulebook show 12 --out old",
        "rulebook diff 11 12",
        "rulebook diff drafts",
        "rulebook check drafts",
        "token create ops --expires 7d",
        "token list --config x.toml",
        "token revoke ops",
        "backup x.db",
        "open",
        "demo --leads 200 --speed 600 --port 8080 --no-board",
        "exit-codes",
        "--json --url http://127.0.0.1:1 leads",
    ] {
        assert_eq!(check(line), Ok(()), "{line}");
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    for (line, kind) in [
        ("", ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand),
        ("leed", ErrorKind::InvalidSubcommand),
        ("explain", ErrorKind::MissingRequiredArgument),
        ("explain lead.json", ErrorKind::MissingRequiredArgument),
        (&format!("explain lead.json --source x --lead {LEAD}"), ErrorKind::ArgumentConflict),
        (&format!("explain --lead {LEAD} --at 14:05"), ErrorKind::ArgumentConflict),
        ("send", ErrorKind::MissingRequiredArgument),
        ("send --source x --times 0", ErrorKind::ValueValidation),
        ("leads show 12", ErrorKind::ValueValidation),
        ("leads list --max 0", ErrorKind::ValueValidation),
        ("leads list --max 501", ErrorKind::ValueValidation),
        ("leads list --state asleep", ErrorKind::InvalidValue),
        ("jobs retry", ErrorKind::MissingRequiredArgument),
        ("jobs list --dead --living", ErrorKind::ArgumentConflict),
        ("events redo", ErrorKind::MissingRequiredArgument),
        ("events redo --source x", ErrorKind::MissingRequiredArgument),
        (&format!("events redo {LEAD} --fate dead"), ErrorKind::ArgumentConflict),
        ("reps away ada --for soon", ErrorKind::ValueValidation),
        ("reps away ada --for 2h --until 14:05", ErrorKind::ArgumentConflict),
        ("rulebook publish drafts", ErrorKind::MissingRequiredArgument),
        ("rulebook publish drafts --draft austria", ErrorKind::ArgumentConflict),
        ("token create ops --expires 366d", ErrorKind::ValueValidation),
        ("backup", ErrorKind::MissingRequiredArgument),
        ("demo --leads 0", ErrorKind::ValueValidation),
        ("demo --speed 0", ErrorKind::ValueValidation),
    ] {
        assert_eq!(check(line), Err(kind), "{line}");
    }
}

#[test]
fn no_argument_takes_a_token() {
    // Arguments can be read by every user of a machine.
    for line in ["--token hnd_x leads", "leads --token hnd_x"] {
        assert_eq!(check(line), Err(ErrorKind::UnknownArgument), "{line}");
    }
}

#[test]
fn every_command_says_what_it_does_and_how_it_ends() {
    let mut command = Arguments::command();
    command.build();
    for each in command.get_subcommands().filter(|each| each.get_name() != "help") {
        let about = each.get_about().map(ToString::to_string).unwrap_or_default();
        assert!(about.len() > 10, "{} has no about", each.get_name());
    }
    let help = command.render_long_help().to_string();
    for part in ["HANDOFF_TOKEN", "exit-codes", "rulebook", "demo"] {
        assert!(help.contains(part), "{part} in:\n{help}");
    }
    let codes = command.find_subcommand_mut("exit-codes").unwrap().render_long_help().to_string();
    assert!(codes.contains(exit::HELP), "{codes}");
}
