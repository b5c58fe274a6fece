//! Bulk re-routing: show, start, look, stop.
//!
//! Guarantees: nothing is done that was not shown before: a run is made by a dry run and started by
//! its id, and refused when by then more than one lead in ten would fare otherwise. A run that was
//! stopped goes on where it stood. Does not know: how it is done; `worker::reroute` does.

use std::collections::BTreeSet;

use actix_web::{HttpResponse, http::StatusCode, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Sent, bad, missing, ready, store};
use crate::{
    decide::reroute,
    http::{Front, auth::Caller, problem::Problem},
    model::{
        goal::Goal,
        id::hash64,
        lead::{Lead, State},
        reroute::{
            EXAMPLES_MAX, Fares, LEADS_MAX, Planned, REROUTE, REROUTE_LEADS, RunHead, Select,
            Stage, Wish, is_as_shown,
        },
        time::Time,
    },
    store::{
        LeadFilter, Papers,
        paper::{self, Amended},
        read::PAGE_MAX,
    },
};

/// The most runs that are kept.
const RUNS_MAX: usize = 200;

pub fn routes(config: &mut web::ServiceConfig) {
    config
        .route("/reroutes", web::get().to(list))
        .route("/reroutes", web::post().to(show))
        .route("/reroutes/{run}", web::get().to(one))
        .route("/reroutes/{run}", web::post().to(start))
        .route("/reroutes/{run}", web::delete().to(stop));
}

fn with_id(name: &str, head: &str) -> Value {
    let head: Value = serde_json::from_str(head).unwrap_or_default();
    ready::and(head, "id", name.trim_start_matches(REROUTE))
}

async fn list(front: web::Data<Front>) -> Answer {
    let found = front.store.papers(Papers::Under(REROUTE.to_owned())).await;
    let found = found.map_err(|error| store(&front, &error))?;
    let runs: Vec<Value> =
        found.iter().rev().map(|paper| with_id(&paper.name, &paper.head)).collect();
    Ok(HttpResponse::Ok().json(json!({ "runs": runs })))
}

async fn one(run: web::Path<String>, front: web::Data<Front>) -> Answer {
    let run = run.as_str();
    let (head, _) = run_of(&front, run).await?;
    Ok(HttpResponse::Ok().json(ready::and(json!(head), "id", run)))
}

async fn run_of(front: &Front, run: &str) -> Result<(RunHead, Vec<Planned>), Problem> {
    let none = || missing(front, "no re-routing has this id");
    let read = async |name: String| {
        let found = paper::named(front.store.as_ref(), &name).await;
        found.map_err(|error| store(front, &error))?.ok_or_else(none)
    };
    let head = read(format!("{REROUTE}{run}")).await?;
    let leads = read(format!("{REROUTE_LEADS}{run}")).await?;
    let head = serde_json::from_str(&head.head).map_err(|_| none())?;
    let leads = serde_json::from_str(&leads.body.unwrap_or_default()).map_err(|_| none())?;
    Ok((head, leads))
}

/// What is to be shown.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Show {
    select: Select,
    to: Goal,
    #[serde(default)]
    force: bool,
    why: Option<String>,
}

async fn show(caller: Caller, Sent(asked): Sent<Show>, front: web::Data<Front>) -> Answer {
    let Show { select, to, force, why } = asked;
    let wish = Wish { select, to, force, why };
    if wish.select.is_empty() {
        return Err(bad(&front, "say which leads: a rep, a pool, a rule, a time or their ids"));
    }
    if matches!(wish.select.state, Some(State::Answered | State::SetAside)) {
        return Err(bad(&front, "only leads that are assigned or wait can be re-routed"));
    }
    let book = (front.book)();
    match &wish.to {
        Goal::Rep(rep) if book.reps.get(rep).is_none_or(|rep| rep.has_left) => {
            return Err(bad(&front, "`to` is no rep of the rulebook who is still with us"));
        }
        Goal::Pool(pool) if !book.pools.contains_key(pool) => {
            return Err(bad(&front, "`to` is no pool of the rulebook"));
        }
        _ => {}
    }
    let found = runs(&front).await?;
    if found >= RUNS_MAX {
        forget_old(&front).await?;
    }
    let planned = preview(&front, &wish).await?;
    let now = front.clock.now();
    let head = RunHead {
        stage: Stage::Shown,
        wish,
        author: caller.0,
        at: now,
        rulebook: book.version,
        total: planned.len(),
        shown: Fares::of(&planned),
        sent: 0,
        seen: 0,
        became: Fares::default(),
        next_at: Time(0),
    };
    let run = id_of(&head);
    keep(&front, &run, &head, &planned).await?;
    let examples = planned.get(..planned.len().min(EXAMPLES_MAX)).unwrap_or_default();
    let answer = ready::and(ready::and(json!(head), "id", run), "examples", json!(examples));
    Ok(HttpResponse::Ok().json(answer))
}

