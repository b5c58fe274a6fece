//! Hours of the week at which nobody of a pool works.
//!
//! | code | what it says |
//! |---|---|
//! | `pool.empty` | There are hours of the week at which nobody of a pool works. |
//!
//! That a team sleeps is no mistake, so this is a note, which also says when leads wait for less time
//! than nobody is there. It is a warning where an SLA's clock runs meanwhile, and where nobody is
//! there at any hour.
//!
//! Guarantees: the pools that one overflows into count, whoever stands in for a member does not,
//! since a rotation gives them nothing; all weeks of a year are looked at, since clocks do not change everywhere on one day, and
//! holidays are left out. Pools that only others overflow into are looked at with those.
//! Does not know: absences and caps.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{Clock, IfNobody, Rulebook, Sla, Target, Then, calendar::Hours},
    ladders::in_table,
    places::Places,
    team,
};
use crate::model::{
    finding::Finding,
    time::{Span, Time},
};

const WEEK: Span = Span::days(7);
const WEEKS: i64 = 53;
/// So many stretches are named.
const NAMED: usize = 4;

/// From an instant to another.
type Stretch = (Time, Time);

pub fn lint(book: &Rulebook, places: &Places<'_>, now: Time) -> Vec<Finding> {
    let (monday, _) = Hours::always().local_week(now);
    let year = (monday, monday.plus(Span(WEEK.0 * WEEKS)));
    let hours = book.hours.iter().map(|(id, hours)| (id.as_str(), hours.without_holidays()));
    let hours: BTreeMap<&str, Hours> = hours.collect();
    let open = hours.iter().map(|(id, hours)| (*id, hours.intervals(year.0, year.1)));
    let calendar = Calendar { book, open: open.collect(), year, hours };
    let mut found = Vec::new();
    for (pool, slas) in given(book) {
        found.extend(calendar.look(places, pool, &slas));
    }
    found
}

/// The pools that leads are given to by a rule, with the SLAs that they then have.
fn given(book: &Rulebook) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut pools: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for rule in &book.rules {
        let Then::Assign { to, if_unavailable } = &rule.then else { continue };
        for target in [Some(to), if_unavailable.as_ref()].into_iter().flatten() {
            let named = match target {
                Target::Pool(pool) => vec![pool.as_str()],
                Target::Rep(_) => Vec::new(),
                Target::Fact(slot) => in_table(book, *slot),
            };
            for pool in named {
                pools.entry(pool).or_default().insert(&rule.sla);
            }
        }
    }
    pools
}

struct Calendar<'b> {
    book: &'b Rulebook,
    hours: BTreeMap<&'b str, Hours>,
    /// Working time of a year by hours.
    open: BTreeMap<&'b str, Vec<Stretch>>,
    year: Stretch,
}

impl<'b> Calendar<'b> {
    fn look(
        &self,
        places: &Places<'_>,
        pool: &'b str,
        slas: &BTreeSet<&'b str>,
    ) -> Option<Finding> {
        let chain = team::chain(self.book, pool);
        let gaps = self.gaps(&chain)?;
        let longest = gaps.iter().map(|(from, to)| to.since(*from)).max()?;
        let (first, last) = (chain.pools.first()?, chain.pools.last()?);
        let clock = self.clock(&chain)?;
        let when = self.said(clock, &gaps);
        let with = match chain.pools.len() {
            1 => String::new(),
            _ => format!(" and of the pools it overflows into ({})", last.id),
        };
        let message = format!("nobody of the pool {pool:?}{with} works {when}");
        let at = places.at("pool", &first.id, "members");
        if gaps.contains(&self.year) {
            let mend = "give them working time at which the pool takes leads";
            return Some(places.warning(&at, "pool.empty", message, mend));
        }
        let running = slas.iter().filter_map(|sla| self.book.slas.get(*sla));
        if let Some(sla) = running.into_iter().find(|sla| self.runs(sla, &gaps)) {
            let why = format!("{message}, and the clock of the SLA {:?} runs meanwhile", sla.id);
            let mend = "let the pool overflow into one that is there then, or let the clock follow \
                        the owner (clock = \"owner\")";
            return Some(places.warning(&at, "pool.empty", why, mend));
        }
        match &last.if_nobody {
            IfNobody::Wait(bound) if *bound < longest => {
                let why = format!(
                    "{message}; leads that come then may wait {bound} and are given, with an alarm, to \
                     somebody who is not there"
                );
                let mend = "let the pool overflow into one that is there then, or say \"assign \
                            anyway\" if the night is no reason for an alarm";
                Some(places.note(&at, "pool.empty", why, mend))
            }
            _ => {
                let mend = "nothing, if leads may wait so long";
                Some(places.note(&at, "pool.empty", message, mend))
            }
        }
    }

    /// The hours of which everybody in a chain of pools is one: those of the pool, and their own.
    fn ids(&self, chain: &team::Chain<'b>) -> Option<BTreeSet<[Option<&'b str>; 2]>> {
        let mut ids = BTreeSet::new();
        for pool in &chain.pools {
            for (rep, _) in team::members(self.book, pool) {
                let both = [pool.hours.as_deref(), rep.hours.as_deref()];
                // Without hours somebody is always there.
                if both == [None, None] {
                    return None;
                }
                ids.insert(both);
            }
        }
        Some(ids)
    }

