//! `[[rule]]`: which leads, and what becomes of them.
//!
//! Guarantees: every rule can be reached, assigns or sets aside, and the last one holds for every
//! lead and gives it to somebody.
//! Does not know: how a condition is read; see `condition`.

use std::collections::BTreeMap;

use toml::de::DeValue;

use super::{
    super::{
        IfUnknown, Rule, Target, Then,
        condition::{self, Place, PlainValue, Pred, Schema, Slot},
        fields::ColumnKind,
        finding::{advice, either, nearest},
    },
    Cx,
    names::Entry,
    rows::Assigning,
    tree::{Item, Section},
};

/// More rules than anybody can read.
const RULES_MAX: usize = 10_000;

/// What rules are compiled with.
#[derive(Debug)]
pub struct Rules<'a, 'd> {
    pub cx: &'a Cx<'d>,
    pub schema: &'a Schema,
    pub assignable: &'a BTreeMap<Slot, ColumnKind>,
    pub default_sla: Option<&'a str>,
    /// There is a default, right or wrong.
    pub has_default: bool,
}

impl<'d> Rules<'_, 'd> {
    /// All `[[rule]]`, and which facts are assigned by.
    pub fn compile(&self, entries: &[Entry<'d>]) -> (Vec<Rule>, Assigning) {
        let log = self.cx.log;
        if entries.len() > RULES_MAX {
            let message = format!("{} rules are too many", entries.len());
            log.wrong(
                &(0..0),
                message,
                format!("write {RULES_MAX} at most, and use tables for the rest"),
            );
            return (Vec::new(), Assigning::new());
        }
        let mut rules: Vec<Rule> = Vec::new();
        let mut assigning = Assigning::new();
        // The rule that holds for every lead, once there was one.
        let mut last: Option<&str> = None;
        for (at, Entry { id, section }) in entries.iter().enumerate() {
            let (when, is_plain) = self.when(section);
            if let Some(last) = last {
                log.wrong(
                    &section.at,
                    format!("no lead reaches this rule: {last:?} above holds for every one"),
                    format!("move it above {last:?}, or give that one a condition"),
                );
            }
            let then = self.then(section);
            let rule = self.rest(id, section, when, then);
            if is_plain {
                last = last.or(Some(id));
                if at + 1 == entries.len() {
                    self.gives_to_somebody(section, rule.as_ref());
                }
            } else if last.is_none() && at + 1 == entries.len() {
                log.wrong(
                    &section.at,
                    format!("a lead can fall through: the last rule, {id:?}, has a condition"),
                    "add a rule without \"if\" and \"when\" below it, as in assign_to = \"pool: …\"",
                );
            }
            let Some(rule) = rule else { continue };
            if let Then::Assign { to: Target::Fact(slot), .. } = &rule.then {
                assigning.entry(*slot).or_insert_with(|| rule.id.clone());
            }
            rules.push(rule);
        }
        if entries.is_empty() {
            let mend = "write a [[rule]] with assign_to = \"pool: …\" for all leads";
            log.wrong(&(0..0), "there is no rule", mend);
        }
        (rules, assigning)
    }

    /// The last rule must not depend on a fact that may be missing.
    fn gives_to_somebody(&self, section: &Section<'_>, rule: Option<&Rule>) {
        if let Some(Rule {
            then: Then::Assign { to: Target::Fact(_), if_unavailable: None }, ..
        }) = rule
        {
            self.cx.log.wrong(
                &section.at,
                "the last rule may name nobody",
                "add if_unavailable = \"pool: …\"",
            );
        }
    }

    fn rest(
        &self,
        id: &str,
        section: &Section<'d>,
        when: Pred,
        then: Option<Then>,
    ) -> Option<Rule> {
        let if_unknown = section.item("if_unknown").and_then(|item| if_unknown(&item));
        let sla_item = section.item("sla");
        let sla = sla_item.and_then(|item| self.cx.names.refer("sla", &item));
        let sticky = section.item("sticky");
        section.done();
        let to_rep = matches!(then, Some(Then::Assign { to: Target::Rep(_), .. }));
        let sets_aside = matches!(then, Some(Then::SetAside(_)));
        if let (Some(item), true) = (sticky, to_rep || sets_aside) {
            item.log.wrong(
                &item.key_at(),
                "\"sticky\" chooses among the members of a pool",
                "remove it, or assign to a pool",
            );
        }
        match sla_item {
            Some(item) if sets_aside => {
                let at = item.key_at();
                item.log.wrong(
                    &at,
                    "nobody has to answer a lead that is set aside",
                    "remove \"sla\"",
                );
            }
            None if !sets_aside && !self.has_default && then.is_some() => {
                self.cx.log.wrong(
                    &section.at,
                    format!("the rule {id:?} has no SLA and there is no \"default_sla\""),
                    "add sla = \"…\", or default_sla = \"…\" at the top",
                );
            }
            _ => {}
        }
        Some(Rule {
            id: id.to_owned(),
            when,
            if_unknown: if_unknown.unwrap_or(IfUnknown::Skip),
            then: then?,
            sla: sla.unwrap_or_else(|| self.default_sla.unwrap_or_default().to_owned()),
            sticky: sticky.and_then(|item| item.span()),
        })
    }

    /// The condition, and whether there is none.
    fn when(&self, section: &Section<'d>) -> (Pred, bool) {
        let plain = section.item("if");
        let cel = section.item("when");
        let mut parts: Vec<Pred> = Vec::new();
        if let Some(item) = plain
            && let Some(conditions) = item.section("if")
        {
            self.plain(&conditions, "", &mut parts);
            if conditions.all().is_empty() {
                let mend = "remove \"if\" for a rule that holds for every lead";
                item.wrong("this condition is empty", mend);
            }
        }
        if let Some(item) = cel
            && let Some(text) = item.text()
        {
            let source = item.value.as_str().unwrap_or(text);
            match condition::cel(source, self.schema) {
                Ok(pred) => parts.push(pred),
                Err(findings) => {
                    for found in findings {
                        let at = match &found.place {
                            Place::Source(span) => item.inside(span),
                            _ => item.at(),
                        };
                        item.log.wrong(&at, found.message, "");
                    }
                }
            }
        }
        (Pred::all(parts), plain.is_none() && cel.is_none())
    }

    /// `if.country = …`, also under dotted names.
    fn plain(&self, conditions: &Section<'d>, front: &str, parts: &mut Vec<Pred>) {
        for item in conditions.all() {
            let name = if front.is_empty() {
                item.key.to_owned()
            } else {
                format!("{front}.{}", item.key)
            };
            if let Some(below) = item.is_table().then(|| item.section("if")).flatten() {
                self.plain(&below, &name, parts);
                continue;
            }
            let Some(value) = plain_value(&item) else { continue };
            // A dotted name below the lead may leave its front out, as a bare one may.
            let full = format!("lead.{name}");
            let is_lead = name.contains('.') && self.schema.slot(&full).is_some();
            let field = if is_lead { &full } else { &name };
            if let Some(custom) = field.strip_prefix("custom.") {
                item.log.wrong(
                    &item.key_at(),
                    format!("no mapping fills {field}"),
                    self.custom_advice(custom),
                );
                continue;
            }
            match condition::plain(field, &value, self.schema) {
                Ok(pred) => parts.push(pred),
                Err(findings) => {
                    for found in findings {
                        let at = match found.place {
                            Place::Field => item.key_at(),
                            Place::Item(at) => {
                                let items = item.one_or_many();
                                items.get(at).map_or_else(|| item.at(), Item::at)
                            }
                            Place::Source(_) | Place::Value => item.at(),
                        };
                        item.log.wrong(&at, found.message, "");
                    }
                }
            }
        }
    }

    fn custom_advice(&self, name: &str) -> String {
        let known = self.schema.slots().filter_map(|(_, field)| field.strip_prefix("lead.custom."));
        nearest(name, known).map_or_else(
            || format!("write custom.{name} = \"$.…\" in a [[mapping]]"),
            |near| format!("did you mean custom.{near}?"),
        )
    }

    fn then(&self, section: &Section<'d>) -> Option<Then> {
        let assign = section.item("assign_to");
        let aside = section.item("set_aside");
        let instead = section.item("if_unavailable");
        let if_unavailable = instead.and_then(|item| {
            let (kind, id) = self.cx.names.tagged(&["pool", "rep"], &[], &item)?;
            Some(if kind == "pool" { Target::Pool(id) } else { Target::Rep(id) })
        });
        match (assign, aside) {
            (Some(_), Some(item)) => {
                let mend = "keep \"assign_to\" or \"set_aside\"";
                item.log.wrong(&item.key_at(), "a rule does one thing with a lead", mend);
                None
            }
            (Some(item), None) => {
                let to = self.target(&item)?;
                if let (Target::Pool(_), Some(instead)) = (&to, instead) {
                    instead.log.wrong(
                        &instead.key_at(),
                        "a pool says itself what happens when nobody is available",
                        "remove \"if_unavailable\"",
                    );
                }
                if instead.is_some() && if_unavailable.is_none() {
                    return None;
                }
                Some(Then::Assign { to, if_unavailable })
            }
            (None, Some(item)) => {
                let name = item.text()?;
                let good = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
                if name.len() > 64 || !name.chars().all(good) {
                    item.wrong(
                        format!("{name:?} cannot name an exit"),
                        "write letters, digits, - or _",
                    );
                    return None;
                }
                Some(Then::SetAside(name.to_owned()))
            }
            (None, None) if section.has_like("assign_to") || section.has_like("set_aside") => None,
            (None, None) => {
                self.cx.log.wrong(
                    &section.at,
                    "this rule does nothing with a lead",
                    "add assign_to = \"pool: …\" or set_aside = \"…\"",
                );
                None
            }
        }
    }

    /// `pool: x`, `rep: x`, or a fact that names one.
    fn target(&self, item: &Item<'_>) -> Option<Target> {
        let text = item.text()?;
        if let Some(slot) = self.schema.slot(text).filter(|_| text.contains('.')) {
            if self.assignable.contains_key(&slot) {
                return Some(Target::Fact(slot));
            }
            let known: Vec<&str> =
                self.assignable.keys().map(|slot| self.schema.name(*slot)).collect();
            item.wrong(
                format!("{text} names no rep and no pool"),
                format!("write {}", either(&known)),
            );
            return None;
        }
        if text.contains('.') && !text.contains(':') {
            let known = self.assignable.keys().map(|slot| self.schema.name(*slot));
            item.wrong(format!("unknown fact {text:?}"), advice(text, "fact", known));
            return None;
        }
        let (kind, id) = self.cx.names.tagged(&["pool", "rep"], &["account.owner"], item)?;
        Some(if kind == "pool" { Target::Pool(id) } else { Target::Rep(id) })
    }
}

