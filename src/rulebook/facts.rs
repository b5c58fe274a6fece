//! The facts of one lead, from its fields, what CRMs know and the rulebook's tables.
//!
//! Guarantees: pure; what is not known stays unknown. That somebody is *not* a customer is known
//! only when CRMs have answered.
//! Does not know: how facts were fetched.

use std::collections::BTreeMap;

use super::{
    Rulebook, clean,
    condition::{Facts, Schema, Slot, Type, Value},
    fields::FIELDS,
};
use crate::model::{
    field::{Field, Fields},
    news::{Known, KnownRecord},
};

/// What facts are made of.
#[derive(Clone, Copy, Debug)]
pub struct FactSource<'a> {
    /// The normalised fields.
    pub fields: &'a Fields,
    /// The source of the fill.
    pub source: &'a str,
    /// What the fill asks for.
    pub intent: Option<&'a str>,
    /// What CRMs answered, by connection. One that did not answer is not in here.
    pub known: &'a BTreeMap<String, Known>,
    /// An answer is still on its way.
    pub awaited: bool,
}

/// Where facts go.
#[derive(Clone, Debug)]
pub struct Slots {
    /// Names in a lead's fields, and their slots.
    fields: Vec<(String, Slot)>,
    domain: Slot,
    free_mail: Slot,
    source: Slot,
    intent: Slot,
    account: Record,
    person: Record,
}

/// The slots of what is known of a record in a CRM.
#[derive(Clone, Copy, Debug)]
struct Record {
    known: Slot,
    owner: Slot,
    name: Option<Slot>,
}

impl Slots {
    pub(super) fn of(schema: &Schema, custom: &[(String, Type)]) -> Option<Self> {
        let canonical = FIELDS.iter().map(|field| (*field).to_owned());
        let custom = custom.iter().map(|(name, _)| format!("custom.{name}"));
        let fields = canonical
            .chain(custom)
            .filter_map(|field| Some((schema.slot(&format!("lead.{field}"))?, field)))
            .map(|(slot, field)| (field, slot))
            .collect();
        let record = |group: &str| {
            Some(Record {
                known: schema.slot(&format!("{group}.known"))?,
                owner: schema.slot(&format!("{group}.owner"))?,
                name: schema.slot(&format!("{group}.name")),
            })
        };
        Some(Self {
            fields,
            domain: schema.slot("lead.domain")?,
            free_mail: schema.slot("lead.free_mail")?,
            source: schema.slot("lead.source")?,
            intent: schema.slot("lead.intent")?,
            account: record("account")?,
            person: record("person")?,
        })
    }
}

impl Rulebook {
    /// The facts of one lead.
    pub fn facts(&self, from: &FactSource<'_>) -> Facts {
        let mut facts = Facts::new(&self.schema);
        let slots = &self.slots;
        for (name, slot) in &slots.fields {
            let value = from.fields.0.get(name);
            facts.set(*slot, value.and_then(|value| value_of(value, self.schema.kind(*slot))));
        }
        self.mail_facts(from.fields, &mut facts);
        facts.set(slots.source, Some(Value::text(from.source)));
        facts.set(slots.intent, from.intent.map(Value::text));
        let settled = !from.awaited && !from.known.is_empty();
        let accounts = from.known.iter().map(|(crm, known)| (crm.as_str(), known.account.as_ref()));
        self.record_facts(slots.account, accounts.collect(), settled, &mut facts);
        let people = from.known.iter().map(|(crm, known)| (crm.as_str(), known.person.as_ref()));
        self.record_facts(slots.person, people.collect(), settled, &mut facts);
        self.look_up(&mut facts);
        facts
    }

    /// Fills the facts that tables add for what is known.
    pub(super) fn look_up(&self, facts: &mut Facts) {
        self.tables.iter().for_each(|table| table.fill(facts));
    }

    /// The domain of the company and whether anybody can have such an address, as the fields say
    /// it or else as the address does.
    fn mail_facts(&self, fields: &Fields, facts: &mut Facts) {
        let address = fields.text("email");
        let domain = fields.text("domain").map(str::to_owned);
        let domain = domain.or_else(|| clean::domain(address?));
        let free = match fields.0.get("free_mail") {
            Some(Field::Bool(free)) => Some(*free),
            _ => domain.as_deref().map(clean::is_free_mail),
        };
        facts.set(self.slots.domain, domain.as_deref().map(Value::text));
        facts.set(self.slots.free_mail, free.map(Value::Bool));
    }

    fn record_facts(
        &self,
        slots: Record,
        known: Vec<(&str, Option<&KnownRecord>)>,
        settled: bool,
        facts: &mut Facts,
    ) {
        let found: Vec<(&str, &KnownRecord)> =
            known.into_iter().filter_map(|(crm, record)| Some((crm, record?))).collect();
        let is_known = if found.is_empty() { settled.then_some(false) } else { Some(true) };
        facts.set(slots.known, is_known.map(Value::Bool));
        // Of several CRMs the first that names one of our reps.
        let owner = found.iter().find_map(|(crm, record)| {
            let owner = record.owner.as_ref()?;
            self.rep_of_owner(crm, owner)
        });
        facts.set(slots.owner, owner.map(Value::text));
        if let Some(slot) = slots.name {
            let name = found.iter().find_map(|(_, record)| record.name.as_deref());
            facts.set(slot, name.map(Value::text));
        }
    }

    /// The id of the rep who has this owner id in a CRM.
    pub fn rep_of_owner(&self, crm: &str, owner: &str) -> Option<&str> {
        self.owners.get(crm)?.get(owner).map(String::as_str)
    }
}

/// The value as a slot of this type takes it.
fn value_of(field: &Field, kind: Option<Type>) -> Option<Value> {
    match (field, kind?) {
        (Field::Bool(truth), Type::Bool) => Some(Value::Bool(*truth)),
        (Field::Number(number), Type::Number) => Some(Value::Number(*number)),
        (Field::Text(text), Type::Text) => Some(Value::text(text.as_str_for_logic())),
        (Field::Text(text), Type::Number) => {
            super::table::number(text.as_str_for_logic(), None).map(Value::Number)
        }
        (Field::Text(text), Type::Bool) => {
            clean::truth(text.as_str_for_logic()).map(Value::Bool)
        }
        (Field::Number(number), Type::Text) => Some(Value::text(&number.to_string())),
        (Field::Bool(truth), Type::Text) => Some(Value::text(&truth.to_string())),
        _ => None,
    }
}
