//! Bulk re-routing: which leads, to whom, and how far it has come.
//!
//! Guarantees: a run is a list of leads that was shown before it began; its counts add up to the
//! list when it is done. Does not know: how a lead is decided, nor where it is kept.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    goal::Goal,
    lead::{Lead, State},
    time::Time,
};

/// Names of papers that are runs begin so …
pub const REROUTE: &str = "reroute/";
/// … and those that hold their leads so.
pub const REROUTE_LEADS: &str = "reroute-leads/";
/// The most leads of one run.
pub const LEADS_MAX: usize = 10_000;
/// The most examples that are shown of a run.
pub const EXAMPLES_MAX: usize = 20;

/// Which leads: all that is named must hold. Answered leads and those set aside are never chosen.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Select {
    /// Those of this rep, who is then passed over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rep: Option<String>,
    /// Those that this pool gave, or a pool within it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
    /// Those that this rule placed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Those that came in from then …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Time>,
    /// … until before then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    /// These.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub leads: Vec<Uuid>,
    /// Only those with an owner, or only those that wait; both if nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
}

impl Select {
    /// Whether anything is named: all leads of the house are nobody's wish.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let named = [&self.rep, &self.pool, &self.rule];
        named.iter().all(|name| name.is_none()) && self.since.is_none() && self.leads.is_empty()
    }

    /// Whether this lead is one of them.
    #[must_use]
    pub fn chooses(&self, lead: &Lead) -> bool {
        let is = |wanted: &Option<String>, has: &Option<String>| wanted.is_none() || wanted == has;
        let in_pool =
            |pool: &String| lead.pool.as_ref() == Some(pool) || lead.through.contains(pool);
        matches!(lead.state, State::Waiting | State::Assigned)
            && self.state.is_none_or(|state| state == lead.state)
            && is(&self.rep, &lead.owner)
            && is(&self.rule, &lead.rule)
            && self.pool.as_ref().is_none_or(in_pool)
            && self.since.is_none_or(|since| lead.opened_at >= since)
            && self.until.is_none_or(|until| lead.opened_at < until)
            && (self.leads.is_empty() || self.leads.contains(&lead.uuid))
    }
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// Which leads.
    pub select: Select,
    /// To whom.
    pub to: Goal,
    /// Also those whose owner said "on it".
    #[serde(default)]
    pub force: bool,
    /// Why: it stays with every lead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// One lead of a run, as it was shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    /// The lead.
    pub lead: Uuid,
    /// Who had it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Who would get it; none if it stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Why it stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<String>,
}

/// How leads fare: who gets how many of whose, and why some stay.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fares {
    /// `ada → konrad` to leads.
    pub moved: BTreeMap<String, u64>,
    /// Why leads stay, to leads.
    pub kept: BTreeMap<String, u64>,
}

impl Fares {
    /// Counts one.
    pub fn add(&mut self, planned: &Planned) {
        let from = planned.from.as_deref().unwrap_or("nobody");
        match (&planned.to, &planned.kept) {
            (Some(to), _) => *self.moved.entry(format!("{from} → {to}")).or_default() += 1,
            (None, Some(why)) => *self.kept.entry(why.clone()).or_default() += 1,
            (None, None) => *self.kept.entry("nobody can take it".to_owned()).or_default() += 1,
        }
    }

    /// Of a whole list.
    #[must_use]
    pub fn of(all: &[Planned]) -> Self {
        let mut fares = Self::default();
        for one in all {
            fares.add(one);
        }
        fares
    }

    /// Adds others.
    pub fn merge(&mut self, other: Self) {
        for (mine, theirs) in [(&mut self.moved, other.moved), (&mut self.kept, other.kept)] {
            for (key, count) in theirs {
                *mine.entry(key).or_default() += count;
            }
        }
    }
}

/// How far a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words are the documentation")]
pub enum Stage {
    Shown,
    Running,
    Stopped,
    Done,
}

/// A run, without its leads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunHead {
    /// How far it is.
    pub stage: Stage,
    /// What was asked for.
    pub wish: Wish,
    /// Who asked.
    pub author: String,
    /// When it was shown.
    pub at: Time,
    /// The rulebook by which it was shown.
    pub rulebook: u32,
    /// How many leads.
    pub total: usize,
    /// What was shown.
    pub shown: Fares,
    /// For how many it was asked so far …
    pub sent: usize,
    /// … and of how many is known what became of them.
    pub seen: usize,
    /// What became of those.
    pub became: Fares,
    /// No more before this.
    pub next_at: Time,
}

/// Whether two lists are so much alike that who agreed to one agrees to the other: no more than one
/// in ten leads came, went, or goes elsewhere.
#[must_use]
pub fn is_as_shown(shown: &[Planned], now: &[Planned]) -> bool {
    let before: BTreeMap<Uuid, &Planned> = shown.iter().map(|one| (one.lead, one)).collect();
    let same = now.iter().filter(|one| before.get(&one.lead).is_some_and(|was| was.to == one.to));
    let most = shown.len().max(now.len());
    (most - same.count()) * 10 <= most
}

#[cfg(test)]
mod tests {
    use super::*;

    fn planned(n: u128, to: Option<&str>) -> Planned {
        let to = to.map(str::to_owned);
        Planned { lead: Uuid::from_u128(n), from: Some("ada".into()), to, kept: None }
    }

    #[test]
    fn one_in_ten_may_have_changed_since_it_was_shown() {
        let list = |n: u128| (0..n).map(|n| planned(n, Some("bob"))).collect::<Vec<_>>();
        assert!(is_as_shown(&list(20), &list(20)) && is_as_shown(&[], &[]));
        assert!(is_as_shown(&list(20), &list(18)) && !is_as_shown(&list(20), &list(17)));
        assert!(is_as_shown(&list(18), &list(20)) && !is_as_shown(&list(17), &list(20)));
        let mut moved = list(20);
        moved[0] = planned(0, Some("eve"));
        moved[1] = planned(1, None);
        assert!(is_as_shown(&list(20), &moved));
        moved[2] = planned(2, None);
        assert!(!is_as_shown(&list(20), &moved));
        assert!(!is_as_shown(&list(1), &[planned(7, Some("bob"))]), "a small one is exact");
    }

    #[test]
    fn leads_are_counted_by_who_gives_and_gets() {
        let kept = Planned { kept: Some("it was answered".into()), ..planned(3, None) };
        let mut fares = Fares::of(&[planned(1, Some("bob")), planned(2, Some("bob")), kept]);
        fares.merge(Fares::of(&[planned(4, None)]));
        assert_eq!(fares.moved, [("ada → bob".to_owned(), 2)].into());
        assert_eq!(fares.kept.values().sum::<u64>(), 2);
    }
}
