//! The board: every lead that is owed an answer, in columns, and whether the books balance.
//!
//! Guarantees: bounded reads, whatever is in the store; what is not shown is counted. The whole
//! page and the part that live updates replace are made from the same view.
//! Does not know: how changes are announced (`live`), or why a lead is where it is (`lead`).

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use askama::Template;

use super::{
    super::Front,
    answer::{page, store_failed},
    books::Books,
    card::{self, Card},
    feed::{self, Line},
    open,
    people::{self, Outside, Standing},
    session,
    show::Moment,
};
use crate::{
    decide::{Desk, Reach},
    model::{
        alert::RaisedAlert,
        id::{LeadId, Seq},
        lead::State,
        plan::Decided,
        team::Team,
        time::Time,
    },
    rulebook::Rulebook,
    store::{DecisionFilter, LeadFilter, LeadRow, Page, Store, StoreResult, Tally},
};

/// Leads read for a column.
const READ_MAX: usize = 200;
/// Cards shown in a column.
const CARDS_MAX: usize = 30;
/// Lines of the newest decisions.
const LINES_MAX: i64 = 14;

/// Everything on the board.
#[derive(Clone, Debug)]
pub struct Board {
    /// Our time, for countdowns.
    pub now_ms: i64,
    /// The same to read.
    pub now: Moment,
    /// The last decision's number.
    pub seq: i64,
    /// The rulebook in force.
    pub rulebook: u32,
    /// The balance.
    pub books: Books,
    /// Alerts that are raised: name, what was found, how to mend it.
    pub alerts: Vec<(String, String, &'static str)>,
    /// The columns, in reading order.
    pub columns: Vec<Column>,
    /// Set aside, ever.
    pub set_aside: i64,
    /// In observe mode: the CRM connection that is looked at.
    pub observes: Option<String>,
    /// People.
    pub people: Vec<Standing>,
    /// Destinations.
    pub outside: Vec<Outside>,
    /// The newest decisions.
    pub lines: Vec<Line>,
}

/// A column.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name in style sheets.
    pub class: &'static str,
    /// Its title.
    pub title: &'static str,
    /// What it means.
    pub hint: &'static str,
    /// How many leads it has; `200+` when there are more than were counted.
    pub count: String,
    /// Said when it is empty.
    pub empty: &'static str,
    /// The first of them.
    pub cards: Vec<Card>,
    /// How many more there are.
    pub more: i64,
}

/// What the board is made from.
#[derive(Debug)]
pub struct Read {
    /// The books.
    pub tally: Tally,
    /// People.
    pub team: Team,
    /// Leads that wait, the newest first.
    pub waiting: Page<LeadRow>,
    /// Leads that are owed an answer.
    pub assigned: Page<LeadRow>,
    /// Those whose deadline has passed.
    pub late: Page<LeadRow>,
    /// Answered ones.
    pub answered: Page<LeadRow>,
    /// The newest decisions, the oldest first.
    pub decisions: Vec<Decided>,
    /// Alerts that are raised, or were.
    pub alerts: Vec<RaisedAlert>,
}

impl Read {
    /// Reads it all.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn from(store: &dyn Store, now: Time) -> StoreResult<Self> {
        let leads = |state, due_before, max| {
            store.leads(LeadFilter { state: Some(state), due_before, max, ..LeadFilter::default() })
        };
        let tally = store.tally(now).await?;
        let after = Seq((tally.last_seq - LINES_MAX).max(0));
        let newest = DecisionFilter { after: Some(after), max: 50 };
        Ok(Self {
            team: store.team().await?,
            waiting: leads(State::Waiting, None, READ_MAX).await?,
            assigned: leads(State::Assigned, None, READ_MAX).await?,
            late: leads(State::Assigned, Some(now), READ_MAX).await?,
            answered: leads(State::Answered, None, CARDS_MAX).await?,
            decisions: store.decisions(newest).await?.rows,
            alerts: store.alerts(None).await?,
            tally,
        })
    }
}

