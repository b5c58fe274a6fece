//! `[[sla]]`, `[[escalation]]` and whom to tell.
//!
//! Guarantees: the steps of a ladder stand in the order of their times, each does something, and
//! somebody who is not the owner hears of a lead that stays unanswered.
//! Does not know: deadlines of leads.

use std::collections::BTreeMap;

use super::{
    super::{Clock, Escalation, LadderStep, Pool, Rep, Repeat, Sla, StepAt, Tell},
    Cx,
    names::Entry,
    tree::{Item, Section},
};
use crate::model::time::Span;

const REASSIGN_MAX: u32 = 3;
const ON_IT_MIN: Span = Span::minutes(15);

/// All `[[sla]]`.
pub fn slas(cx: &Cx<'_>, entries: &[Entry<'_>]) -> BTreeMap<String, Sla> {
    let mut all = BTreeMap::new();
    for Entry { id, section } in entries {
        let within = section.need("respond_within", "respond_within = \"15m\"");
        let within = within.and_then(|item| item.span());
        let clock = section.item("clock").and_then(|item| clock(cx, &item));
        let escalation = section.need("escalation", "escalation = \"<id of an [[escalation]]>\"");
        let escalation = escalation.and_then(|item| cx.names.refer("escalation", &item));
        let on_it = section.item("on_it").and_then(|item| item.span());
        section.done();
        let (Some(respond_within), Some(escalation)) = (within, escalation) else { continue };
        let sla = Sla {
            id: (*id).to_owned(),
            respond_within,
            clock: clock.unwrap_or(Clock::Owner),
            escalation,
            on_it: on_it.unwrap_or_else(|| respond_within.max(ON_IT_MIN)),
            rank: respond_within.0 / 1000,
        };
        all.entry(sla.id.clone()).or_insert(sla);
    }
    all
}

fn clock(cx: &Cx<'_>, item: &Item<'_>) -> Option<Clock> {
    match item.text()? {
        "always" => Some(Clock::Always),
        "owner" => Some(Clock::Owner),
        _ => {
            let (_, hours) = cx.names.tagged(&["hours"], &["always", "owner"], item)?;
            Some(Clock::Hours(hours))
        }
    }
}

/// All `[[escalation]]`.
pub fn escalations(
    cx: &Cx<'_>,
    entries: &[Entry<'_>],
    reps: &BTreeMap<String, Rep>,
    pools: &BTreeMap<String, Pool>,
) -> BTreeMap<String, Escalation> {
    let mut all = BTreeMap::new();
    for Entry { id, section } in entries {
        let reassign_max = section.item("reassign_max").and_then(|item| item.whole(1, 100));
        let steps_key =
            section.need("step", "step = [{ at = \"100%\", tell = [\"owner\", \"manager\"] }]");
        let sections = section.sections("step", "a step");
        section.done();
        let mut steps: Vec<LadderStep> = Vec::new();
        let mut is_whole = !sections.is_empty();
        for step in &sections {
            match read_step(cx, step) {
                Some(read) => {
                    order(step, steps.last(), &read);
                    steps.push(read);
                }
                None => is_whole = false,
            }
        }
        if let Some(item) = steps_key
            && sections.is_empty()
        {
            let mend = "write step = [{ at = \"100%\", tell = [\"owner\", \"manager\"] }]";
            cx.log.wrong(&item.at(), "a ladder needs one step at least", mend);
        }
        if is_whole {
            ends_in_somebody(cx, section, &steps, reps, pools);
        }
        let reassign_max = reassign_max.unwrap_or(REASSIGN_MAX);
        let ladder = Escalation { id: (*id).to_owned(), steps, reassign_max };
        all.entry(ladder.id.clone()).or_insert(ladder);
    }
    all
}

fn read_step(cx: &Cx<'_>, step: &Section<'_>) -> Option<LadderStep> {
    let at = step_at(step);
    let tell_item = step.item("tell");
    let tell = tell_item.and_then(|item| item.list()).map(|list| tells(cx, &list));
    let reassign = step.item("reassign").and_then(|item| item.truth()).unwrap_or(false);
    let page_item = step.item("page");
    let page = page_item.and_then(|item| pager(cx, &item));
    let repeat = repeat(step);
    step.done();
    if tell_item.is_none() && page_item.is_none() && !reassign {
        cx.log.wrong(
            &step.at,
            "this step does nothing",
            "add tell = [\"owner\"], reassign = true or page = \"<a pager>\"",
        );
        return None;
    }
    let tell = match tell {
        Some(tell) => tell?,
        None if tell_item.is_some() => return None,
        None => Vec::new(),
    };
    if page_item.is_some() && page.is_none() {
        return None;
    }
    Some(LadderStep { at: at?, tell, reassign, page, repeat })
}

fn step_at(step: &Section<'_>) -> Option<StepAt> {
    let (at, late_by) = (step.item("at"), step.item("late_by"));
    match (at, late_by) {
        (Some(at), None) => percent(&at),
        (None, Some(late)) => late.span().map(StepAt::LateBy),
        (Some(_), Some(late)) => {
            let mend = "keep \"at\" for a share of the time, or \"late_by\" for after the deadline";
            late.log.wrong(
                &late.key_at(),
                "a step is due once: both \"at\" and \"late_by\" are there",
                mend,
            );
            None
        }
        (None, None) => {
            let mend = "write at = \"60%\" or late_by = \"5m\"";
            step.log.wrong(&step.at, "this step does not say when it is due", mend);
            None
        }
    }
}

fn percent(item: &Item<'_>) -> Option<StepAt> {
    if item.number_if_one().is_some() {
        item.refuse("a share of the time in quotes, as in \"60%\"");
        return None;
    }
    let text = item.text()?;
    let number = text.strip_suffix('%').and_then(|number| number.trim().parse::<u32>().ok());
    match number {
        Some(percent @ 1..=100) => Some(StepAt::Percent(percent)),
        Some(percent) => {
            let mend = if percent == 0 {
                "write 1% or more"
            } else {
                "write late_by = \"5m\" for after the deadline"
            };
            item.wrong(format!("{text:?} is not between 1% and 100% of the time"), mend);
            None
        }
        None => {
            item.wrong(format!("{text:?} is not a share of the time"), "write it as in \"60%\"");
            None
        }
    }
}

fn repeat(step: &Section<'_>) -> Option<Repeat> {
    let (every, times) = (step.item("repeat"), step.item("times"));
    match (every, times) {
        (Some(every), Some(times)) => {
            Some(Repeat { every: every.span()?, times: times.whole(2, 100)? })
        }
        (Some(one), None) => {
            one.log.wrong(&one.key_at(), "\"repeat\" needs an end", "add times = 3");
            None
        }
        (None, Some(one)) => {
            one.log.wrong(&one.key_at(), "\"times\" needs \"repeat\"", "add repeat = \"10m\"");
            None
        }
        (None, None) => None,
    }
}

/// A step that is due before the one above it is a slip.
fn order(step: &Section<'_>, before: Option<&LadderStep>, this: &LadderStep) {
    let key = |at: StepAt| match at {
        StepAt::Percent(percent) => (0, i64::from(percent)),
        StepAt::LateBy(span) => (1, span.0),
    };
    if let Some(before) = before
        && key(before.at) >= key(this.at)
    {
        step.log.wrong(
            &step.at,
            format!("this step is not later than the one above it ({})", said(before.at)),
            "put the steps in the order of their times, and join those of one time",
        );
    }
}

/// When a step is due, in words.
pub fn said(at: StepAt) -> String {
    match at {
        StepAt::Percent(percent) => format!("at {percent}%"),
        StepAt::LateBy(span) => format!("{span} late"),
    }
}

fn pager(cx: &Cx<'_>, item: &Item<'_>) -> Option<String> {
    let text = item.text()?;
    for kind in ["channel", "channel that reaches a person"] {
        if cx.names.has(kind, text) {
            item.wrong(
                format!("the channel {text:?} cannot page"),
                "name a pager, or tell the channel",
            );
            return None;
        }
    }
    cx.names.find("pager", text, item)
}

/// Everybody in a list of whom to tell; nothing when one of them is wrong.
fn tells(cx: &Cx<'_>, list: &[Item<'_>]) -> Option<Vec<Tell>> {
    let tells: Vec<Option<Tell>> = list
        .iter()
        .map(|item| match item.text()? {
            "owner" => Some(Tell::Owner),
            "manager" => Some(Tell::Manager),
            _ => named(cx, item, &["owner", "manager"]),
        })
        .collect();
    tells.into_iter().collect()
}

