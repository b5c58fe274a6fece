//! `[[example]]`: tests of the rulebook, run when it is compiled.
//!
//! Guarantees: a rulebook whose examples do not come out as expected is refused, with what
//! happened instead and why.
//! Does not know: availability; an example is about rules, not about who is at work.

use std::collections::BTreeMap;

use toml::de::DeValue;

use super::{
    super::{
        FactSource, Found, IfUnknown, Rulebook, Target, Then, clean,
        condition::{Facts, Type, Value},
        fields::{country_code, kind_of},
        finding::advice,
    },
    Cx,
    accounts::{MIRRORED, mirrored},
    tree::{Item, Section},
};
use crate::model::{
    field::{CANONICAL, Field, Fields},
    finding::{Finding, Severity},
    news::{Known, KnownRecord},
};

/// The connection under which an example's records are known.
const CRM: &str = "example";

/// Facts that follow from others, and that an example may state.
const DERIVED: [(&str, Type); 2] = [("domain", Type::Text), ("free_mail", Type::Bool)];
/// What an example may say beside a lead's fields.
const OTHERS: [&str; 7] =
    ["source", "intent", "account", "person", "custom", "domain", "free_mail"];

/// What an example expects.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Expect {
    Target(Target),
    SetAside(String),
    Rule(String),
    Hold(String),
}

/// An example, read.
#[derive(Debug)]
pub struct Example<'d> {
    fields: Fields,
    source: String,
    intent: Option<String>,
    account: Asked<'d>,
    person: Asked<'d>,
    /// What else the mirror says of the account, by fact.
    mirrored: Vec<(&'static str, Value)>,
    expect: Option<(Expect, Item<'d>)>,
}

/// What an example says of a record in the CRM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked<'d> {
    Unasked,
    Absent,
    Found { owner: Option<&'d str>, name: Option<&'d str> },
}

/// Reads all `[[example]]`.
pub fn read<'d>(
    cx: &Cx<'d>,
    sections: &[Section<'d>],
    custom: &[(String, Type)],
    intents: &[String],
) -> Vec<Example<'d>> {
    let read = |section: &Section<'d>| {
        let lead = section.need("lead", "lead = { email = \"eva@linden.example\" }");
        let lead = lead.and_then(|item| item.section("lead"));
        let expect = section.need("expect", "expect = \"pool: …\"");
        let expect = expect.and_then(|item| Some((expectation(cx, &item)?, item)));
        let _ = section.item("about").map(|item| item.text());
        section.done();
        let mut example = example(cx, &lead?, custom, intents)?;
        example.expect = expect;
        Some(example)
    };
    sections.iter().filter_map(read).collect()
}

fn expectation(cx: &Cx<'_>, item: &Item<'_>) -> Option<Expect> {
    let text = item.text()?;
    if let Some(name) = text.strip_prefix("set_aside:") {
        return Some(Expect::SetAside(name.trim().to_owned()));
    }
    let kinds = ["pool", "rep", "set_aside", "rule", "hold"];
    if let Some(rule) = text.strip_prefix("hold:") {
        return cx.names.find("rule", rule.trim(), item).map(Expect::Hold);
    }
    let (kind, id) = cx.names.tagged(&kinds, &[], item)?;
    Some(match kind {
        "pool" => Expect::Target(Target::Pool(id)),
        "rep" => Expect::Target(Target::Rep(id)),
        _ => Expect::Rule(id),
    })
}

fn example<'d>(
    cx: &Cx<'d>,
    lead: &Section<'d>,
    custom: &[(String, Type)],
    intents: &[String],
) -> Option<Example<'d>> {
    let source = match lead.item("source") {
        Some(item) => cx.names.refer("source", &item)?,
        None => cx.names.all("source").next().unwrap_or_default().to_owned(),
    };
    let intent = lead.item("intent").and_then(|item| {
        let text = item.text()?;
        if !intents.iter().any(|intent| intent == text) {
            let known = intents.iter().map(String::as_str);
            item.wrong(format!("unknown intent {text:?}"), advice(text, "intent", known));
        }
        Some(text.to_owned())
    });
    let mirrored = lead.item("account").map(|item| mirrored(cx, &item)).unwrap_or_default();
    let account = lead.item("account").map_or(Some(Asked::Absent), |item| record(cx, &item))?;
    let person = lead.item("person").map_or(Some(Asked::Absent), |item| record(cx, &item))?;
    let mut fields = Fields::default();
    let mut rest = lead.rest();
    // A phone is read with the country.
    rest.sort_by_key(|item| item.key == "phone");
    for item in rest {
        if item.key == "custom" {
            let Some(below) = item.section("custom") else { continue };
            for item in below.all() {
                let kind = custom.iter().find(|(name, _)| name == item.key).map(|(_, kind)| *kind);
                let Some(kind) = kind else {
                    let known = custom.iter().map(|(name, _)| name.as_str());
                    let mend = advice(item.key, "custom field", known);
                    cx.log.wrong(
                        &item.key_at(),
                        format!("unknown custom field {:?}", item.key),
                        mend,
                    );
                    continue;
                };
                put(&item, &format!("custom.{}", item.key), kind, &mut fields);
            }
        } else if CANONICAL.contains(&item.key) {
            put(&item, item.key, kind_of(item.key), &mut fields);
        } else if let Some((_, kind)) = DERIVED.iter().find(|(name, _)| *name == item.key) {
            put(&item, item.key, *kind, &mut fields);
        } else {
            let known = CANONICAL.iter().copied().chain(OTHERS);
            let known: Vec<&str> = known.collect();
            cx.log.wrong(
                &item.key_at(),
                format!("unknown field {:?} in an example", item.key),
                advice(item.key, "field", known),
            );
        }
    }
    Some(Example { fields, source, intent, account, person, mirrored, expect: None })
}

