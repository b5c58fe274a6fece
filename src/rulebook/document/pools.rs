//! `[[pool]]`: reps that share leads by rotation.
//!
//! Guarantees: a pool has somebody who has not left, every weight is above zero, and there is an
//! answer to "nobody is there" that ends somewhere. Pools within pools end, too.
//! Does not know: whose turn it is.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{Cap, HOPS_MAX, IfNobody, Member, Per, Pool, Rep, RotationKind, Who, finding::advice},
    Cx,
    chains::{Chain, Nests},
    names::Entry,
    tree::{Item, Section},
};
use crate::model::time::Span;

const WEIGHT_MAX: f64 = 1000.0;
const CAP_EXAMPLE: &str = "write \"20 per day\", \"5 per hour\", \"60 per week\" or \"10 open\"";

/// All `[[pool]]`.
pub fn pools(
    cx: &Cx<'_>,
    entries: &[Entry<'_>],
    reps: &BTreeMap<String, Rep>,
) -> BTreeMap<String, Pool> {
    let (mut overflow, mut nested) = (Chain::default(), Nests::default());
    let claims: BTreeSet<&str> = entries
        .iter()
        .filter(|entry| {
            let rotation = entry.section.item("rotation");
            rotation.is_some_and(|item| item.value.as_str() == Some("claim"))
        })
        .map(|entry| entry.id)
        .collect();
    let mut all = BTreeMap::new();
    for Entry { id, section } in entries {
        if cx.names.has("rep", id) {
            cx.log.wrong(
                &section.at,
                format!("a pool and a rep are both called {id:?}"),
                "rename one, so that a fact that names it is clear",
            );
        }
        let members = members(cx, section, reps);
        for (member, at) in &members {
            let Who::Pool(inner) = &member.who else { continue };
            nested.add(id, inner, at.clone());
            if claims.contains(inner.as_str()) {
                cx.log.wrong(
                    at,
                    format!("the leads of {inner:?} are claimed, so it takes no turns"),
                    "name its reps here, or let it rotate",
                );
            }
        }
        let rotation = section.item("rotation").and_then(|item| rotation(&item));
        let rotation = rotation.unwrap_or(RotationKind::Balanced);
        let if_nobody = if_nobody(cx, section, id, &mut overflow);
        let pool = Pool {
            id: (*id).to_owned(),
            members: members.into_iter().map(|(member, _)| member).collect(),
            rotation,
            caps: section.item("cap").map(|item| caps(&item)).unwrap_or_default(),
            hours: section.item("hours").and_then(|item| cx.names.refer("hours", &item)),
            sticky: section.item("sticky").and_then(|item| item.span()),
            claim_within: claim_within(section, rotation, if_nobody.as_ref()),
            if_nobody: if_nobody.unwrap_or(IfNobody::AssignAnyway),
        };
        section.done();
        if !id.is_empty() {
            all.entry(pool.id.clone()).or_insert(pool);
        }
    }
    let mend = "let one of them wait (\"wait\" with max_wait) or \"assign anyway\"";
    overflow.check(cx.log, "if_nobody", mend);
    nested.check(cx.log, HOPS_MAX);
    all
}

/// How long an offer stands; needed for a pool whose leads are claimed, and for no other.
fn claim_within(section: &Section<'_>, kind: RotationKind, if_nobody: Option<&IfNobody>) -> Span {
    let is_claim = kind == RotationKind::Claim;
    if is_claim && matches!(if_nobody, Some(IfNobody::Wait(_))) {
        section.log.wrong(
            &section.at,
            "an offer waits already: \"claim_within\" says how long",
            "write a pool, \"assign anyway\" or \"escalate\" for when nobody took it",
        );
    }
    match section.item("claim_within") {
        None if is_claim => {
            section.log.wrong(
                &section.at,
                "an offer needs an end",
                "add claim_within = \"3m\": then happens what \"if_nobody\" says",
            );
            Span::ZERO
        }
        None => Span::ZERO,
        Some(item) if is_claim => item.span().unwrap_or(Span::ZERO),
        Some(item) => {
            let mend = "remove it, or write rotation = \"claim\"";
            item.log.wrong(
                &item.key_at(),
                "\"claim_within\" is for rotation = \"claim\" alone",
                mend,
            );
            Span::ZERO
        }
    }
}

type Place = std::ops::Range<usize>;

fn members(
    cx: &Cx<'_>,
    section: &Section<'_>,
    reps: &BTreeMap<String, Rep>,
) -> Vec<(Member, Place)> {
    let item = section.need("members", "members = [\"ada\", { rep = \"ben\", weight = 2 }]");
    let Some((item, list)) = item.and_then(|item| Some((item, item.list()?))) else {
        return Vec::new();
    };
    if list.is_empty() {
        item.wrong("nobody is in this pool", "name one rep at least, or remove the pool");
        return Vec::new();
    }
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut members: Vec<(Member, Place)> = Vec::new();
    let mut unsure = false;
    for item in &list {
        let Some((member, place)) = member(cx, item) else {
            unsure = true;
            continue;
        };
        if seen.insert(member.id().to_owned()) {
            members.push((member, place.at()));
        } else {
            place.wrong(
                format!("{} is in this pool twice", member.id()),
                "name them once, with a weight if need be",
            );
        }
    }
    let is_there = |member: &Member| match &member.who {
        Who::Rep(rep) => reps.get(rep).is_none_or(|rep| !rep.has_left),
        Who::Pool(_) => true,
    };
    if !unsure && !members.iter().any(|(member, _)| is_there(member)) {
        item.wrong("everybody in this pool has left", "name one rep who is there");
    }
    members
}

fn member<'d>(cx: &Cx<'_>, item: &Item<'d>) -> Option<(Member, Item<'d>)> {
    if !item.is_table() {
        let who = Who::Rep(cx.names.refer("rep", item)?);
        return Some((Member { who, weight: 1.0, caps: Vec::new() }, *item));
    }
    let section = item.section("a member")?;
    let pool = section.item("pool");
    let place = match pool {
        Some(pool) => {
            if let Some(rep) = section.item("rep") {
                rep.log.wrong(&rep.key_at(), "a member is a rep or a pool", "keep one of them");
            }
            Some(pool)
        }
        None => section.need("rep", "{ rep = \"ada\", weight = 2 } or { pool = \"emea\" }"),
    };
    let weight = section.item("weight").and_then(|item| weight(&item));
    let caps = section.item("cap").map(|item| caps(&item)).unwrap_or_default();
    section.done();
    let place = place?;
    let who = match pool {
        Some(_) => Who::Pool(cx.names.refer("pool", &place)?),
        None => Who::Rep(cx.names.refer("rep", &place)?),
    };
    Some((Member { who, weight: weight.unwrap_or(1.0), caps }, place))
}