/// Sorts by when it was shown.
fn id_of(head: &RunHead) -> String {
    let text = serde_json::to_string(head).unwrap_or_default();
    let tail = hash64(&[text.as_bytes()]).unsigned_abs() & 0xffff;
    format!("{:011x}-{tail:04x}", head.at.0)
}

async fn runs(front: &Front) -> Result<usize, Problem> {
    let found = front.store.papers(Papers::Under(REROUTE.to_owned())).await;
    Ok(found.map_err(|error| store(front, &error))?.len())
}

/// Runs that were only shown, or are long over, make room: the oldest half of them.
async fn forget_old(front: &Front) -> Result<(), Problem> {
    let found = front.store.papers(Papers::Under(REROUTE.to_owned())).await;
    let found = found.map_err(|error| store(front, &error))?;
    let over = found.iter().filter(|paper| {
        let head = serde_json::from_str::<RunHead>(&paper.head);
        head.is_ok_and(|head| matches!(head.stage, Stage::Shown | Stage::Done))
    });
    for paper in over.take(RUNS_MAX / 2) {
        let run = paper.name.trim_start_matches(REROUTE);
        for name in [paper.name.clone(), format!("{REROUTE_LEADS}{run}")] {
            let gone = |_: Option<&str>| (Amended::Gone, ());
            let gone = paper::amend(front.store.as_ref(), &name, gone).await;
            gone.map_err(|error| store(front, &error))?;
        }
    }
    Ok(())
}

async fn keep(
    front: &Front,
    run: &str,
    head: &RunHead,
    planned: &[Planned],
) -> Result<(), Problem> {
    let head = serde_json::to_string(head).unwrap_or_default();
    let body = serde_json::to_string(planned).unwrap_or_default();
    // The leads first: a head without them would be a run of none.
    for (name, head, body) in [
        (format!("{REROUTE_LEADS}{run}"), "{}".to_owned(), body),
        (format!("{REROUTE}{run}"), head, String::new()),
    ] {
        let whole =
            move |_: Option<&str>| (Amended::Whole { head: head.clone(), body: body.clone() }, ());
        let kept = paper::amend(front.store.as_ref(), &name, whole).await;
        kept.map_err(|error| store(front, &error))?;
    }
    Ok(())
}

/// Who would get what, now.
async fn preview(front: &Front, wish: &Wish) -> Result<Vec<Planned>, Problem> {
    let leads = chosen(front, &wish.select).await?;
    let team = front.store.team().await.map_err(|error| store(front, &error))?;
    let (book, reach, now) = ((front.book)(), front.reach.clone(), front.clock.now());
    let wish = wish.clone();
    let shown = web::block(move || {
        let order = |lead: &Lead| reroute::order(&wish, "", lead.uuid, lead.owner.clone());
        reroute::preview((&book, &reach), team, &leads, order, now)
    });
    shown.await.map_err(|_| bad(front, "the preview failed inside handoff"))
}

