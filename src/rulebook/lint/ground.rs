//! What holds for the facts of every lead, whatever the rules: how fields hang together.
//!
//! Guarantees: only what [`Rulebook::facts`] keeps to: a table's column holds what some row says,
//! and is known only where there is a row; an owner is one of our reps and comes with the record; a
//! lead has a source, which is one of the settings; people are counted in whole ones.
//! Does not know: rules, but for which fields they ask for.

use std::{cell::Cell, collections::BTreeMap};

use super::super::{
    Rulebook, Table,
    condition::{Region, Slot, Type, Value},
    fields::ColumnKind,
};

/// So many different values of a column are told apart.
const VALUES_MAX: usize = 512;

/// So many rows of tables are held against conditions.
const ROWS_MAX: usize = 2_000_000;

/// A rulebook and what holds for its facts.
pub struct Ground<'b> {
    pub book: &'b Rulebook,
    /// What a field can be where it is known, or that it always is.
    bounds: BTreeMap<Slot, Region<'static>>,
    /// Where the first is known, the second is true.
    comes_with: BTreeMap<Slot, Slot>,
    /// Where the first is true, these are known.
    brings: BTreeMap<Slot, Vec<Slot>>,
    /// Where a lead's source is one that there is; nothing when no rule asks for it.
    source: Option<Region<'static>>,
    /// The number of employees.
    counted: Option<Slot>,
    /// Rows of tables that may still be looked at.
    rows_left: Cell<usize>,
}

impl<'b> Ground<'b> {
    pub fn of(book: &'b Rulebook) -> Self {
        let mut ground = Self {
            book,
            bounds: BTreeMap::new(),
            comes_with: BTreeMap::new(),
            brings: BTreeMap::new(),
            source: None,
            counted: book.schema.slot("lead.employees"),
            rows_left: Cell::new(ROWS_MAX),
        };
        ground.listed();
        ground.records();
        ground.tables();
        ground
    }

    /// Fields that can have a few values only.
    fn listed(&mut self) {
        let schema = &self.book.schema;
        for (slot, name) in schema.slots() {
            let Some(values) = schema.allowed(slot).filter(|values| !values.is_empty()) else {
                continue;
            };
            let region = Region::one_of(slot, values.iter().cloned());
            if name == "lead.source"
                && self.book.rules.iter().any(|rule| rule.when.slots().contains(&slot))
            {
                self.source = Some(region.clone());
            }
            self.bounds.insert(slot, region);
        }
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
        let mut region = match &self.source {
            Some(source) => region.and(source)?,
            None => region,
        };
        if let Some(counted) = self.counted {
            region = region.whole(counted)?;
        }
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

    /// A table of which no row is for any lead of a region, where each of them has one.
    pub fn without_row(&self, region: &Region<'_>) -> Option<&'b str> {
        let lacks = |table: &&'b Table| {
            let asked = |slot: &&Slot| region.slots().any(|asked| asked == **slot);
            let columns = table.columns.iter().filter(asked).count();
            let is_asked = table.key.iter().any(|slot| asked(&slot)) || columns > 1;
            is_asked && region.is_true(table.known) && !self.has_row(table, region)
        };
        self.book.tables.iter().find(lacks).map(|table| table.id.as_str())
    }

    fn has_row(&self, table: &Table, region: &Region<'_>) -> bool {
        let Some(left) = self.rows_left.get().checked_sub(table.rows.len()) else { return true };
        self.rows_left.set(left);
        table.has_row(
            |slot, is_it| region.may_be_text(slot, is_it),
            |slot, low, high| region.may_be_between(slot, low, high),
            |slot, value| region.may_hold(slot, value),
        )
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
