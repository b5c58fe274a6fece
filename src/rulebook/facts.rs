//! The facts of one lead, from its fields, what CRMs know and the rulebook's tables.
//!
//! Guarantees: pure; what is not known stays unknown. That somebody is *not* a customer is known
//! only when CRMs have answered.
//! Does not know: how facts were fetched.

use std::{
    collections::{BTreeMap, HashMap},
    sync::OnceLock,
};

use super::{
    Rep, Rulebook, clean,
    condition::{Bits, Clauses, Facts, Index, Schema, Slot, Type, Value},
    fields::ColumnKind,
    mirrored::{MirrorSlots, put},
};
use crate::model::{
    account::Matched,
    field::{CANONICAL, Field, Fields},
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
    /// What CRMs answered, by connection. One that did not answer (yet) is not in here.
    pub known: &'a BTreeMap<String, Known>,
    /// The account of the mirror that it was matched to; nothing, if there is no mirror.
    pub account: Option<&'a Matched>,
}

/// What is prepared for looking things up while leads are decided.
#[derive(Clone, Debug, Default)]
pub struct Lookups {
    /// Names in a lead's fields, and their slots.
    fields: Vec<(String, Slot)>,
    domain: Option<Slot>,
    free_mail: Option<Slot>,
    source: Option<Slot>,
    intent: Option<Slot>,
    pub(super) account: Record,
    pub(super) mirror: MirrorSlots,
    person: Record,
    /// The facts that name reps and pools.
    pub(super) assignable: BTreeMap<Slot, ColumnKind>,
    /// Reps by their owner ids, by CRM connection.
    pub(super) owners: BTreeMap<String, HashMap<String, String>>,
    /// The CRM connections that are asked.
    pub(super) crms: Vec<String>,
    /// Which rules a lead can meet; all, when there is none.
    pub(super) index: Option<Index>,
    /// Rules that wait or hold when a fact is missing.
    pub(super) stops: Bits,
    /// Every clause, for explanations.
    pub(super) clauses: OnceLock<Clauses>,
}

/// The slots of what is known of a record in a CRM.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Record {
    pub known: Option<Slot>,
    pub owner: Option<Slot>,
    pub name: Option<Slot>,
}

impl Lookups {
    /// The slots of a schema; nothing else is prepared.
    pub(super) fn of(schema: &Schema) -> Self {
        let is_field = |name: &str| name.starts_with("custom.") || CANONICAL.contains(&name);
        let fields = schema.slots().filter_map(|(slot, name)| {
            let name = name.strip_prefix("lead.").filter(|name| is_field(name))?;
            Some((name.to_owned(), slot))
        });
        let record = |group: &str| Record {
            known: schema.slot(&format!("{group}.known")),
            owner: schema.slot(&format!("{group}.owner")),
            name: schema.slot(&format!("{group}.name")),
        };
        Self {
            fields: fields.collect(),
            domain: schema.slot("lead.domain"),
            free_mail: schema.slot("lead.free_mail"),
            source: schema.slot("lead.source"),
            intent: schema.slot("lead.intent"),
            account: record("account"),
            mirror: MirrorSlots::of(schema),
            person: record("person"),
            ..Self::default()
        }
    }

    /// Takes over what a compiled rulebook adds.
    pub(super) fn finish<'r>(
        &mut self,
        reps: impl Iterator<Item = &'r Rep>,
        assignable: BTreeMap<Slot, ColumnKind>,
        crms: &[String],
        (index, stops): (Index, Bits),
    ) {
        for rep in reps {
            for (crm, owner) in &rep.crm {
                let owners = self.owners.entry(crm.clone()).or_default();
                owners.insert(owner.clone(), rep.id.clone());
            }
        }
        self.assignable = assignable;
        self.crms = crms.to_vec();
        self.index = Some(index);
        self.stops = stops;
    }
}

impl Rulebook {
    /// The facts of one lead.
    pub fn facts(&self, from: &FactSource<'_>) -> Facts {
        let mut facts = Facts::new(&self.schema);
        let slots = &self.lookups;
        for (name, slot) in &slots.fields {
            let value = from.fields.0.get(name);
            let mut known = value.and_then(|value| value_of(value, self.schema.kind(*slot)));
            // People come in whole ones, which lint counts on; numbers are whole when they are read.
            if let (Some(Field::Text(_)), Some(Value::Number(number))) = (value, &mut known)
                && name == "employees"
            {
                *number = number.trunc();
            }
            facts.set(*slot, known);
        }
        self.mail_facts(from.fields, &mut facts);
        put(&mut facts, slots.source, Some(Value::text(from.source)));
        put(&mut facts, slots.intent, from.intent.map(Value::text));
        let is_asked = !from.known.is_empty();
        let settled = is_asked && slots.crms.iter().all(|crm| from.known.contains_key(crm));
        let accounts = from.known.iter().map(|(crm, known)| (crm.as_str(), known.account.as_ref()));
        self.record_facts(slots.account, accounts.collect(), settled, &mut facts);
        let people = from.known.iter().map(|(crm, known)| (crm.as_str(), known.person.as_ref()));
        self.record_facts(slots.person, people.collect(), settled, &mut facts);
        if let Some(matched) = from.account {
            self.mirror_facts(matched, from.known, &mut facts);
        }
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
        let (domain, free) = company_domain(fields);
        put(facts, self.lookups.domain, domain.as_deref().map(Value::text));
        put(facts, self.lookups.free_mail, free.map(Value::Bool));
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
        put(facts, slots.known, is_known.map(Value::Bool));
        // Of several CRMs the first that names one of our reps.
        let owner = found.iter().find_map(|(crm, record)| {
            let owner = record.owner.as_ref()?;
            self.rep_of_owner(crm, owner)
        });
        put(facts, slots.owner, owner.map(Value::text));
        let name = found.iter().find_map(|(_, record)| record.name.as_deref());
        put(facts, slots.name, name.map(Value::text));
    }

    /// The id of the rep who has this owner id in a CRM.
    pub fn rep_of_owner(&self, crm: &str, owner: &str) -> Option<&str> {
        self.lookups.owners.get(crm)?.get(owner).map(String::as_str)
    }
}

/// The domain of the company, and whether anybody can have such an address.
pub fn company_domain(fields: &Fields) -> (Option<String>, Option<bool>) {
    let stated = match fields.0.get("free_mail") {
        Some(Field::Bool(free)) => Some(*free),
        _ => None,
    };
    let host = fields.text("email").and_then(|email| email.rsplit('@').next());
    let free = stated.or_else(|| host.map(clean::is_free_mail));
    // Anybody's mail provider says nothing about the company.
    let of_address = || host.filter(|_| free == Some(false)).and_then(clean::domain);
    let domain = fields.text("domain").map(str::to_owned).or_else(of_address);
    (domain, free)
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
        (Field::Text(text), Type::Bool) => clean::truth(text.as_str_for_logic()).map(Value::Bool),
        (Field::Number(number), Type::Text) => Some(Value::text(&number.to_string())),
        (Field::Bool(truth), Type::Text) => Some(Value::text(&truth.to_string())),
        _ => None,
    }
}
