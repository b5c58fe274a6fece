//! Asking a CRM about many people at once, whatever is asked.
//!
//! Guarantees: one call for as many jobs as the CRM takes at once, under its gate and a lease; each
//! job is settled once, also when the CRM answered too few; what is not asked costs the gate
//! nothing. Does not know: what an answer means; the question settles.

use super::{Guarded, Worker, decide::Worked, gate::Took};
use crate::{
    crm::{Crm, Find, Found},
    model::{
        failure::Failure,
        job::{Claimed, JobKind, Settlement},
        time::Time,
    },
    store::StoreResult,
};

/// What came of one person: what the CRM knows, or why it did not say.
pub type Answer = Result<Found, Failure>;

/// One kind of question.
pub struct Question<'a> {
    /// The kind of its jobs.
    pub kind: JobKind,
    /// Whom a job asks about; none if it need not be asked any more.
    pub find: &'a (dyn Fn(&Claimed, Time) -> Option<Find> + Sync),
    /// What becomes of a job; none if it was not asked.
    pub settle: &'a (dyn Fn(&Claimed, Option<Answer>, Time) -> Settlement + Sync),
}

impl Worker {
    /// Asks one CRM about one batch of people.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn consult(
        &self,
        name: &str,
        crm: &Guarded<dyn Crm>,
        question: Question<'_>,
    ) -> StoreResult<Worked> {
        let max = crm.to.caps().find_max;
        let (jobs, lease) = match self.take(&crm.gate, question.kind, name, max).await? {
            Took::Nothing(worked) => return Ok(worked),
            Took::Jobs(jobs, lease) => (jobs, lease),
        };
        let now = self.clock.now();
        let (mut asked, mut people, mut settlements) = (Vec::new(), Vec::new(), Vec::new());
        for job in jobs {
            match (question.find)(&job, now) {
                Some(find) => {
                    asked.push(job);
                    people.push(find);
                }
                None => settlements.push((question.settle)(&job, None, now)),
            }
        }
        let mut is_back = false;
        if asked.is_empty() {
            crm.gate.unused(now);
        } else {
            let (answers, back) = lease.hold(self.ask(name, crm, people)).await;
            let now = self.clock.now();
            let each = asked.iter().zip(answers);
            settlements.extend(each.map(|(job, answer)| (question.settle)(job, Some(answer), now)));
            is_back = back;
        }
        for settlement in &settlements {
            self.metrics.attempt(question.kind, name, &settlement.verdict);
        }
        let done = settlements.len();
        self.store.settle(settlements, self.clock.now()).await?;
        self.if_back(is_back, name).await?;
        self.wakes.decide();
        Ok(Worked { done, is_more: true, next: None })
    }

    /// An answer for each of these, and whether the CRM is back.
    async fn ask(
        &self,
        name: &str,
        crm: &Guarded<dyn Crm>,
        people: Vec<Find>,
    ) -> (Vec<Answer>, bool) {
        let asked = people.len();
        let mut answers = crm.to.find(people, self.clock.now()).await;
        answers.resize_with(asked, || Err(Failure::MaybeDone));
        let failures = answers.iter().map(|one| one.as_ref().err());
        let is_back = self.report(name, &crm.gate, failures, self.clock.now());
        crm.gate.made(crm.to.calls());
        (answers, is_back)
    }
}
