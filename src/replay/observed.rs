//! What observe mode has found, read from the stored decisions.
//!
//! Guarantees: exact, since every result is a decision; memory is bounded: the newest disagreements
//! are kept up to a limit, everything is counted. Does not know: who asked.

use std::collections::{BTreeMap, VecDeque};

use serde::Serialize;
use serde_json::Value;

use crate::{
    decide::observe::result_of,
    model::{
        id::Seq,
        observe::Seen,
        plan::{Decided, Decision},
        time::Time,
    },
    store::{DecisionFilter, Store, StoreResult, read::PAGE_MAX},
};

/// What one rule, or all of them, came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Agreement {
    /// Leads whose owner both routers chose.
    pub compared: u64,
    /// The same person.
    pub same_person: u64,
    /// The same person, or another member of the same pool.
    pub same_pool: u64,
}

/// A lead about which the two do not agree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Disagreement {
    /// The decision that says so.
    pub seq: Seq,
    /// When it was found.
    pub at: Time,
    /// The lead, by its public id; none if it could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lead: Option<String>,
    /// The kind, in one word …
    pub result: Seen,
    /// … and in a sentence.
    pub says: String,
    /// The rule that decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// To whom handoff gave it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_to: Option<String>,
    /// The rep whom the CRM shows, if the rulebook knows one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shown: Option<String>,
    /// The CRM's id of the owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crm_owner: Option<String>,
}

/// What observe mode has found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Observed {
    /// Results, of every kind.
    pub results: u64,
    /// How far the two agree.
    #[serde(flatten)]
    pub agreement: Agreement,
    /// Results by kind.
    pub kinds: BTreeMap<&'static str, u64>,
    /// How far they agree, by the rule that decided.
    pub rules: BTreeMap<String, Agreement>,
    /// The newest disagreements, the newest first.
    pub disagreements: VecDeque<Disagreement>,
    /// Older ones than these were left out.
    pub is_cut: bool,
}

impl Agreement {
    fn add(&mut self, seen: Seen) {
        let count = |is_it: bool| u64::from(is_it);
        self.compared += count(seen.is_compared());
        self.same_person += count(seen == Seen::Agrees);
        self.same_pool += count(matches!(seen, Seen::Agrees | Seen::Turn));
    }
}

impl Observed {
    /// Takes a decision in, if it is about what another router did.
    pub fn take(&mut self, decided: &Decided, max: usize) {
        let decision = &decided.decision;
        let Some(seen) = result_of(decision) else { return };
        let text = |key: &str| decision.why.get(key).and_then(Value::as_str).map(str::to_owned);
        self.results += 1;
        *self.kinds.entry(seen.word()).or_default() += 1;
        self.agreement.add(seen);
        let rule = text("rule");
        if let Some(rule) = &rule
            && seen.is_compared()
        {
            self.rules.entry(rule.clone()).or_default().add(seen);
        }
        if seen == Seen::Agrees {
            return;
        }
        self.disagreements.push_front(Disagreement {
            seq: decided.seq,
            at: decision.at,
            lead: text("uuid"),
            result: seen,
            says: says(decision),
            rule,
            given_to: text("given_to"),
            shown: text("shown"),
            crm_owner: text("crm_owner"),
        });
        if self.disagreements.len() > max {
            self.disagreements.pop_back();
            self.is_cut = true;
        }
    }
}

fn says(decision: &Decision) -> String {
    let text = |key: &str| decision.why.get(key).and_then(Value::as_str);
    match (text("says"), text("reason")) {
        (Some(says), _) => says.to_owned(),
        (None, Some(reason)) => format!("handoff could not read it: {reason}"),
        (None, None) => String::new(),
    }
}

/// What was found since then, with the newest disagreements up to so many.
///
/// # Errors
/// Those of the store.
pub async fn since(store: &dyn Store, since: Time, max: usize) -> StoreResult<Observed> {
    let mut found = Observed::default();
    let mut after = first_since(store, since).await?.0 - 1;
    loop {
        let filter = DecisionFilter { after: Some(Seq(after)), max: PAGE_MAX };
        let page = store.decisions(filter).await?;
        for decided in page.rows.iter().filter(|one| one.decision.at >= since) {
            found.take(decided, max);
        }
        match page.next {
            Some(next) => after = next,
            None => return Ok(found),
        }
    }
}

/// Where decisions of that time begin: instants of decisions grow but for a clock that was set.
async fn first_since(store: &dyn Store, since: Time) -> StoreResult<Seq> {
    let (mut low, mut high) = (1, store.tally(since).await?.last_seq.max(1));
    while low < high {
        let middle = i64::midpoint(low, high);
        let filter = DecisionFilter { after: Some(Seq(middle - 1)), max: 1 };
        let page = store.decisions(filter).await?;
        let is_early = page.rows.first().is_some_and(|one| one.decision.at < since);
        if is_early {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(Seq(low))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::plan::What;

    fn decided(seq: i64, seen: Seen, rule: &str) -> Decided {
        let mut why = serde_json::Map::new();
        why.insert("observed".into(), serde_json::to_value(seen).unwrap());
        why.insert("rule".into(), rule.into());
        why.insert("says".into(), format!("sentence {seq}").into());
        let decision =
            Decision { engine: 1, rulebook: 1, at: Time(seq), what: What::Observed, why };
        Decided { seq: Seq(seq), lead: None, event: None, decision }
    }

    #[test]
    fn everything_is_counted_and_the_newest_disagreements_are_kept() {
        let mut found = Observed::default();
        for (seq, (seen, ..)) in (1..).zip(Seen::ALL.into_iter().cycle().take(30)) {
            found.take(&decided(seq, seen, if seq % 2 == 0 { "dach" } else { "rest" }), 5);
        }
        let mut other = decided(99, Seen::Turn, "dach");
        other.decision.why.remove("observed");
        found.take(&other, 5);
        assert_eq!((found.results, found.kinds.len()), (30, 10));
        assert!(found.kinds.values().all(|count| *count == 3));
        let all = Agreement { compared: 21, same_person: 3, same_pool: 6 };
        assert_eq!(found.agreement, all, "nobody, not looked up and rejected are not compared");
        let by_rule: Vec<u64> = found.rules.values().map(|one| one.compared).collect();
        assert_eq!(by_rule.iter().sum::<u64>(), 21);
        let kept: Vec<i64> = found.disagreements.iter().map(|one| one.seq.0).collect();
        assert_eq!((kept, found.is_cut), (vec![30, 29, 28, 27, 26], true));
        assert_eq!(found.disagreements[0].says, "sentence 30");
    }
}
