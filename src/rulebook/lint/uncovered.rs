//! What was seen of leads and no rule that asks for it is for.
//!
//! | code | what it says |
//! |---|---|
//! | `seen.country` | Leads came from a country for which no rule that asks for it is. |
//! | `seen.employees` | Leads came of a size for which no rule that asks for it is. |
//! | `seen.source` | Leads came from a source for which no rule that asks for it is. |
//!
//! Guarantees: nothing is said of a field for which no rule asks; a rule asks for a field also
//! through a table that is looked up by it. A condition that is too much counts as one for all.
//! Does not know: which rule took a lead.

use super::{
    super::{
        Rule,
        condition::{Facts, Region, Slot, Value},
    },
    cover::REGIONS_MAX,
    ground::Ground,
    places::Places,
    seen::Seen,
};
use crate::model::{country, finding::Finding};

/// So many values are named, those of most leads.
const NAMED: usize = 8;

pub fn lint(ground: &Ground<'_>, places: &Places<'_>, seen: &Seen) -> Vec<Finding> {
    let mut found = Vec::new();
    if let Some(slot) = ground.book.schema.slot("lead.country") {
        let values = seen.countries.iter().map(|(code, count)| {
            let name = country::name(code).unwrap_or(code).to_owned();
            (name, Value::text(code), *count)
        });
        let said = ("seen.country", "from", "the country");
        found.extend(field(ground, places, seen, slot, values.collect(), said));
    }
    if let Some(slot) = ground.book.schema.slot("lead.employees") {
        let values = seen
            .employees
            .iter()
            .map(|(size, count)| (size.to_string(), Value::Number(*size as f64), *count));
        let said = ("seen.employees", "with so many employees:", "the size");
        found.extend(field(ground, places, seen, slot, values.collect(), said));
    }
    if let Some(slot) = ground.book.schema.slot("lead.source") {
        let values = seen.sources.iter();
        let values = values.map(|(source, count)| (source.clone(), Value::text(source), *count));
        let said = ("seen.source", "from", "the source");
        found.extend(field(ground, places, seen, slot, values.collect(), said));
    }
    found
}

/// A value that was seen: its name, itself, and how often.
type Met = (String, Value, u64);

fn field(
    ground: &Ground<'_>,
    places: &Places<'_>,
    seen: &Seen,
    slot: Slot,
    values: Vec<Met>,
    (code, from, what): (&'static str, &str, &str),
) -> Option<Finding> {
    let asking = Asking::of(ground, slot);
    if asking.is_empty() {
        return None;
    }
    let is_open = |value: &Met| !asking.is_for(ground, slot, &value.1);
    let mut open: Vec<Met> = values.into_iter().filter(is_open).collect();
    let last = ground.book.rules.last()?;
    let leads: u64 = open.iter().map(|value| value.2).sum();
    if leads == 0 {
        return None;
    }
    let more = open.len().saturating_sub(NAMED);
    // Many sizes are said as what they lie between.
    let named = if code == "seen.employees" && more > 0 {
        stretches(&open)
    } else {
        open.sort_by(|a, b| b.2.cmp(&a.2).then_with(|| a.0.cmp(&b.0)));
        let named: Vec<String> =
            open.iter().take(NAMED).map(|(name, .., count)| format!("{name} ({count})")).collect();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{}{more}", named.join(", "))
    };
    let message = format!(
        "no rule that asks for {what} is for leads {from} {named}: {leads} of the last {} days; they \
         are left to rules such as {:?}",
        seen.days, last.id
    );
    let mend = "add a rule or a row for them, or leave it if that is meant";
    Some(places.warning(&places.at("rule", &last.id, "id"), code, message, mend))
}

/// The smallest and the largest of many sizes, with how many leads.
fn stretches(open: &[Met]) -> String {
    let name = |value: Option<&Met>| value.map_or_else(String::new, |value| value.0.clone());
    format!("{} to {} ({} sizes)", name(open.first()), name(open.last()), open.len())
}

/// The rules and tables that ask for a field.
struct Asking<'b> {
    regions: Vec<Region<'b>>,
    /// A rule asks for it in a way that is too much to look at.
    is_unsure: bool,
    tables: Vec<&'b super::super::Table>,
}

impl<'b> Asking<'b> {
    fn of(ground: &Ground<'b>, slot: Slot) -> Self {
        let book = ground.book;
        let mut asking = Self { regions: Vec::new(), is_unsure: false, tables: Vec::new() };
        let specific = book.rules.iter().rev().skip(1);
        for rule in specific {
            asking.rule(ground, rule, slot);
        }
        let used = |table: &&super::super::Table| {
            table.key.contains(&slot)
                && book.rules.iter().any(|rule| {
                    let slots = rule.when.slots();
                    slots.contains(&table.known)
                        || table.columns.iter().any(|column| slots.contains(column))
                })
        };
        asking.tables = book.tables.iter().filter(used).collect();
        asking
    }

    fn rule(&mut self, ground: &Ground<'b>, rule: &'b Rule, slot: Slot) {
        if !rule.when.slots().contains(&slot) {
            return;
        }
        match rule.when.holding(REGIONS_MAX) {
            // A way in which it holds without asking for the field is for all values.
            Some(regions) => {
                self.regions.extend(regions.into_iter().filter_map(|region| ground.close(region)));
            }
            None => self.is_unsure = true,
        }
    }

    fn is_empty(&self) -> bool {
        self.regions.is_empty() && self.tables.is_empty() && !self.is_unsure
    }

    fn is_for(&self, ground: &Ground<'_>, slot: Slot, value: &Value) -> bool {
        let mut facts = Facts::new(&ground.book.schema);
        facts.set(slot, Some(value.clone()));
        self.is_unsure
            || self.tables.iter().any(|table| table.may_have(&facts, slot))
            || self.regions.iter().any(|region| region.may_have(slot, value))
    }
}
