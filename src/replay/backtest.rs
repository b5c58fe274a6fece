//! Back-test: recorded leads in two worlds, the live rulebook's and a draft's.
//!
//! Guarantees: both worlds begin with the people of the first recorded instant and take the same
//! steps in order; what is kept grows with the leads that have another owner or promise in one of
//! the worlds, for they go on there, and not with those that are looked at. A draft that is the
//! live rulebook differs in nothing.
//! Does not know: what people would have done otherwise: every answer comes when it came.

use std::{collections::HashSet, sync::Arc};

use serde::Serialize;

use super::{
    Books, Replay,
    reading::{Read, Reading},
    world::{Recorded, Stepped, Stored, World},
};
use crate::{
    decide::{
        diff::{Diff, Move},
        placed::Placed,
        replay::saw_alone,
    },
    model::{
        id::{EventId, Seq},
        moved::Moved,
        plan::{Input, What},
        record::RecordRow,
        time::Time,
    },
    rulebook::Rulebook,
    store::{RecordFilter, Store, StoreResult, read::PAGE_MAX},
};

/// What to do when there is nothing to begin with.
pub const NOTHING: &str = "no decision was recorded since then, so there is nothing to test on: name \
                           an earlier time with --since, or bring leads of the time before with \
                           `handoff leads import` and test on those";

/// What a back-test came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Tested {
    /// Recorded decisions looked at.
    pub decisions: u64,
    /// Leads among them that were opened.
    pub leads: u64,
    /// Decisions without a record, left out.
    pub left_out: u64,
    /// Fills that the draft would map otherwise and that were read with the mapping of then, since
    /// their bodies are no longer kept.
    pub mapped_as_then: u64,
    /// What differs.
    pub diff: Diff,
    /// A projection from real answer times: answers after the deadline, as it is …
    pub late_before: u64,
    /// … and as it would be.
    pub late_after: u64,
}

/// A back-test under way.
pub struct Backtest {
    live: World,
    draft: World,
    known: HashSet<EventId>,
    tested: Tested,
}

impl Replay<'_> {
    /// Takes every recorded decision since then in both worlds; `each` gets every lead that is
    /// placed otherwise as it is found, `tell` hears of the progress. The inner error says why
    /// there is nothing to begin with.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn backtest(
        &mut self,
        (live, draft): (Arc<Rulebook>, Arc<Rulebook>),
        since: Time,
        mut each: impl FnMut(&Move),
        mut tell: impl FnMut(&Tested),
    ) -> StoreResult<Result<Tested, String>> {
        let Some(first) = first_recorded(self.store, since).await? else {
            return Ok(Err(NOTHING.to_owned()));
        };
        let Some(team) = self.before(first).await?.cloned() else {
            return Ok(Err("no state of people was kept before that time".to_owned()));
        };
        let mut test = Backtest {
            live: World::new(live, team.clone(), true),
            draft: World::new(draft, team, false),
            known: HashSet::new(),
            tested: Tested::default(),
        };
        let (store, books) = (self.store, &mut self.books);
        let mut reading = Reading::of(store);
        let mut after = Seq(first.0 - 1);
        loop {
            let filter = RecordFilter { after: Some(after), lead: None, max: PAGE_MAX };
            let page = store.records(filter).await?;
            for row in &page.rows {
                match test.take(&mut reading, books, row).await? {
                    Ok(moved) => moved.iter().for_each(&mut each),
                    Err(why) => return Ok(Err(format!("decision {}: {why}", row.seq.0))),
                }
            }
            tell(&test.tested);
            match page.next {
                Some(next) => after = Seq(next),
                None => return Ok(Ok(test.tested)),
            }
        }
    }
}

impl Backtest {
    /// Takes a recorded decision in both worlds; answers the lead if it is the first decision that
    /// places it otherwise. The inner error says why it does not read.
    async fn take(
        &mut self,
        reading: &mut Reading<'_>,
        books: &mut Books<'_>,
        row: &RecordRow,
    ) -> StoreResult<Result<Option<Move>, String>> {
        self.tested.decisions += 1;
        let moved = row.moved.as_deref().map_or_else(|| Ok(Moved::default()), serde_json::from_str);
        let moved: Moved = match moved {
            Ok(moved) => moved,
            Err(why) => return Ok(Err(format!("what it moved does not read: {why}"))),
        };
        if row.saw.as_deref().is_none_or(str::is_empty) {
            self.tested.left_out += 1;
            self.live.team.follow(&moved);
            self.draft.team.follow(&moved);
            return Ok(Ok(None));
        }
        let mut stored: Stored = match serde_json::from_str(&row.doc) {
            Ok(stored) => stored,
            Err(why) => return Ok(Err(format!("it does not read: {why}"))),
        };
        let said = stored.said();
        let saw = match saw_alone(row).and_then(|mut saw| saw.put_said(said).map(|()| saw)) {
            Ok(saw) => saw,
            Err(why) => return Ok(Err(why)),
        };
        let one = Recorded { row, saw: &saw, stored: &stored, moved: &moved };
        let read = reading.read(books, [&self.live, &self.draft], &one).await?;
        self.tested.mapped_as_then += u64::from(read.is_gone);
        Ok(Ok(self.step(&one, read)))
    }

