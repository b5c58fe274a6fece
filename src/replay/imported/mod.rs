//! Back-test on imported leads: who got what in the time before, and who would get it by a draft.
//!
//! `owners` says which rep was meant, `past` lets the draft decide; here both are compared.
//!
//! Guarantees: every imported lead is counted in exactly one way; of leads only counts are kept and
//! a few that differ; all of them are handed over as they come.
//! Does not know: how the people of then stood in their rotations: another turn of the same pool is
//! counted apart from another pool.

mod owners;
mod past;

use std::{collections::BTreeMap, sync::Arc};

use serde::Serialize;

use self::{
    owners::Owners,
    past::{Decided, Past},
};
use crate::{
    decide::{
        diff::Load,
        matching::{Builder, Mirror},
        placed::Placed,
        sla,
    },
    model::{lead::State, time::Time},
    rulebook::Rulebook,
    store::{ImportKey, Store, StoreResult, imported, mirror::ACCOUNTS_MAX},
};

/// Leads that are read at once.
const PAGE: usize = 1_000;
/// Differences that are kept to be shown.
const SHOWN_MAX: usize = 20;
/// Owners whom the rulebook does not know and that are named.
const UNKNOWN_MAX: usize = 1_000;

/// How a draft's decision stands to what was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Agrees {
    /// The same owner.
    Owner,
    /// Another one of the pool that gives it, who was as good a choice.
    Pool,
    /// Somebody else.
    Elsewhere,
    /// Nobody: it waits.
    Waiting,
    /// Nobody: it is set aside.
    SetAside,
    /// It had no owner.
    Unowned,
    /// It had one whom the rulebook does not know.
    Unknown,
}

impl Agrees {
    /// Its word in JSON and columns.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Pool => "pool",
            Self::Elsewhere => "elsewhere",
            Self::Waiting => "waiting",
            Self::SetAside => "set_aside",
            Self::Unowned => "unowned",
            Self::Unknown => "unknown",
        }
    }
}

/// One lead, compared.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Compared {
    /// When it came.
    pub at: Time,
    /// Where from.
    pub source: String,
    /// Whose it is: the address, else the telephone.
    pub person: String,
    /// The owner as it was written.
    pub owner: Option<String>,
    /// The rep who is meant.
    pub rep: Option<String>,
    /// Where the draft has it.
    pub to: Placed,
    /// How both stand to each other.
    pub agrees: Agrees,
}

/// Leads that a rule of the draft placed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct OfRule {
    /// All with an owner whom the rulebook knows.
    pub leads: u64,
    /// The same owner.
    pub same_owner: u64,
    /// Another one of the same pool.
    pub same_pool: u64,
    /// Somebody else, or nobody.
    pub elsewhere: u64,
}

/// What a back-test on imported leads came to.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Tried {
    /// Imported leads looked at …
    pub leads: u64,
    /// … from this time …
    pub from: Option<Time>,
    /// … to this.
    pub to: Option<Time>,
    /// Had no owner.
    pub unowned: u64,
    /// Had one whom the draft does not know, by what was written; few are named.
    pub unknown: BTreeMap<String, u64>,
    /// How many.
    pub unknown_leads: u64,
    /// Had one whom it knows: those that are compared.
    pub compared: u64,
    /// Get the same owner.
    pub same_owner: u64,
    /// Get another one of a pool in which the owner is too.
    pub same_pool: u64,
    /// Get somebody else.
    pub elsewhere: u64,
    /// Had an owner and get none, by what becomes of them.
    pub newly: BTreeMap<&'static str, u64>,
    /// Those that are compared, by the draft's rule.
    pub by_rule: BTreeMap<String, OfRule>,
    /// Leads given, by rep: in the import, and by the draft.
    pub reps: BTreeMap<String, Load>,
    /// Waited at first for somebody to be there.
    pub waited: u64,
    /// Say when they were answered, had a known owner and get one: a projection is made of them.
    pub projected: u64,
    /// Answered after the draft's deadline, as its SLA would have been for who had them …
    pub late_before: u64,
    /// … and for who would have them.
    pub late_after: u64,
    /// The first that go elsewhere.
    pub first: Vec<Compared>,
}

/// Lets a draft decide what was imported, from this time on. People's absences are those of now, and
/// so are the accounts. `each` hears of every lead in the order in which they are placed, `tell` of
/// the progress.
///
/// # Errors
/// Those of the store.
pub async fn imported(
    store: &dyn Store,
    draft: Arc<Rulebook>,
    since: Option<Time>,
    mut each: impl FnMut(&Compared),
    mut tell: impl FnMut(&Tried),
) -> StoreResult<Tried> {
    let (mirror, team) = (mirror(store).await?, store.team().await?);
    let owners = Owners::of(&draft);
    let mut past = Past::new(draft, Arc::new(mirror), team);
    let mut tried = Tried::default();
    let mut after: ImportKey = (since.unwrap_or(Time(i64::MIN)), String::new(), String::new());
    loop {
        let page = store.imported(after.clone(), PAGE).await?;
        let Some(last) = page.last() else { break };
        after = imported::key(last);
        for row in page {
            tried.leads += 1;
            tried.from.get_or_insert(row.at);
            tried.to = Some(row.at);
            past.take(row, &mut |past, one| each(&tried.compare((past, &owners), one)));
        }
        tell(&tried);
    }
    past.end(&mut |past, one| each(&tried.compare((past, &owners), one)));
    Ok(tried)
}