fn weight(item: &Item<'_>) -> Option<f64> {
    let weight = item.number()?;
    if weight > 0.0 && weight <= WEIGHT_MAX {
        return Some(weight);
    }
    item.wrong(
        format!("a weight of {weight} is no share"),
        "write a number above 0, up to 1000; who gets nothing is taken out of the pool",
    );
    None
}

/// One cap, or several of different periods.
fn caps(item: &Item<'_>) -> Vec<Cap> {
    let mut caps: Vec<Cap> = Vec::new();
    for item in item.one_or_many() {
        let Some(cap) = cap(&item) else { continue };
        if caps.iter().any(|known| known.per == cap.per) {
            item.wrong("there are two caps of one kind", "keep the smaller one");
        }
        caps.push(cap);
    }
    caps
}

/// `20 per day` or `10 open`.
fn cap(item: &Item<'_>) -> Option<Cap> {
    if item.number_if_one().is_some() {
        item.refuse("it with its time and in quotes, as in \"20 per day\" or \"10 open\"");
        return None;
    }
    let text = item.text()?;
    let words: Vec<&str> = text.split_whitespace().collect();
    let leads = words.first().and_then(|word| word.parse::<u32>().ok());
    let per = match words.get(1..).unwrap_or_default() {
        ["per", "hour"] => Some(Per::Hour),
        ["per", "day"] => Some(Per::Day),
        ["per", "week"] => Some(Per::Week),
        ["open"] => Some(Per::Open),
        _ => None,
    };
    match (leads, per) {
        (Some(0), Some(_)) => {
            item.log.wrong_as(
                "cap.zero",
                &item.at(),
                "a cap of 0 gives no lead",
                "take the rep out of the pool, or write a larger cap",
            );
            None
        }
        (Some(leads), Some(per)) => Some(Cap { leads, per }),
        _ => {
            item.wrong(format!("{text:?} is not a cap"), CAP_EXAMPLE);
            None
        }
    }
}

fn rotation(item: &Item<'_>) -> Option<RotationKind> {
    const KINDS: [(&str, RotationKind); 4] = [
        ("balanced", RotationKind::Balanced),
        ("round-robin", RotationKind::RoundRobin),
        ("least-open", RotationKind::LeastOpen),
        ("claim", RotationKind::Claim),
    ];
    let text = item.text()?;
    let found = KINDS.iter().find(|(word, _)| *word == text);
    if found.is_none() {
        let words = KINDS.map(|(word, _)| word);
        item.wrong(format!("unknown rotation {text:?}"), advice(text, "rotation", words));
    }
    found.map(|(_, kind)| *kind)
}

fn if_nobody(
    cx: &Cx<'_>,
    section: &Section<'_>,
    id: &str,
    overflow: &mut Chain,
) -> Option<IfNobody> {
    const WORDS: [&str; 3] = ["wait", "assign anyway", "escalate"];
    let wait_item = section.item("max_wait");
    let wait = wait_item.and_then(|item| item.span());
    let page = section.item("page");
    let item = section.need(
        "if_nobody",
        "if_nobody = \"pool: <id>\", \"wait\" with max_wait = \"2h\", \"assign anyway\" or \
         \"escalate\"",
    )?;
    let text = item.text()?;
    if let (Some(stray), true) = (wait_item, text != "wait") {
        stray.log.wrong(
            &stray.key_at(),
            "\"max_wait\" is for if_nobody = \"wait\" alone",
            "remove it, or wait",
        );
    }
    if let (Some(stray), true) = (page, text != "escalate") {
        stray.log.wrong(
            &stray.key_at(),
            "\"page\" is for if_nobody = \"escalate\" alone",
            "remove it, or escalate",
        );
    }
    match text {
        "escalate" => {
            Some(IfNobody::Escalate { page: page.and_then(|item| cx.names.refer("pager", &item)) })
        }
        "assign anyway" => Some(IfNobody::AssignAnyway),
        "wait" => {
            if wait_item.is_none() {
                item.wrong("waiting needs an end", "add max_wait = \"2h\"");
            }
            wait.map(IfNobody::Wait)
        }
        _ => {
            let (_, pool) = cx.names.tagged(&["pool"], &WORDS, &item)?;
            overflow.add(id, &pool, item.at());
            Some(IfNobody::Pool(pool))
        }
    }
}