    fn step(&mut self, one: &Recorded<'_>, read: Read) -> Option<Move> {
        self.tested.leads += u64::from(one.stored.what == What::Opened);
        if one.stored.what == What::Answered {
            self.note_answer(one);
        }
        let owners = [&self.live, &self.draft].map(|world| world.owner_before(one));
        let otherwise = read.inputs.each_ref().map(|input| is_otherwise(one, input.as_ref()));
        let [of_live, of_draft] = read.inputs;
        let (live, draft) = (self.live.step(one, of_live), self.draft.step(one, of_draft));
        if matches!((&live, &draft), (Stepped::AsRecorded, Stepped::AsRecorded)) {
            return None;
        }
        let recorded = one.stored.placed(one.saw.lead.as_deref());
        let [of_live, of_draft] = [&live, &draft].map(|stepped| match stepped {
            Stepped::AsRecorded => recorded.clone(),
            Stepped::Decided(lead) => lead.as_deref().map(Placed::of).unwrap_or_default(),
        });
        let both = [&of_live, &of_draft].into_iter().zip(owners).zip([false, true]);
        for ((placed, before), is_after) in both {
            if let Some(owner) = &placed.owner
                && before.as_ref() != Some(owner)
            {
                self.tested.diff.gave(owner, is_after);
            }
        }
        let lead = one.key().zip(one.lead()).filter(|(key, _)| !self.known.contains(key));
        let moved = lead.and_then(|(key, lead)| {
            let moved = self.tested.diff.add(lead, of_live, of_draft)?;
            self.known.insert(key);
            Some(moved)
        });
        self.live.keep(one, live, &recorded, otherwise[0]);
        self.draft.keep(one, draft, &recorded, otherwise[1]);
        moved
    }

    /// Whether an answer came in time in each world.
    fn note_answer(&mut self, one: &Recorded<'_>) {
        let is_late = |world: &World| {
            let lead = world.before(one);
            let deadline = lead.and_then(|lead| Some(lead.ladder?.first_deadline));
            u64::from(deadline.is_some_and(|deadline| deadline < one.stored.at))
        };
        self.tested.late_before += is_late(&self.live);
        self.tested.late_after += is_late(&self.draft);
    }
}

/// Whether a fill that was read again says something else than recorded.
fn is_otherwise(one: &Recorded<'_>, input: Option<&Input>) -> bool {
    match input {
        None => false,
        Some(Input::Fill(draft)) => {
            one.saw.fields.as_deref() != Some(&draft.fields)
                || one.saw.intent.as_deref() != draft.intent.as_deref()
        }
        Some(_) => one.saw.unreadable.is_none(),
    }
}

/// The first decision at or after this time with a record.
async fn first_recorded(store: &dyn Store, since: Time) -> StoreResult<Option<Seq>> {
    let at = async |after: i64| -> StoreResult<Option<(Seq, Time, bool)>> {
        let filter = RecordFilter { after: Some(Seq(after)), lead: None, max: 1 };
        let row = store.records(filter).await?.rows.into_iter().next();
        Ok(row.and_then(|row| {
            let stored: Stored = serde_json::from_str(&row.doc).ok()?;
            Some((row.seq, stored.at, row.saw.is_some()))
        }))
    };
    let (mut low, mut high) = (0, store.tally(since).await?.last_seq);
    // Records begin once and go on: what is early or has none lies before what is not.
    while low < high {
        let middle = low + (high - low) / 2;
        match at(middle).await? {
            Some((_, at, is_recorded)) if at < since || !is_recorded => low = middle + 1,
            Some(_) => high = middle,
            None => return Ok(None),
        }
    }
    Ok(at(low).await?.map(|(seq, ..)| seq))
}