/// The leads that are meant, oldest first.
async fn chosen(front: &Front, select: &Select) -> Result<Vec<Lead>, Problem> {
    let mut leads = Vec::new();
    let too_many = || {
        let detail =
            format!("these are more than {LEADS_MAX} leads: choose fewer, with a time for example");
        bad(front, &detail)
    };
    if !select.leads.is_empty() {
        if select.leads.len() > LEADS_MAX {
            return Err(too_many());
        }
        // A lead that is named twice goes once.
        for id in &select.leads.iter().collect::<BTreeSet<_>>() {
            let story = front.store.lead(**id).await.map_err(|error| store(front, &error))?;
            leads.extend(story.map(|story| story.lead).filter(|lead| select.chooses(lead)));
        }
        leads.sort_by_key(|lead| lead.id);
        return Ok(leads);
    }
    let states = [State::Waiting, State::Assigned];
    for state in states.into_iter().filter(|one| select.state.is_none_or(|state| state == *one)) {
        let mut before = None;
        loop {
            let owner = select.rep.clone();
            let filter = LeadFilter {
                state: Some(state),
                owner,
                before,
                max: PAGE_MAX,
                ..LeadFilter::default()
            };
            let page = front.store.leads(filter).await.map_err(|error| store(front, &error))?;
            let meant = page.rows.into_iter().map(|row| row.lead);
            leads.extend(meant.filter(|lead| select.chooses(lead)));
            if leads.len() > LEADS_MAX {
                return Err(too_many());
            }
            before = page.next;
            if before.is_none() {
                break;
            }
        }
    }
    leads.sort_by_key(|lead| lead.id);
    Ok(leads)
}

/// The id is the word; a number of leads is one more.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Start {
    /// So many leads were shown.
    leads: Option<usize>,
}

async fn start(
    caller: Caller,
    run: web::Path<String>,
    Sent(asked): Sent<Start>,
    front: web::Data<Front>,
) -> Answer {
    let run = run.as_str();
    let (head, planned) = run_of(&front, run).await?;
    let conflict = |detail: String| {
        let problem = Problem::new(StatusCode::CONFLICT, "not started", front.reference());
        problem.detail(detail)
    };
    if asked.leads.is_some_and(|leads| leads != head.total) {
        return Err(conflict(format!("{} leads were shown", head.total)));
    }
    match head.stage {
        Stage::Running | Stage::Done => return Err(conflict("it was started already".to_owned())),
        Stage::Shown if !is_as_shown(&planned, &preview(&front, &head.wish).await?) => {
            let detail = "more than one lead in ten would fare otherwise by now: look at a new dry \
                          run";
            return Err(conflict(detail.to_owned()));
        }
        Stage::Shown | Stage::Stopped => {}
    }
    let by = caller.0.clone();
    let head = staged(&front, run, move |head| {
        let may = matches!(head.stage, Stage::Shown | Stage::Stopped);
        if may {
            head.stage = if head.total == 0 { Stage::Done } else { Stage::Running };
            head.author.clone_from(&by);
        }
        may
    })
    .await?;
    let head = head.ok_or_else(|| conflict("it was started already".to_owned()))?;
    (front.wake_jobs)();
    tracing::info!(by = caller.0, run, leads = head.total, "leads are re-routed");
    Ok(HttpResponse::Accepted().json(ready::and(json!(head), "id", run)))
}

async fn stop(caller: Caller, run: web::Path<String>, front: web::Data<Front>) -> Answer {
    let run = run.as_str();
    let head = staged(&front, run, |head| {
        let may = head.stage == Stage::Running;
        if may {
            head.stage = Stage::Stopped;
        }
        may
    })
    .await?;
    let head = head.ok_or_else(|| missing(&front, "no re-routing of this id is under way"))?;
    tracing::info!(by = caller.0, run, "a re-routing was stopped");
    Ok(HttpResponse::Ok().json(ready::and(json!(head), "id", run)))
}

/// Changes a run's head; none if the change was not to be made.
async fn staged(
    front: &Front,
    run: &str,
    change: impl Fn(&mut RunHead) -> bool + Send + Sync + 'static,
) -> Result<Option<RunHead>, Problem> {
    let name = format!("{REROUTE}{run}");
    let amended = paper::amend(front.store.as_ref(), &name, move |text| {
        let head = text.and_then(|text| serde_json::from_str::<RunHead>(text).ok());
        let Some(mut head) = head else { return (Amended::Kept, None) };
        if !change(&mut head) {
            return (Amended::Kept, None);
        }
        match serde_json::to_string(&head) {
            Ok(text) => (Amended::Head(text), Some(head)),
            Err(_) => (Amended::Kept, None),
        }
    });
    amended.await.map_err(|error| store(front, &error))
}
