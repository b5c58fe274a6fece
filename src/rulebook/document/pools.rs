//! `[[pool]]`: reps that share leads by rotation.
//!
//! Guarantees: a pool has somebody who has not left, every weight is above zero, and there is an
//! answer to "nobody is there" that ends somewhere.
//! Does not know: whose turn it is.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    super::{Cap, IfNobody, Member, Per, Pool, Rep, RotationKind, finding::advice},
    Cx,
    chains::Chain,
    names::Entry,
    tree::{Item, Section},
};

const WEIGHT_MAX: f64 = 1000.0;
const CAP_EXAMPLE: &str = "write \"20 per day\", \"5 per hour\", \"60 per week\" or \"10 open\"";

/// All `[[pool]]`.
pub fn pools(
    cx: &Cx<'_>,
    entries: &[Entry<'_>],
    reps: &BTreeMap<String, Rep>,
) -> BTreeMap<String, Pool> {
    let mut overflow = Chain::default();
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
        let rotation = section.item("rotation").and_then(|item| rotation(&item));
        let if_nobody = if_nobody(cx, section, id, &mut overflow);
        section.done();
        let pool = Pool {
            id: (*id).to_owned(),
            members,
            rotation: rotation.unwrap_or(RotationKind::Balanced),
            if_nobody: if_nobody.unwrap_or(IfNobody::AssignAnyway),
        };
        if !id.is_empty() {
            all.entry(pool.id.clone()).or_insert(pool);
        }
    }
    let mend = "let one of them wait (\"wait\" with max_wait) or \"assign anyway\"";
    overflow.check(cx.log, "if_nobody", mend);
    all
}

fn members(cx: &Cx<'_>, section: &Section<'_>, reps: &BTreeMap<String, Rep>) -> Vec<Member> {
    let item = section.need("members", "members = [\"ada\", { rep = \"ben\", weight = 2 }]");
    let Some((item, list)) = item.and_then(|item| Some((item, item.list()?))) else {
        return Vec::new();
    };
    if list.is_empty() {
        item.wrong("nobody is in this pool", "name one rep at least, or remove the pool");
        return Vec::new();
    }
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut members: Vec<Member> = Vec::new();
    let mut unsure = false;
    for item in &list {
        let Some((member, place)) = member(cx, item) else {
            unsure = true;
            continue;
        };
        if seen.insert(member.rep.clone()) {
            members.push(member);
        } else {
            place.wrong(
                format!("{} is in this pool twice", member.rep),
                "name them once, with a weight if need be",
            );
        }
    }
    let is_there = |member: &Member| reps.get(&member.rep).is_none_or(|rep| !rep.has_left);
    if !unsure && !members.iter().any(is_there) {
        item.wrong("everybody in this pool has left", "name one rep who is there");
    }
    members
}

fn member<'d>(cx: &Cx<'_>, item: &Item<'d>) -> Option<(Member, Item<'d>)> {
    if !item.is_table() {
        let rep = cx.names.refer("rep", item)?;
        return Some((Member { rep, weight: 1.0, cap: None }, *item));
    }
    let section = item.section("a member")?;
    let place = section.need("rep", "{ rep = \"ada\", weight = 2 }");
    let weight = section.item("weight").and_then(|item| weight(&item));
    let cap = section.item("cap").and_then(|item| cap(&item));
    section.done();
    let place = place?;
    let rep = cx.names.refer("rep", &place)?;
    Some((Member { rep, weight: weight.unwrap_or(1.0), cap }, place))
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

/// `20 per day` or `10 open`.
fn cap(item: &Item<'_>) -> Option<Cap> {
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
    const KINDS: [(&str, RotationKind); 3] = [
        ("balanced", RotationKind::Balanced),
        ("round-robin", RotationKind::RoundRobin),
        ("least-open", RotationKind::LeastOpen),
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
    const WORDS: [&str; 2] = ["wait", "assign anyway"];
    let wait_item = section.item("max_wait");
    let wait = wait_item.and_then(|item| item.span());
    let item = section.need(
        "if_nobody",
        "if_nobody = \"pool: <id>\", \"wait\" with max_wait = \"2h\", or \"assign anyway\"",
    )?;
    let text = item.text()?;
    if let (Some(stray), true) = (wait_item, text != "wait") {
        stray.log.wrong(
            &stray.key_at(),
            "\"max_wait\" is for if_nobody = \"wait\" alone",
            "remove it, or wait",
        );
    }
    match text {
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