/// Puts a value as a lead would have it.
fn put(item: &Item<'_>, name: &str, kind: Type, fields: &mut Fields) {
    let value = match (item.value, kind) {
        (DeValue::Boolean(truth), Type::Bool) => Some(Field::Bool(*truth)),
        (DeValue::Integer(_) | DeValue::Float(_), Type::Number) => item.number().map(Field::Number),
        (DeValue::String(text), Type::Number) => {
            let number = clean::number(text);
            if number.is_none() {
                item.refuse("a number");
            }
            number.map(Field::Number)
        }
        (_, Type::Bool) => {
            item.refuse("true or false");
            None
        }
        (_, Type::Number) => {
            item.refuse("a number");
            None
        }
        (_, Type::Text | Type::List) => {
            if let Some(text) = item.text() {
                match normal(name, text, fields) {
                    Ok(text) => fields.put_text(name, text),
                    Err(why) => item.wrong(why, "write what a lead could have"),
                }
            }
            None
        }
    };
    if let Some(value) = value {
        fields.0.insert(name.to_owned(), value);
    }
}

fn normal(name: &str, text: &str, fields: &Fields) -> Result<String, String> {
    match name {
        "email" => clean::email(text).map_err(|why| format!("{text:?}: {why}")),
        "country" => country_code(text),
        "phone" => clean::phone_in(text, fields.text("country"))
            .ok_or_else(|| format!("{text:?} is not a phone number")),
        "website" => clean::website(text).ok_or_else(|| format!("{text:?} is not a website")),
        _ => Ok(text.to_owned()),
    }
}

/// `account = "known"`, `"unknown"`, `"not asked"`, or `account.owner = "ada"`.
fn record<'d>(cx: &Cx<'d>, item: &Item<'d>) -> Option<Asked<'d>> {
    if item.is_table() {
        let section = item.section("account or person")?;
        let owner = section.item("owner");
        let name = section.item("name").and_then(|item| item.text());
        for (fact, _) in MIRRORED {
            section.item(fact);
        }
        section.done();
        let owner = match owner {
            Some(item) => {
                let id = item.text()?;
                cx.names.find("rep", id, &item)?;
                Some(id)
            }
            None => None,
        };
        return Some(Asked::Found { owner, name });
    }
    match item.text()? {
        "known" => Some(Asked::Found { owner: None, name: None }),
        "unknown" => Some(Asked::Absent),
        "not asked" => Some(Asked::Unasked),
        text => {
            item.wrong(
                format!("unknown word {text:?}"),
                "write \"known\", \"unknown\", \"not asked\", or { owner = \"<rep>\" }",
            );
            None
        }
    }
}

/// Runs examples; every one that comes out otherwise is a finding.
pub fn run(rulebook: &Rulebook, examples: &[Example<'_>]) -> Vec<Finding> {
    let failed = |example: &Example<'_>| {
        let (expect, item) = example.expect.as_ref()?;
        let facts = example.facts(rulebook);
        let (place, got) = outcome(rulebook, &facts);
        let rule = rulebook.rules.get(place?)?;
        let is_it = match expect {
            Expect::Rule(id) => *id == rule.id,
            other => got.as_ref() == Some(other),
        };
        let message = format!(
            "this lead comes to {}, by the rule {:?}",
            got.as_ref().map_or_else(|| "nobody".to_owned(), said),
            rule.id
        );
        let why = why_not(rulebook, &facts, expect, place?);
        (!is_it).then(|| item.log.source.finding(&item.at(), Severity::Error, message, why))
    };
    examples.iter().filter_map(failed).collect()
}