/// The mirror of accounts as it is now.
async fn mirror(store: &dyn Store) -> StoreResult<Mirror> {
    let version = store.mirror_version().await?;
    let (mut builder, mut after) = (Builder::default(), None);
    loop {
        let rows = store.accounts(after, ACCOUNTS_MAX).await?;
        let Some(last) = rows.last() else { return Ok(builder.finish(version)) };
        after = Some((last.origin.clone(), last.account.id.clone()));
        for row in &rows {
            builder.add(&row.origin, &row.account);
        }
    }
}

impl Tried {
    fn compare(&mut self, (past, owners): (&Past, &Owners), one: &Decided) -> Compared {
        let book = past.desk(one.row.at).book;
        let Decided { row, lead, has_waited } = one;
        self.waited += u64::from(*has_waited);
        let to = Placed::of(lead);
        let is_given = to.state == Some(State::Assigned);
        let rep = row.owner.as_deref().and_then(|owner| owners.rep(owner));
        if let Some(owner) = to.owner.as_deref().filter(|_| is_given) {
            load(&mut self.reps, owner).after += 1;
        }
        let is_of_pool = |rep: &str| {
            let pools = lead.through.iter().chain(&lead.pool);
            pools.clone().any(|pool| book.reps_of(pool).contains(&rep))
        };
        let agrees = match (&row.owner, rep) {
            (None, _) => Agrees::Unowned,
            (Some(_), None) => Agrees::Unknown,
            (Some(_), Some(rep)) => match to.state {
                Some(State::SetAside) => Agrees::SetAside,
                _ if !is_given => Agrees::Waiting,
                _ if to.owner.as_deref() == Some(rep) => Agrees::Owner,
                _ if is_of_pool(rep) => Agrees::Pool,
                _ => Agrees::Elsewhere,
            },
        };
        let compared = Compared {
            at: row.at,
            source: row.source.clone(),
            person: row.person().to_owned(),
            owner: row.owner.clone(),
            rep: rep.map(str::to_owned),
            to,
            agrees,
        };
        self.project(past, one, rep);
        self.count(&compared);
        compared
    }

    fn count(&mut self, one: &Compared) {
        let Some(rep) = &one.rep else {
            let Some(owner) = &one.owner else {
                self.unowned += 1;
                return;
            };
            self.unknown_leads += 1;
            if let Some(count) = self.unknown.get_mut(owner) {
                *count += 1;
            } else if self.unknown.len() < UNKNOWN_MAX {
                self.unknown.insert(owner.clone(), 1);
            }
            return;
        };
        self.compared += 1;
        load(&mut self.reps, rep).before += 1;
        let rule = one.to.rule.as_deref().unwrap_or("no rule");
        let of_rule = self.by_rule.entry(rule.to_owned()).or_default();
        of_rule.leads += 1;
        let (all, of_rule) = match one.agrees {
            Agrees::Owner => (&mut self.same_owner, &mut of_rule.same_owner),
            Agrees::Pool => (&mut self.same_pool, &mut of_rule.same_pool),
            Agrees::Waiting | Agrees::SetAside => {
                (self.newly.entry(one.agrees.word()).or_default(), &mut of_rule.elsewhere)
            }
            _ => (&mut self.elsewhere, &mut of_rule.elsewhere),
        };
        *all += 1;
        *of_rule += 1;
        let is_elsewhere = !matches!(one.agrees, Agrees::Owner | Agrees::Pool);
        if is_elsewhere && self.first.len() < SHOWN_MAX {
            self.first.push(one.clone());
        }
    }

    /// Whether its answer came in time, by the draft's SLA, for who had it and for who would.
    fn project(&mut self, past: &Past, one: &Decided, rep: Option<&str>) {
        let desk = past.desk(one.row.at);
        let ladder = one.lead.ladder.as_ref().filter(|_| one.lead.state == State::Assigned);
        let sla = ladder.and_then(|ladder| desk.book.slas.get(&ladder.sla));
        let (Some(rep), Some(answered_at), Some(ladder), Some(sla)) =
            (rep, one.row.answered_at, ladder, sla)
        else {
            return;
        };
        let was = sla::after(desk, sla, rep, one.row.at, sla.respond_within);
        self.projected += 1;
        self.late_before += u64::from(answered_at > was);
        self.late_after += u64::from(answered_at > ladder.deadline);
    }
}

fn load<'l>(reps: &'l mut BTreeMap<String, Load>, rep: &str) -> &'l mut Load {
    reps.entry(rep.to_owned()).or_default()
}

#[cfg(test)]
mod tests;
