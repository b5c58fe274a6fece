//! Back-test: recorded leads in two worlds, the live rulebook's and a draft's.
//!
//! Guarantees: both worlds begin with the people of the first recorded instant and take the same
//! steps in order; memory grows with the leads that differ, not with those that are looked at. A
//! draft that is the live rulebook differs in nothing.
//! Does not know: what people would have done otherwise: every answer comes when it came.

use std::{collections::HashSet, sync::Arc};

use serde::Serialize;

use super::{
    Replay,
    world::{Recorded, Stored, World},
};
use crate::{
    decide::{diff::Diff, placed::Placed, replay::saw},
    model::{
        id::{EventId, Seq},
        lead::Lead,
        moved::Moved,
        plan::What,
        record::RecordRow,
        time::Time,
    },
    rulebook::Rulebook,
    store::{RecordFilter, Store, StoreResult, read::PAGE_MAX},
};

/// What a back-test came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Tested {
    /// Recorded decisions looked at.
    pub decisions: u64,
    /// Leads among them that were opened.
    pub leads: u64,
    /// Decisions without a record, left out.
    pub left_out: u64,
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
    /// Takes every recorded decision since then in both worlds; `tell` hears of the progress. The
    /// inner error says why there is nothing to begin with.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn backtest(
        &mut self,
        (live, draft): (Arc<Rulebook>, Arc<Rulebook>),
        since: Time,
        mut tell: impl FnMut(&Tested),
    ) -> StoreResult<Result<Tested, String>> {
        let Some(first) = first_recorded(self.store, since).await? else {
            return Ok(Err("no decision of that time has a record".to_owned()));
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
        let mut after = Seq(first.0 - 1);
        loop {
            let filter = RecordFilter { after: Some(after), lead: None, max: PAGE_MAX };
            let page = self.store.records(filter).await?;
            for row in &page.rows {
                if let Err(why) = test.take(row) {
                    return Ok(Err(format!("decision {}: {why}", row.seq.0)));
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
    fn take(&mut self, row: &RecordRow) -> Result<(), String> {
        self.tested.decisions += 1;
        let moved: Moved = match &row.moved {
            Some(text) => serde_json::from_str(text).map_err(|why| why.to_string())?,
            None => Moved::default(),
        };
        if row.saw.as_deref().is_none_or(str::is_empty) {
            self.tested.left_out += 1;
            self.live.team.follow(&moved);
            self.draft.team.follow(&moved);
            return Ok(());
        }
        let stored: Stored =
            serde_json::from_str(&row.doc).map_err(|why| format!("it does not read: {why}"))?;
        let saw = saw(row)?;
        let one = Recorded { row, saw: &saw, stored: &stored, moved: &moved };
        self.tested.leads += u64::from(stored.what == What::Opened);
        if stored.what == What::Answered {
            self.note_answer(&one);
        }
        let owners = [&self.live, &self.draft].map(|world| owner_before(world, &one));
        let (live, draft) = (self.live.step(&one), self.draft.step(&one));
        if live.is_none() && draft.is_none() {
            return Ok(());
        }
        let of = |lead: Option<Lead>| lead.as_ref().map(Placed::of).unwrap_or_default();
        let recorded = stored.placed(of(saw.lead_before()));
        let of_live = live.as_ref().map_or_else(|| recorded.clone(), Placed::of);
        let of_draft = match &draft {
            Some(lead) => Placed::of(lead),
            None => of(self.draft.before(&one)),
        };
        let both = [&of_live, &of_draft].into_iter().zip(owners).zip([false, true]);
        for ((placed, before), is_after) in both {
            if let Some(owner) = &placed.owner
                && before.as_ref() != Some(owner)
            {
                self.tested.diff.gave(owner, is_after);
            }
        }
        if let Some(lead) = &draft
            && !self.known.contains(&lead.event)
            && self.tested.diff.add(lead.uuid, of_live, of_draft)
        {
            self.known.insert(lead.event);
        }
        for (world, after) in [(&mut self.live, live), (&mut self.draft, draft)] {
            keep(world, after, &recorded);
        }
        Ok(())
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

fn owner_before(world: &World, one: &Recorded<'_>) -> Option<String> {
    if one.stored.what == What::Opened {
        return None;
    }
    let lead = one.saw.lead.as_ref()?;
    let here = world.elsewhere.get(&lead.event);
    here.map_or_else(|| lead.owner.clone(), |lead| lead.owner.clone())
}

/// A lead that is placed as recorded needs no keeping.
fn keep(world: &mut World, after: Option<Lead>, recorded: &Placed) {
    let Some(mut lead) = after else { return };
    if Placed::of(&lead) == *recorded {
        world.elsewhere.remove(&lead.event);
    } else {
        lead.id = crate::model::id::LeadId(lead.event.0);
        world.elsewhere.insert(lead.event, lead);
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