fn said(what: &Expect) -> String {
    match what {
        Expect::Target(Target::Pool(id)) => format!("\"pool: {id}\""),
        Expect::Target(Target::Rep(id)) => format!("\"rep: {id}\""),
        Expect::Target(Target::Fact(_)) => "nobody".to_owned(),
        Expect::SetAside(name) => format!("\"set_aside: {name}\""),
        Expect::Rule(id) => format!("\"rule: {id}\""),
        Expect::Hold(id) => format!("\"hold: {id}\""),
    }
}

/// Where a lead ends when everything that is awaited stays away.
fn outcome(rulebook: &Rulebook, facts: &Facts) -> (Option<usize>, Option<Expect>) {
    let mut from = 0;
    while let Some(found) = rulebook.first_match(facts, from) {
        let at = found.at;
        let holds = match &found.rule.if_unknown {
            IfUnknown::Hold => true,
            IfUnknown::Wait { then_hold, .. } => *then_hold,
            IfUnknown::Skip => false,
        };
        let got = match (found.found, &found.rule.then) {
            (Found::Assign { to, .. }, _) => Expect::Target(to),
            (Found::SetAside, Then::SetAside(name)) => Expect::SetAside(name.clone()),
            (Found::Unknown, _) if !holds => {
                from = at + 1;
                continue;
            }
            _ => Expect::Hold(found.rule.id.clone()),
        };
        return (Some(at), Some(got));
    }
    (None, None)
}

/// Why the rules that could have met the expectation did not.
fn why_not(rulebook: &Rulebook, facts: &Facts, expect: &Expect, got: usize) -> String {
    const NAMED: usize = 3;
    let could = |rule: &super::super::Rule| match (expect, &rule.then) {
        (Expect::Rule(id) | Expect::Hold(id), _) => rule.id == *id,
        (Expect::SetAside(name), Then::SetAside(other)) => name == other,
        (Expect::Target(wanted), Then::Assign { to, if_unavailable }) => {
            rulebook.resolve(to, facts).as_ref() == Some(wanted)
                || if_unavailable.as_ref() == Some(wanted)
                || matches!(to, Target::Fact(_)) && rulebook.resolve(to, facts).is_none()
        }
        _ => false,
    };
    let reasons =
        rulebook.rules.iter().enumerate().filter(|(_, rule)| could(rule)).map(|(at, rule)| {
            if at > got {
                return format!("the rule {:?} comes later", rule.id);
            }
            match rule.when.explain(&rulebook.schema, facts).why_not {
                Some(why) => format!("the rule {:?} did not hold: {why}", rule.id),
                None => format!("the rule {:?} holds, but names somebody else or nobody", rule.id),
            }
        });
    let reasons: Vec<String> = reasons.take(NAMED).collect();
    if reasons.is_empty() { "no rule leads there".to_owned() } else { reasons.join("; ") }
}

impl Example<'_> {
    fn facts(&self, rulebook: &Rulebook) -> Facts {
        let record = |asked: Asked<'_>| match asked {
            Asked::Found { name, .. } => Some(KnownRecord {
                record: CRM.to_owned(),
                name: name.map(str::to_owned),
                owner: None,
            }),
            _ => None,
        };
        let mut known = BTreeMap::new();
        let is_asked = self.account != Asked::Unasked || self.person != Asked::Unasked;
        if is_asked {
            let answer = Known {
                account: record(self.account),
                person: record(self.person),
                response: None,
            };
            known.insert(CRM.to_owned(), answer.clone());
            known.extend(rulebook.lookups.crms.iter().map(|crm| (crm.clone(), answer.clone())));
        }
        let form = self.fields.text("form");
        let intent = self.intent.as_deref().or_else(|| rulebook.intent_of(&self.source, form));
        let mut facts = rulebook.facts(&FactSource {
            fields: &self.fields,
            source: &self.source,
            intent,
            known: &known,
            account: None,
        });
        // An example names our rep, not the owner id in some CRM.
        for (name, asked) in [("account", self.account), ("person", self.person)] {
            if let Asked::Found { owner: Some(owner), .. } = asked {
                let slot = rulebook.schema.slot(&format!("{name}.owner"));
                slot.map(|slot| facts.set(slot, Some(Value::text(owner))));
            }
            if asked == Asked::Unasked {
                let slot = rulebook.schema.slot(&format!("{name}.known"));
                slot.map(|slot| facts.set(slot, None));
            }
        }
        for (fact, value) in &self.mirrored {
            let slot = rulebook.schema.slot(&format!("account.{fact}"));
            slot.map(|slot| facts.set(slot, Some(value.clone())));
        }
        rulebook.look_up(&mut facts);
        facts
    }
}