impl Board {
    /// The board as it is at `now`.
    #[must_use]
    pub fn of(book: &Rulebook, reach: &Reach, read: &Read, now: Time) -> Self {
        let cards = |rows: &mut dyn Iterator<Item = &LeadRow>| -> Vec<Card> {
            rows.map(|row| Card::of(book, &row.lead, now)).collect()
        };
        let state = |name: &str| read.tally.states.get(name).copied().unwrap_or(0);
        let is_late = |row: &&LeadRow| read.late.rows.iter().any(|late| late.row == row.row);
        let mut due = cards(&mut read.assigned.rows.iter().filter(|row| !is_late(row)));
        due.sort_by_key(|card| card.due.as_ref().map_or(i64::MAX, |due| due.at_ms));
        let mut late = cards(&mut read.late.rows.iter());
        late.sort_by_key(|card| card.due.as_ref().map_or(0, |due| due.at_ms));
        let late_count = i64::try_from(read.late.rows.len()).unwrap_or(0);
        let counted = |count: i64| {
            if read.late.next.is_some() { format!("{count}+") } else { count.to_string() }
        };
        let due_count = (state("assigned") - late_count).max(0);
        let columns = vec![
            column("waiting", cards(&mut read.waiting.rows.iter()), state("waiting")),
            column("running", due, due_count),
            Column { count: counted(late_count), ..column("late", late, late_count) },
            column("answered", cards(&mut read.answered.rows.iter()), state("answered")),
        ];
        let desk = Desk { book, reach, team: &read.team, now };
        let mut lines = feed::lines(book, &read.decisions, &known(read), now);
        lines.reverse();
        lines.truncate(usize::try_from(LINES_MAX).unwrap_or(0));
        Self {
            now_ms: now.0,
            now: Moment::to_the_second(now, now),
            seq: read.tally.last_seq,
            rulebook: book.version,
            books: Books::of(&read.tally),
            alerts: read.alerts.iter().filter(|one| one.over_at.is_none()).map(alert).collect(),
            columns,
            set_aside: state("set_aside"),
            observes: reach.observe.as_ref().map(|observing| observing.crm.clone()),
            people: people::standings(desk),
            outside: people::outside(reach, &read.tally),
            lines,
        }
    }
}

/// Who the leads of the columns are, for the newest decisions.
fn known(read: &Read) -> BTreeMap<LeadId, (uuid::Uuid, super::show::Markup)> {
    [&read.waiting, &read.assigned, &read.late, &read.answered]
        .into_iter()
        .flat_map(|page| &page.rows)
        .map(|row| (row.row, (row.lead.uuid, card::who(&row.lead.fields))))
        .collect()
}

fn alert(standing: &RaisedAlert) -> (String, String, &'static str) {
    let alert = standing.key.alert;
    let name = match standing.key.subject.as_str() {
        "" => alert.name().to_owned(),
        subject => format!("{} ({subject})", alert.name()),
    };
    (name, standing.says.clone(), alert.mend())
}

fn column(class: &'static str, mut cards: Vec<Card>, count: i64) -> Column {
    let (title, hint, empty) = match class {
        "waiting" => ("New", "nobody has it yet", "Nobody waits."),
        "running" => ("Due", "somebody has it; the clock runs", "Nobody is owed an answer."),
        "late" => ("Late", "nobody has answered in time", "Nothing is late."),
        _ => ("Answered", "the newest", "No answers yet."),
    };
    cards.truncate(CARDS_MAX);
    let shown = i64::try_from(cards.len()).unwrap_or(0);
    Column {
        class,
        title,
        hint,
        count: count.to_string(),
        empty,
        cards,
        more: (count - shown).max(0),
    }
}

/// The whole page.
#[derive(Template)]
#[template(path = "board.html")]
pub struct WholeBoard {
    /// The way to the root of the pages.
    pub root: &'static str,
    /// What is on it.
    pub board: Board,
    /// Ids and labels of a demo's buttons.
    pub buttons: Vec<(&'static str, String)>,
}

/// The part that live updates replace.
#[derive(Template)]
#[template(path = "board_live.html")]
pub struct LiveBoard {
    /// What is on it.
    pub board: Board,
}

/// `GET /` and `GET /board`.
pub async fn whole(request: HttpRequest, front: web::Data<Front>) -> HttpResponse {
    let buttons = front.demo.as_ref().map(|demo| demo.buttons()).unwrap_or_default();
    answer(&request, &front, |board| WholeBoard { root: "", board, buttons }).await
}

/// `GET /board/live`.
pub async fn part(request: HttpRequest, front: web::Data<Front>) -> HttpResponse {
    answer(&request, &front, |board| LiveBoard { board }).await
}

async fn answer<T: Template>(
    request: &HttpRequest,
    front: &Front,
    template: impl FnOnce(Board) -> T,
) -> HttpResponse {
    if session::of(front, request).is_none() {
        return open::closed(front, request);
    }
    let now = front.clock.now();
    match Read::from(&*front.store, now).await {
        Ok(read) => {
            let board = Board::of(&(front.book)(), &front.reach, &read, now);
            page(front, StatusCode::OK, &template(board))
        }
        Err(error) => store_failed(front, &error),
    }
}
