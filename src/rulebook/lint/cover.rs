//! Whether rules leave anything to the one below them.
//!
//! Of the leads that a rule is for one is made up and shown to the rules above. If none takes it,
//! the rule is reached. If one does, all leads that it takes for the same reason are taken away,
//! and another one is made up of what is left. When nothing is left, the rule is shadowed, and by
//! which rules is known. So a rule costs about as much as deciding a lead, however many there are.
//!
//! Guarantees: a rule is said to be shadowed only when nothing was left of it; rules above that
//! hold leads of which a fact is missing for an operator take those, rules that wait and then skip
//! do not. The work is bounded: whoever is not done in time is left out.
//! Does not know: whether the leads that it makes up will ever come.

use std::{cell::Cell, collections::BTreeSet};

use super::super::{
    IfUnknown, Rule,
    condition::{Facts, Region, Tri},
};
use super::{ground::Ground, target::Takes};

/// Regions of one condition.
pub const REGIONS_MAX: usize = 64;
/// Leads made up for one rule.
const LOOKS_MAX: usize = 128;
/// Those made up for all rules beyond the first few of each.
const LOOKS_MORE: usize = 20_000;
const LOOKS_FREE: usize = 4;
/// Regions that are left of one rule.
const LEFT_MAX: usize = 256;
/// Of the rules that take a lead so many are asked whether they take all that is left.
const TAKERS_ASKED: usize = 6;
/// Comparisons of regions for which no lead can be made up.
const COMPARED_MAX: usize = 40_000_000;

/// What became of a rule.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Some lead gets there, as far as regions can tell.
    Reached,
    /// It never holds, or names nobody wherever it does.
    Never,
    /// These rules take all of it.
    Shadowed(BTreeSet<usize>),
    /// It is too much, or cannot be told.
    Unsaid,
}

/// Rules above the one that is looked at.
pub struct Cover<'g, 'b> {
    ground: &'g Ground<'b>,
    takes: Vec<Takes>,
    /// Where a rule takes leads, for regions of which no lead can be made up.
    known: Vec<(usize, u128, Region<'b>)>,
    looks: Cell<usize>,
    compared: Cell<usize>,
    /// A lead of whom nothing is known but what always is.
    nothing: Facts,
}

impl<'g, 'b> Cover<'g, 'b> {
    pub fn new(ground: &'g Ground<'b>) -> Self {
        let takes = ground.book.rules.iter().map(|rule| Takes::of(ground.book, &rule.then));
        Self {
            takes: takes.collect(),
            ground,
            known: Vec::new(),
            looks: Cell::new(0),
            compared: Cell::new(0),
            nothing: nobody(ground),
        }
    }

    /// Looks at the rule at this place; all above it have been looked at before.
    pub fn verdict(&mut self, at: usize) -> Verdict {
        let book = self.ground.book;
        let Some(rule) = book.rules.get(at) else { return Verdict::Unsaid };
        let Some(regions) = rule.when.holding(REGIONS_MAX) else { return Verdict::Unsaid };
        let at_most = Takes::at_most(&rule.then);
        let regions = regions.into_iter().filter_map(|region| region.and(&at_most));
        let regions = regions.filter_map(|region| self.ground.close(region));
        let regions: Vec<Region<'b>> =
            regions.filter(|region| self.ground.without_row(region).is_none()).collect();
        if regions.is_empty() {
            return Verdict::Never;
        }
        let verdict = self.left(regions.clone(), |facts, left| self.taker(facts, left, 0..at), at);
        match self.takes.get(at) {
            Some(Takes::Always) => self.note(at, &regions, None),
            Some(Takes::Fact(_, named)) => self.note(at, &regions, Some(&named.clone())),
            _ => {}
        }
        verdict
    }

    /// Whether the rule at this place takes every lead.
    pub fn takes_all(&self, at: usize) -> bool {
        let book = self.ground.book;
        // Few rules hold for a lead of whom nothing is known.
        if book.rules.get(at).is_none_or(|rule| rule.when.eval(&self.nothing) != Tri::True) {
            return false;
        }
        let all = self.ground.close(Region::all()).into_iter().collect();
        let taker = |facts: &Facts, left: &Region<'b>| self.taker(facts, left, at..at + 1);
        matches!(self.left(all, taker, at), Verdict::Shadowed(_))
    }