fn plain_value(item: &Item<'_>) -> Option<PlainValue> {
    match item.value {
        DeValue::String(text) => Some(PlainValue::Text(text.to_string())),
        DeValue::Integer(_) | DeValue::Float(_) => item.number().map(PlainValue::Number),
        DeValue::Boolean(truth) => Some(PlainValue::Bool(*truth)),
        DeValue::Array(_) => {
            let items = item.list()?;
            items.iter().map(plain_value).collect::<Option<_>>().map(PlainValue::List)
        }
        DeValue::Datetime(_) | DeValue::Table(_) => {
            item.refuse("text, a number, true or false, or a list of them");
            None
        }
    }
}

fn if_unknown(item: &Item<'_>) -> Option<IfUnknown> {
    const MEND: &str = "write \"skip\", \"hold\", or { wait = \"60s\", then = \"skip\" }";
    let word = |item: &Item<'_>| match item.text()? {
        "skip" => Some(false),
        "hold" => Some(true),
        text => {
            item.wrong(format!("unknown word {text:?}"), MEND);
            None
        }
    };
    if !item.is_table() {
        return word(item).map(|hold| if hold { IfUnknown::Hold } else { IfUnknown::Skip });
    }
    let section = item.section("if_unknown")?;
    let wait = section.need("wait", "wait = \"60s\"").and_then(|item| item.span());
    let then = section.need("then", "then = \"skip\" or \"hold\"").and_then(|item| word(&item));
    section.done();
    Some(IfUnknown::Wait { wait: wait?, then_hold: then? })
}
