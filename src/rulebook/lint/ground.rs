//! What holds for the facts of every lead, whatever the rules: how fields hang together.
//!
//! Guarantees: only what [`Rulebook::facts`] keeps to: a table's column holds what some row says,
//! and is known only where there is a row; an owner is one of our reps and comes with the record.
//! Does not know: rules.

use std::collections::BTreeMap;

use super::super::{
    Rulebook,
    condition::{Region, Slot, Type, Value},
    fields::ColumnKind,
};

/// So many different values of a column are told apart.
const VALUES_MAX: usize = 512;

/// A rulebook and what holds for its facts.
pub struct Ground<'b> {
    pub book: &'b Rulebook,
    /// What a field can be where it is known, or that it always is.
    bounds: BTreeMap<Slot, Region<'static>>,
    /// Where the first is known, the second is true.
    comes_with: BTreeMap<Slot, Slot>,
    /// Where the first is true, these are known.
    brings: BTreeMap<Slot, Vec<Slot>>,
}

impl<'b> Ground<'b> {
    pub fn of(book: &'b Rulebook) -> Self {
        let mut ground = Self {
            book,
            bounds: BTreeMap::new(),
            comes_with: BTreeMap::new(),
            brings: BTreeMap::new(),
        };
        ground.records();
        ground.tables();
        ground
    }

    /// What CRMs say of a record comes with the record.
    fn records(&mut self) {
        for group in ["account", "person"] {
            let slot = |name: &str| self.book.schema.slot(&format!("{group}.{name}"));
            let Some(known) = slot("known") else { continue };
            for part in ["owner", "name"].iter().filter_map(|part| slot(part)) {
                self.comes_with.insert(part, known);
            }
            if let Some(owner) = slot("owner") {
                let reps = self.book.reps.keys().map(|rep| rep.as_str().into());
                self.bounds.insert(owner, Region::one_of(owner, reps));
            }
        }
    }

    fn tables(&mut self) {
        for table in &self.book.tables {
            let mut full = Vec::new();
            for (at, slot) in table.columns.iter().enumerate() {
                self.comes_with.insert(*slot, table.known);
                let (values, is_full) = table.values(at, VALUES_MAX);
                if is_full {
                    full.push(*slot);
                }
                let assigns = self.book.lookups.assignable.get(slot);
                if let Some(values) = values {
                    self.bounds.extend(region_of(*slot, &values, self.book.schema.kind(*slot)));
                } else if let Some(kind) = assigns {
                    let ids: Vec<&String> = match kind {
                        ColumnKind::Pool => self.book.pools.keys().collect(),
                        _ => self.book.reps.keys().collect(),
                    };
                    let ids = ids.into_iter().map(|id| id.as_str().into());
                    self.bounds.insert(*slot, Region::one_of(*slot, ids));
                }
            }
            self.brings.insert(table.known, full);
        }
    }

    /// The part of a region in which leads can be; nothing when there is none.
    pub fn close<'p>(&self, region: Region<'p>) -> Option<Region<'p>> {
        let mut region = region;
        let slots: Vec<Slot> = region.slots().collect();
        for slot in slots {
            if let Some(first) = self.comes_with.get(&slot)
                && region.is_known(slot)
            {
                region = region.and(&Region::truth(*first, true))?;
            }
        }
        let slots: Vec<Slot> = region.slots().collect();
        for slot in slots {
            for brought in self.brings.get(&slot).into_iter().flatten() {
                if region.is_true(slot) {
                    region = region.and(&Region::known(*brought))?;
                }
            }
        }
        for slot in region.slots().collect::<Vec<Slot>>() {
            if let Some(bounds) = self.bounds.get(&slot) {
                // Values are bounded where there is one; "unknown" stays if it was allowed.
                let known = region.and(bounds);
                region = match (known, region.is_known(slot)) {
                    (Some(known), true) => known,
                    (None, true) => return None,
                    (_, false) => region,
                };
            }
        }
        Some(region)
    }
}

/// Where a column has one of these values.
fn region_of(slot: Slot, values: &[&Value], kind: Option<Type>) -> Option<(Slot, Region<'static>)> {
    let texts = values.iter().filter_map(|value| match value {
        Value::Text(text) => Some(text.clone()),
        _ => None,
    });
    let numbers: Vec<f64> = values
        .iter()
        .filter_map(|value| if let Value::Number(number) = value { Some(*number) } else { None })
        .collect();
    Some(match kind? {
        Type::Text => (slot, Region::one_of(slot, texts)),
        Type::Number => (slot, Region::number_of(slot, &numbers)),
        Type::Bool => match values {
            [Value::Bool(truth)] => (slot, Region::truth(slot, *truth)),
            _ => return None,
        },
        Type::List => return None,
    })
}