    /// Takes away what is taken until nothing is left, or something stays.
    fn left(
        &self,
        mut left: Vec<Region<'b>>,
        taker: impl Fn(&Facts, &Region<'b>) -> Option<(usize, Region<'b>)>,
        below: usize,
    ) -> Verdict {
        let mut by = BTreeSet::new();
        let mut looks = 0;
        while let Some(region) = left.pop() {
            looks += 1;
            if looks > LOOKS_FREE {
                self.looks.set(self.looks.get() + 1);
            }
            if looks > LOOKS_MAX || left.len() > LEFT_MAX || self.looks.get() > LOOKS_MORE {
                return Verdict::Unsaid;
            }
            let Some(facts) = region.sample(&self.ground.book.schema) else {
                match self.container(&region, below) {
                    Some(rule) => by.insert(rule),
                    None => return Verdict::Unsaid,
                };
                continue;
            };
            let Some((rule, its)) = taker(&facts, &region) else { return Verdict::Reached };
            by.insert(rule);
            let rest = region.minus(&its).into_iter();
            left.extend(rest.filter_map(|region| self.ground.close(region)));
        }
        Verdict::Shadowed(by)
    }

    /// Which of these rules takes the lead, and a region around it that the rule takes as well: of
    /// the first few that take it one that takes all that is left, if there is one.
    fn taker(
        &self,
        facts: &Facts,
        left: &Region<'b>,
        among: std::ops::Range<usize>,
    ) -> Option<(usize, Region<'b>)> {
        let candidates = self.ground.book.candidates(facts);
        let candidates = candidates.take_while(|(at, _)| *at < among.end);
        let candidates = candidates.skip_while(|(at, _)| *at < among.start);
        let mut taken =
            candidates.filter_map(|(at, rule)| Some((at, self.taken(at, rule, facts)?)));
        let first = taken.next()?;
        if left.is_within(&first.1) {
            return Some(first);
        }
        let all = taken.take(TAKERS_ASKED).find(|(_, region)| left.is_within(region));
        Some(all.unwrap_or(first))
    }

    /// The region around `facts` that a rule takes, if it takes them.
    fn taken(&self, at: usize, rule: &'b Rule, facts: &Facts) -> Option<Region<'b>> {
        let (outcome, region) = rule.when.around(facts);
        match outcome {
            Tri::False => None,
            Tri::True => region.and(&self.takes.get(at)?.around(facts)?),
            Tri::Unknown => holds_unknown(rule).then_some(region),
        }
    }

    /// Keeps where a rule takes leads.
    fn note(&mut self, at: usize, regions: &[Region<'b>], named: Option<&Region<'static>>) {
        for region in regions {
            let region = match named {
                Some(named) => region.and(named),
                None => Some(region.clone()),
            };
            self.known.extend(region.map(|region| (at, region.marks(), region)));
        }
    }

    /// A rule that takes all of a region of which no lead can be made up.
    fn container(&self, region: &Region<'b>, below: usize) -> Option<usize> {
        if self.compared.get() > COMPARED_MAX {
            return None;
        }
        self.compared.set(self.compared.get() + self.known.len());
        let marks = region.marks();
        let fits = |(at, asked, all): &&(usize, u128, Region<'b>)| {
            *at < below && asked & !marks == 0 && region.is_within(all)
        };
        self.known.iter().find(fits).map(|(at, ..)| *at)
    }
}

fn nobody(ground: &Ground<'_>) -> Facts {
    let schema = &ground.book.schema;
    let known = ground.close(Region::all()).and_then(|region| region.sample(schema));
    known.unwrap_or_else(|| Facts::new(schema))
}

/// A lead of which a fact is missing goes no further than this rule.
fn holds_unknown(rule: &Rule) -> bool {
    matches!(rule.if_unknown, IfUnknown::Hold | IfUnknown::Wait { then_hold: true, .. })
}
