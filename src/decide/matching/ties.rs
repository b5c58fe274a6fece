//! Which of several accounts of one score.
//!
//! Guarantees: total: one wins, by the first tie-breaker that leaves one, at last by the smaller
//! id; every other has the tie-breaker that it lost by.
//! Does not know: how candidates were found.

use std::cmp::Reverse;

use super::mirror::{Mirror, NEVER, NONE, Place};
use crate::model::account::{Part, Tie};

/// An account that fits.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Where it is.
    pub place: Place,
    /// How well it fits, in hundredths.
    pub score: f64,
    /// How near its name is.
    pub named: f64,
    /// What its score is made of.
    pub parts: Vec<Part>,
    /// Which share of the lead's name it has not.
    pub left_over: f64,
}

/// Candidates, ranked.
#[derive(Debug)]
pub struct Ranked {
    /// The one.
    pub winner: Candidate,
    /// What decided, if several had its score.
    pub tie: Option<&'static str>,
    /// The others, the last to lose first, each with what it lost by.
    pub losers: Vec<(Candidate, &'static str)>,
}

/// Ranks candidates; there is at least one, the best score first.
pub fn rank(
    mirror: &Mirror,
    ties: &[Tie],
    country: Option<&str>,
    mut candidates: Vec<Candidate>,
) -> Ranked {
    let best = candidates.iter().map(|one| one.score).fold(0.0, f64::max);
    let mut losers = Vec::new();
    let lower = candidates.extract_if(.., |one| one.score < best);
    let mut lower: Vec<Candidate> = lower.collect();
    lower.sort_by(|one, other| other.score.total_cmp(&one.score));
    let mut decided = None;
    for tie in ties {
        if candidates.len() < 2 {
            break;
        }
        let keys: Vec<i64> = candidates.iter().map(|one| key(mirror, *tie, country, one)).collect();
        let most = keys.iter().copied().max().unwrap_or(0);
        let mut keys = keys.into_iter();
        let lost: Vec<Candidate> =
            candidates.extract_if(.., |_| keys.next().is_some_and(|key| key < most)).collect();
        if !lost.is_empty() {
            decided = Some(tie.word());
            losers.splice(0..0, lost.into_iter().map(|one| (one, tie.word())));
        }
    }
    if candidates.len() > 1 {
        decided = Some("id");
        candidates.sort_by_key(|one| Reverse(mirror.id(one.place).to_owned()));
        candidates.dedup_by_key(|one| one.place);
    }
    let winner = candidates.pop().unwrap_or_else(|| Candidate {
        place: NONE,
        score: 0.0,
        named: 0.0,
        parts: Vec::new(),
        left_over: 0.0,
    });
    candidates.reverse();
    let mut all: Vec<(Candidate, &'static str)> =
        candidates.into_iter().map(|one| (one, "id")).collect();
    all.extend(losers);
    all.extend(lower.into_iter().map(|one| (one, "score")));
    Ranked { winner, tie: decided, losers: all }
}

/// What a tie-breaker looks at: the larger wins.
fn key(mirror: &Mirror, tie: Tie, country: Option<&str>, one: &Candidate) -> i64 {
    let row = mirror.rows.get(one.place as usize);
    match tie {
        Tie::Owned => i64::from(row.is_some_and(|row| row.owner != NONE)),
        Tie::OpenOpportunity => i64::from(mirror.opportunity(one.place).is_some()),
        Tie::Country => i64::from(country.is_some() && mirror.country(one.place) == country),
        Tie::LatestActivity => row.map_or(NEVER, |row| row.activity),
        // One that does not say since when it is there is not the oldest.
        Tie::Oldest => row.map_or(NEVER, |row| match row.created {
            NEVER => NEVER,
            created => created.saturating_neg(),
        }),
        Tie::Name => (one.named * 100.0) as i64,
    }
}