fn named(cx: &Cx<'_>, item: &Item<'_>, also: &[&str]) -> Option<Tell> {
    let text = item.text()?;
    if let Some(channel) = text.strip_prefix("channel:").map(str::trim) {
        if cx.names.has("channel that reaches a person", channel) {
            item.wrong(
                format!("the channel {channel:?} needs to know whom to write to"),
                "name the person, as in \"rep: ada\"; their tell_by says how they are reached",
            );
            return None;
        }
        if cx.names.has("pager", channel) {
            item.wrong(
                format!("{channel:?} is a pager"),
                format!("write page = {channel:?} beside \"tell\""),
            );
            return None;
        }
    }
    match cx.names.tagged(&["rep", "channel"], also, item)? {
        ("rep", rep) => Some(Tell::Rep(rep)),
        (_, channel) => Some(Tell::Channel(channel)),
    }
}

/// `alarm = […]`: whom to tell when a lead is stuck.
pub fn alarm(cx: &Cx<'_>, root: &Section<'_>) -> Vec<Tell> {
    let Some(item) = root.item("alarm") else {
        cx.log.warn_as(
            "alarm.nobody",
            &(0..0),
            "nobody hears of a lead that is stuck: there is no \"alarm\"",
            "write alarm = [\"channel: <id>\", \"rep: <id>\"] at the top",
        );
        return Vec::new();
    };
    let list = item.list().unwrap_or_default();
    list.iter().filter_map(|item| named(cx, item, &[])).collect()
}

/// A ladder must reach somebody beside the owner, who may be the one that does not answer.
fn ends_in_somebody(
    cx: &Cx<'_>,
    section: &Section<'_>,
    steps: &[LadderStep],
    reps: &BTreeMap<String, Rep>,
    pools: &BTreeMap<String, Pool>,
) {
    let told = || steps.iter().flat_map(|step| &step.tell);
    let is_named = |tell: &Tell| matches!(tell, Tell::Rep(_) | Tell::Channel(_));
    if steps.iter().any(|step| step.page.is_some()) || told().any(is_named) {
        return;
    }
    let mend = "tell a \"rep: …\" or a \"channel: …\", or page somebody";
    if !told().any(|tell| *tell == Tell::Manager) {
        let message = "this ladder ends in nobody but the owner";
        cx.log.wrong_as("escalation.nobody", &section.at, message, mend);
        return;
    }
    let members = pools.values().flat_map(|pool| &pool.members);
    let mut reps = members.filter_map(|member| reps.get(member.rep()?));
    if let Some(rep) = reps.find(|rep| rep.manager.is_none() && !rep.has_left) {
        let message = format!("this ladder ends in nobody for {}, who has no manager", rep.id);
        let mend = format!("{mend}, or name the manager");
        cx.log.wrong_as("escalation.nobody", &section.at, message, mend);
    }
}
