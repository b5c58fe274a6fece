//! Group `accounts`: matching leads to a million accounts.
//!
//! Guarantees: names have own words of which some stand in thousands of accounts and most in few,
//! one or two words of their trade, and legal forms; half of the leads write them another way.
//! Does not know: the store.

use std::hint::black_box;

use handoff::{
    decide::matching::{Asked, Builder, Mirror, find},
    model::account::{Account, By, Matching},
};

use super::{
    figure::{Work, rounds, start, us},
    table::Table,
};

const ACCOUNTS: u64 = 1_000_000;
const LEADS: u64 = 2_000;
const ROUNDS: usize = 5;

const SYLLABLES: [&str; 40] = [
    "ar", "bel", "cor", "dan", "el", "far", "gan", "hol", "in", "jor", "kan", "lin", "mar", "nor",
    "ol", "per", "quin", "ros", "sal", "tor", "ul", "ver", "wen", "xan", "yor", "zel", "bra",
    "cla", "dre", "fio", "gri", "hau", "kro", "lun", "mil", "pra", "ste", "tri", "vos", "wil",
];
const TRADES: [&str; 16] = [
    "Software",
    "Logistics",
    "Foods",
    "Systems",
    "Consulting",
    "Energy",
    "Pharma",
    "Media",
    "Engineering",
    "Bank",
    "Motors",
    "Design",
    "Trading",
    "Health",
    "Security",
    "Solutions",
];
const FORMS: [&str; 8] = ["GmbH", "Inc.", "Ltd", "S.A.", "B.V.", "LLC", "AG", "Group"];

/// The same number for the same `n`.
fn dice(n: u64) -> u64 {
    let mixed = (n ^ (n >> 30)).wrapping_add(0x9e37_79b9).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    (mixed ^ (mixed >> 29)).wrapping_mul(0x94d0_49bb_1331_11eb) >> 16
}

/// A word that stands in many names when the dice are low, and in few when they are high.
fn word(n: u64) -> String {
    let rank = (dice(n) % 1_000_000) as f64 / 1_000_000.0;
    let mut rest = (rank.powi(3) * 2_000_000.0) as usize;
    let mut word = String::new();
    for _ in 0..4 {
        word.push_str(SYLLABLES[rest % SYLLABLES.len()]);
        rest /= SYLLABLES.len();
        if rest == 0 {
            break;
        }
    }
    word
}

fn name(n: u64) -> String {
    let trade = TRADES[(dice(n * 7 + 1) % 16) as usize];
    let form = FORMS[(dice(n * 7 + 2) % 8) as usize];
    match dice(n * 7 + 3) % 3 {
        0 => format!("{} {form}", word(n * 7 + 4)),
        1 => format!("{} {trade} {form}", word(n * 7 + 4)),
        _ => format!("{} {} {trade} {form}", word(n * 7 + 4), word(n * 7 + 5)),
    }
}

fn account(n: u64) -> Account {
    Account {
        id: format!("001{n:012}"),
        name: name(n),
        domains: vec![format!("{}{n}.example", word(n * 7 + 4))],
        country: Some(["DE", "US", "FR", "GB"][(n % 4) as usize].to_owned()),
        owner: Some(format!("0055g0000{:06}", dice(n) % 500)),
        tier: Some(["A", "B", "C"][(n % 3) as usize].to_owned()),
        ..Account::default()
    }
}

/// As somebody else would write it: two letters changed places, the form and the trade left as they
/// are.
fn written(n: u64, name: &str) -> String {
    if n.is_multiple_of(2) {
        return name.to_uppercase();
    }
    let mut letters: Vec<char> = name.chars().collect();
    letters.swap(2, 3);
    letters.into_iter().collect()
}

fn resident_mebibytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|text| text.parse::<u64>().ok()).unwrap_or(0) / 1_024
}

/// Prints the group.
pub fn run(table: &mut Table) {
    let before = resident_mebibytes();
    let began = start();
    let mut builder = Builder::default();
    for n in 0..ACCOUNTS {
        builder.add("csv", &account(n));
    }
    let mirror = builder.finish(1);
    let built = began.elapsed().as_secs_f64();
    let rules = Matching::default();
    table.begin(
        "accounts: which of 1,000,000 accounts a lead belongs to",
        &["by", "each", "median", "slowest", "found"],
    );
    let leads: Vec<u64> = (0..LEADS).map(|n| dice(n) % ACCOUNTS).collect();
    let domains: Vec<String> = leads.iter().map(|n| account(*n).domains.remove(0)).collect();
    let same: Vec<String> = leads.iter().map(|n| name(*n)).collect();
    let others: Vec<String> = leads.iter().map(|n| written(*n, &name(*n))).collect();
    let unknown: Vec<String> = (0..LEADS).map(|n| format!("{}x {}", word(n), TRADES[3])).collect();
    let common: Vec<String> =
        (0..LEADS).map(|n| format!("{} {}", TRADES[(n % 16) as usize], FORMS[7])).collect();
    let by_domain =
        |text: &'static str, all: &[String]| row(table_row(&mirror, &rules, all, true), text);
    let by_name =
        |text: &'static str, all: &[String]| row(table_row(&mirror, &rules, all, false), text);
    let rows = [
        by_domain("domain", &domains),
        by_name("the same name", &same),
        by_name("a name written another way", &others),
        by_name("a name that nobody has", &unknown),
        by_name("a name of common words alone", &common),
    ];
    for cells in rows {
        table.row(cells);
    }
    table.note(format!(
        "{} accounts made in {built:.1} s; {} MiB by their own count, {} MiB more are resident.",
        mirror.len(),
        mirror.bytes() >> 20,
        resident_mebibytes().saturating_sub(before),
    ));
    table.note(format!("The fastest of {ROUNDS} rounds of {LEADS} leads."));
}

/// Nanoseconds of the best round, of the median round, of the slowest lead; and how many are found.
fn table_row(mirror: &Mirror, rules: &Matching, all: &[String], is_domain: bool) -> [f64; 4] {
    let asked = |text: &'_ String| -> usize {
        let asked = if is_domain {
            Asked { domain: Some(text), ..Asked::default() }
        } else {
            Asked { name: Some(text), ..Asked::default() }
        };
        let found = find(mirror, rules, asked, 3).expect("there are accounts");
        usize::from(found.by != By::None)
    };
    let found: usize = all.iter().map(asked).sum();
    let works: Vec<Work<'_>> = vec![Box::new(|| {
        black_box(all.iter().map(asked).sum::<usize>());
        all.len()
    })];
    let figures = rounds(ROUNDS, works);
    // Each lead twice, so that a pause of the machine is not taken for a slow lead.
    let slowest = all.iter().map(|text| {
        let once = || {
            let began = start();
            black_box(asked(text));
            began.elapsed().as_nanos() as f64
        };
        once().min(once())
    });
    let slowest = slowest.fold(0.0, f64::max);
    [figures[0].best(), figures[0].median(), slowest, found as f64]
}

fn row([best, median, slowest, found]: [f64; 4], what: &str) -> [String; 5] {
    let share = found * 100.0 / LEADS as f64;
    [what.to_owned(), us(best), us(median), us(slowest), format!("{share:.0} %")]
}
