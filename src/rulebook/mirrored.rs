//! What the mirror of accounts adds to the facts of a lead.
//!
//! What a CRM answered when it was asked is fresh and goes first: where it found an account, name
//! and owner are those that it gave, and the mirror says only what CRMs are not asked for (tier,
//! parent, opportunity). Where it found none, all is the mirror's.
//!
//! Guarantees: pure; whether an account is known is never denied because of the mirror while a CRM
//! has still to answer.
//! Does not know: how an account was matched.

use std::collections::BTreeMap;

use super::{
    Rulebook,
    condition::{Facts, Schema, Slot, Value},
};
use crate::model::{
    account::{By, Matched},
    news::Known,
};

/// The slots of facts that only the mirror has.
#[derive(Clone, Copy, Debug, Default)]
pub struct MirrorSlots {
    by: Option<Slot>,
    score: Option<Slot>,
    id: Option<Slot>,
    tier: Option<Slot>,
    parent: Option<Slot>,
    parent_owner: Option<Slot>,
    open_opportunity: Option<Slot>,
    opportunity_owner: Option<Slot>,
    opportunity_stage: Option<Slot>,
    opportunity_amount: Option<Slot>,
}

impl MirrorSlots {
    /// Those of a schema.
    pub fn of(schema: &Schema) -> Self {
        let slot = |name: &str| schema.slot(&format!("account.{name}"));
        Self {
            by: slot("match"),
            score: slot("score"),
            id: slot("id"),
            tier: slot("tier"),
            parent: slot("parent"),
            parent_owner: slot("parent_owner"),
            open_opportunity: slot("open_opportunity"),
            opportunity_owner: slot("opportunity_owner"),
            opportunity_stage: slot("opportunity_stage"),
            opportunity_amount: slot("opportunity_amount"),
        }
    }
}

/// Sets a fact that has a slot.
pub(super) fn put(facts: &mut Facts, slot: Option<Slot>, value: Option<Value>) {
    if let Some(slot) = slot {
        facts.set(slot, value);
    }
}

impl Rulebook {
    /// Fills what a match says, where no CRM has said it.
    pub(super) fn mirror_facts(
        &self,
        matched: &Matched,
        known: &BTreeMap<String, Known>,
        facts: &mut Facts,
    ) {
        let (slots, fresh) = (self.lookups.mirror, self.lookups.account);
        put(facts, slots.by, Some(Value::text(matched.by.word())));
        let Some(account) = matched.account.as_ref().filter(|_| matched.by != By::None) else {
            // The mirror has none. Where CRMs are asked, they have the last word.
            if self.lookups.crms.is_empty() {
                put(facts, fresh.known, Some(Value::Bool(false)));
            }
            return;
        };
        let text = |text: &Option<String>| text.as_deref().map(Value::text);
        let owner = |owner: Option<&str>| {
            owner.and_then(|owner| self.rep_of_mirror(&matched.origin, owner)).map(Value::text)
        };
        if known.values().all(|known| known.account.is_none()) {
            put(facts, fresh.known, Some(Value::Bool(true)));
            put(facts, fresh.name, Some(Value::text(&account.name)));
            put(facts, fresh.owner, owner(account.owner.as_deref()));
        }
        put(facts, slots.score, Some(Value::Number(matched.score)));
        put(facts, slots.id, Some(Value::text(&account.id)));
        put(facts, slots.tier, text(&account.tier));
        put(facts, slots.parent, text(&account.parent));
        let above = matched.parent.as_ref().and_then(|parent| parent.owner.as_deref());
        put(facts, slots.parent_owner, owner(above));
        let open = account.opportunity.as_ref();
        put(facts, slots.open_opportunity, Some(Value::Bool(open.is_some())));
        let Some(open) = open else { return };
        put(facts, slots.opportunity_owner, owner(open.owner.as_deref()));
        put(facts, slots.opportunity_stage, text(&open.stage));
        put(facts, slots.opportunity_amount, open.amount.map(Value::Number));
    }

    /// The id of the rep whom an owner in the mirror means: a rep's id, a rep's address, or an
    /// owner id in the CRM that the account comes from, else in any.
    pub fn rep_of_mirror(&self, origin: &str, owner: &str) -> Option<&str> {
        let by_id = self.reps.get(owner).map(|rep| rep.id.as_str());
        let by_email = || {
            let is_it = |rep: &&super::Rep| rep.email.eq_ignore_ascii_case(owner);
            let rep = owner.contains('@').then(|| self.reps.values().find(is_it)).flatten();
            rep.map(|rep| rep.id.as_str())
        };
        let anywhere = || self.lookups.owners.keys().find_map(|crm| self.rep_of_owner(crm, owner));
        by_id.or_else(by_email).or_else(|| self.rep_of_owner(origin, owner)).or_else(anywhere)
    }
}