    /// When all of these hours are open.
    fn open(&self, ids: &[Option<&'b str>; 2]) -> Vec<Stretch> {
        let mut all = ids.iter().flatten().filter_map(|id| self.open.get(id));
        let first = all.next().cloned().unwrap_or_default();
        all.fold(first, |open, other| meet(&open, other))
    }

    /// When nobody of a chain is there; nothing if somebody always is.
    fn gaps(&self, chain: &team::Chain<'b>) -> Option<Vec<Stretch>> {
        let ids = self.ids(chain)?;
        let mut open: Vec<Stretch> = ids.iter().flat_map(|ids| self.open(ids)).collect();
        open.sort_unstable();
        let (mut from, end) = self.year;
        let mut gaps = Vec::new();
        for (start, stop) in open {
            if from < start {
                gaps.push((from, start));
            }
            from = from.max(stop);
        }
        if from < end {
            gaps.push((from, end));
        }
        // The year is cut somewhere: what is cut is as long as it is elsewhere.
        let inner = |gap: &Stretch| gap.0 > self.year.0 && gap.1 < self.year.1;
        let whole: Vec<Stretch> = gaps.iter().copied().filter(inner).collect();
        let gaps = if whole.is_empty() { gaps } else { whole };
        (!gaps.is_empty()).then_some(gaps)
    }

    /// The hours by whose clock a pool's week is told: those of its first member that has some.
    fn clock(&self, chain: &team::Chain<'b>) -> Option<&Hours> {
        let members = chain.pools.iter().flat_map(|pool| team::members(self.book, pool));
        let own = members.filter_map(|(rep, _)| rep.hours.as_deref());
        let mut ids = own.chain(chain.pools.iter().filter_map(|pool| pool.hours.as_deref()));
        ids.find_map(|id| self.hours.get(id))
    }

    /// Whether an SLA's clock runs while nobody is there.
    fn runs(&self, sla: &Sla, gaps: &[Stretch]) -> bool {
        match &sla.clock {
            Clock::Always => true,
            Clock::Owner => false,
            Clock::Hours(id) => {
                let open = self.open.get(id.as_str()).map_or(&[][..], Vec::as_slice);
                let meets = |gap: &Stretch| {
                    let next = open.partition_point(|(_, to)| *to <= gap.0);
                    open.get(next).is_some_and(|(from, _)| *from < gap.1)
                };
                gaps.iter().any(meets)
            }
        }
    }

    /// The stretches of the week in which they are longest, in words.
    fn said(&self, clock: &Hours, gaps: &[Stretch]) -> String {
        let mut weeks: BTreeMap<i64, Vec<Stretch>> = BTreeMap::new();
        for gap in gaps {
            let week = gap.0.since(self.year.0).0.div_euclid(WEEK.0);
            weeks.entry(week).or_default().push(*gap);
        }
        let length =
            |week: &[Stretch]| week.iter().map(|(from, to)| to.since(*from).0).sum::<i64>();
        // Weeks at the ends of the year may be cut.
        let inner = |(week, _): &(&i64, &Vec<Stretch>)| **week > 0 && **week < WEEKS - 2;
        let worst = weeks.iter().filter(inner).max_by_key(|(at, week)| (length(week), -**at));
        let worst = worst.or_else(|| weeks.iter().next()).map(|(_, week)| week.as_slice());
        let mut alike: Vec<(Vec<u8>, (u16, u8, u16))> = Vec::new();
        for (from, to) in worst.unwrap_or_default() {
            let ((day, start), (last, end)) = (clock.local_minute(*from), clock.local_minute(*to));
            let days = to.since(*from).0 / Span::days(1).0;
            let later = if days > 6 { 7 } else { (last + 7 - day) % 7 };
            let shape = (start, later, end);
            match alike.iter_mut().find(|(_, known)| *known == shape) {
                Some((days, _)) => days.push(day),
                None => alike.push((vec![day], shape)),
            }
        }
        let zone = clock.zone_name().unwrap_or("UTC");
        let said: Vec<String> =
            alike.iter().take(NAMED).map(|(days, shape)| stretch(days, *shape)).collect();
        let more = alike.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(", and {more} more times") } else { String::new() };
        format!("{}{more} ({zone})", said.join(", "))
    }
}

/// What is in both; each is in order.
fn meet(one: &[Stretch], other: &[Stretch]) -> Vec<Stretch> {
    let (mut one, mut other) = (one.iter().peekable(), other.iter().peekable());
    let mut both = Vec::new();
    while let (Some(a), Some(b)) = (one.peek(), other.peek()) {
        let (start, end) = (a.0.max(b.0), a.1.min(b.1));
        if start < end {
            both.push((start, end));
        }
        if a.1 <= b.1 {
            one.next();
        } else {
            other.next();
        }
    }
    both
}

const DAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

fn day(at: u8) -> &'static str {
    DAYS.get(usize::from(at % 7)).copied().unwrap_or_default()
}

/// `Monday to Thursday 17:30 to 08:30 the next day`.
fn stretch(days: &[u8], (start, later, end): (u16, u8, u16)) -> String {
    let clock = |minute: u16| format!("{:02}:{:02}", minute / 60, minute % 60);
    let first = days.first().copied().unwrap_or(0);
    let run = days.windows(2).all(|pair| matches!(pair, [a, b] if a + 1 == *b));
    let names = match days {
        [_, _, .., last] if run => format!("{} to {}", day(first), day(*last)),
        _ => {
            let names: Vec<&str> = days.iter().map(|at| day(*at)).collect();
            super::super::finding::all(&names)
        }
    };
    match (later, end) {
        (7, _) => "at any time of the week".to_owned(),
        (0, _) => format!("{names} {} to {}", clock(start), clock(end)),
        (1, 0) => format!("{names} {} to midnight", clock(start)),
        (1, _) => format!("{names} {} to {} the next day", clock(start), clock(end)),
        _ => format!("{names} {} to {} {}", clock(start), day(first + later), clock(end)),
    }
}
