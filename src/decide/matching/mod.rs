//! Matching: which account of the mirror a lead belongs to, by domain or by name.
//!
//! Reading order: `words` (a name's words), `alike` (two names), `mirror` and `build` (accounts in
//! memory), `near` (names that are near), `ties` (which of several), `company` (what a person asks).
//!
//! Guarantees: pure; nothing is ever merged or changed; what is found is recorded with the lead,
//! so that a decision is made again without the mirror. A free-mail domain matches nothing.
//! Does not know: the store, CRMs; what a CRM answers goes before this (see `rulebook::facts`).

mod alike;
mod build;
mod company;
#[cfg(test)]
mod labelled_tests;
mod mirror;
mod near;
mod slip;
#[cfg(test)]
mod tests;
mod ties;
mod words;

pub use self::{
    build::Builder,
    company::{Answer, Company},
    mirror::Mirror,
    near::near,
};
use self::{mirror::Place, near::weighed, ties::Candidate};
use crate::{
    model::{
        account::{By, Matched, Matching, Near, Part},
        plan::Input,
    },
    rulebook::{Rulebook, facts},
};

/// Who else came close is told of so many with a lead.
const OTHERS_MAX: usize = 3;
/// Accounts of one domain that are looked at.
const OF_DOMAIN_MAX: usize = 1_000;
/// Names that score so much less than is enough still come close.
const CLOSE: f64 = 0.2;

/// What is known of a lead's company.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked<'a> {
    /// Its registrable domain, none of a free-mail provider.
    pub domain: Option<&'a str>,
    /// What it is called.
    pub name: Option<&'a str>,
    /// Its country: two letters.
    pub country: Option<&'a str>,
}

/// Adds to a fill the account that it belongs to. An empty mirror adds nothing.
pub fn attach(book: &Rulebook, mirror: &Mirror, input: &mut Input) {
    let Input::Fill(draft) = input else { return };
    let (domain, _) = facts::company_domain(&draft.fields);
    let asked = Asked {
        domain: domain.as_deref(),
        name: draft.fields.text("company"),
        country: draft.fields.text("country"),
    };
    draft.account = find(mirror, &book.matching, asked, OTHERS_MAX);
}

/// The account that fits best, with at most so many others that came close. Nothing of an empty
/// mirror.
#[must_use]
pub fn find(
    mirror: &Mirror,
    rules: &Matching,
    asked: Asked<'_>,
    others_max: usize,
) -> Option<Matched> {
    if mirror.is_empty() {
        return None;
    }
    let mut close = Vec::new();
    for by in &rules.by {
        let candidates = match (by, asked.domain, asked.name) {
            (By::Domain, Some(domain), _) => by_domain(mirror, domain, asked.name),
            (By::Name, _, Some(name)) => by_name(mirror, rules, name),
            _ => Vec::new(),
        };
        let (fit, below): (Vec<Candidate>, Vec<Candidate>) = candidates
            .into_iter()
            .partition(|one| *by == By::Domain || one.score >= rules.min_score);
        if fit.is_empty() {
            close.extend(below);
            continue;
        }
        let ranked = ties::rank(mirror, &rules.ties, asked.country, fit);
        return Some(matched(mirror, *by, asked, ranked, below, others_max));
    }
    let others = near_ones(mirror, close.into_iter().map(|one| (one, "score")), others_max);
    Some(Matched { others, mirror: mirror.version(), ..Matched::default() })
}

/// The accounts of a domain; their names only tell who is nearer.
fn by_domain(mirror: &Mirror, domain: &str, name: Option<&str>) -> Vec<Candidate> {
    let lead = name.map(|name| weighed(mirror, name)).unwrap_or_default();
    let places = mirror.of_domain(domain);
    let named = |place: &Place| match places.len() {
        // Nobody is nearer than the only one.
        1 => 0.0,
        _ => alike::compare(&lead, &weighed(mirror, mirror.name(*place))).score,
    };
    let each = places.iter().take(OF_DOMAIN_MAX);
    each.map(|place| Candidate {
        place: *place,
        score: 1.0,
        named: named(place),
        parts: Vec::new(),
        left_over: 0.0,
    })
    .collect()
}

fn by_name(mirror: &Mirror, rules: &Matching, name: &str) -> Vec<Candidate> {
    let found = near::near(mirror, name, rules.min_score, (rules.min_score - CLOSE).max(0.0));
    let each = found.into_iter().map(|(place, alike)| Candidate {
        place,
        score: alike.score,
        named: alike.score,
        parts: alike.parts,
        left_over: alike.left_over,
    });
    each.collect()
}

fn matched(
    mirror: &Mirror,
    by: By,
    asked: Asked<'_>,
    ranked: ties::Ranked,
    below: Vec<Candidate>,
    others_max: usize,
) -> Matched {
    let ties::Ranked { winner, tie, losers } = ranked;
    let below = below.into_iter().map(|one| (one, "score"));
    let others = near_ones(mirror, losers.into_iter().chain(below), others_max);
    let parts: Vec<Part> = winner.parts;
    Matched {
        by,
        account: mirror.account(winner.place),
        origin: mirror.origin(winner.place),
        parent: mirror.parent(winner.place),
        domain: asked.domain.filter(|_| by == By::Domain).map(str::to_owned),
        score: winner.score,
        parts,
        left_over: winner.left_over,
        tie: tie.map(str::to_owned),
        others,
        mirror: mirror.version(),
    }
}

/// Those who came close, the closest first.
fn near_ones(
    mirror: &Mirror,
    losers: impl Iterator<Item = (Candidate, &'static str)>,
    max: usize,
) -> Vec<Near> {
    let near = |(one, lost_by): (Candidate, &'static str)| Near {
        id: mirror.id(one.place).to_owned(),
        name: mirror.name(one.place).to_owned(),
        score: one.score,
        lost_by: lost_by.to_owned(),
    };
    losers.take(max).map(near).collect()
}
