//! Simulated sales people: they read their mails and answer, or don't.
//!
//! Guarantees: all they know is in their messages and behind the links in them; how somebody
//! treats a lead follows from who both are, so every run goes alike. Who is ill does nothing.
//! Does not know: the daemon's inside, nor what the account will say.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::watch, task::JoinSet};
use uuid::Uuid;

use super::{
    channels::{posts::Post, smtp::Received},
    hands::Hands,
    house::House,
    letter::Letter,
    script::Script,
};
use crate::{
    clock::Clock as _,
    model::{
        id::digest,
        lead::{Lead, State},
        news::ResponseKind,
        time::{Span, Time},
    },
};

/// How a rep treats a lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    /// Answers and presses the button.
    Answers,
    /// Answers and sets the status in the CRM.
    SetsStatus,
    /// Calls; the dialler tells handoff.
    Calls,
    /// Says "on it" first.
    OnIt,
    /// Finds that it is not a fit, or not now.
    NotAFit,
    Nurture,
    /// Answers after the deadline.
    Late,
    /// Never answers.
    Forgets,
}

impl Manner {
    /// How this rep treats this person.
    fn of(rep: &str, email: &str) -> Self {
        if email == Script::forgotten() {
            return Self::Forgets;
        }
        match share(&[b"manner", rep.as_bytes(), email.as_bytes()]) {
            0..43 => Self::Answers,
            43..58 => Self::SetsStatus,
            58..70 => Self::Calls,
            70..80 => Self::OnIt,
            80..86 => Self::NotAFit,
            86..90 => Self::Nurture,
            90..97 => Self::Late,
            _ => Self::Forgets,
        }
    }
}

/// From 0 to 99, derived.
fn share(parts: &[&[u8]]) -> i64 {
    let [first, second, ..] = digest(parts);
    i64::from(u16::from_be_bytes([first, second])) * 100 / 65_536
}

/// All of them.
pub struct Sellers {
    house: Arc<House>,
    hands: Hands,
    /// What each is busy with.
    busy: Mutex<BTreeSet<(String, Uuid)>>,
    ill: Mutex<BTreeSet<String>>,
    /// The newest lead of each, with its link.
    newest: Mutex<BTreeMap<String, String>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Sellers {
    /// Hires them.
    ///
    /// # Errors
    /// When there is no HTTP client.
    pub fn new(house: Arc<House>) -> anyhow::Result<Self> {
        let hands = Hands::new(Arc::clone(&house))?;
        Ok(Self {
            house,
            hands,
            busy: Mutex::default(),
            ill: Mutex::default(),
            newest: Mutex::default(),
        })
    }

    /// What they act with.
    #[must_use]
    pub fn hands(&self) -> &Hands {
        &self.hands
    }

    /// Somebody falls ill: says so on the page of the newest lead, and touches nothing more.
    pub async fn falls_ill(&self, rep: &str) {
        lock(&self.ill).insert(rep.to_owned());
        let link = lock(&self.newest).get(rep).cloned();
        let said = match link {
            Some(link) => self.hands.press(&link, "out_today", "").await,
            None => false,
        };
        if !said {
            self.hands.away(rep).await;
        }
    }

    /// Somebody is well again.
    pub async fn is_well(&self, rep: &str) {
        lock(&self.ill).remove(rep);
        self.hands.back(rep).await;
    }

    /// Whether this one is ill.
    #[must_use]
    pub fn is_ill(&self, rep: &str) -> bool {
        lock(&self.ill).contains(rep)
    }

    /// Reads mails and pages until the stop.
    pub async fn work(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let (mut mails, mut pages) = (0, 0);
        let mut tasks = JoinSet::new();
        loop {
            let quiet = Duration::from_millis(500);
            tokio::select! {
                all = self.house.mail.mails().wait_for(mails + 1, quiet) => {
                    for mail in all.iter().skip(mails) {
                        self.reads(mail, &mut tasks);
                    }
                    mails = all.len();
                }
                all = self.house.chat.posts().wait_for(pages + 1, quiet) => {
                    for post in all.iter().skip(pages) {
                        self.is_paged(post, &mut tasks);
                    }
                    pages = all.len();
                }
                _ = stop.changed() => return,
            }
            while tasks.try_join_next().is_some() {}
        }
    }

    fn reads(self: &Arc<Self>, mail: &Received, tasks: &mut JoinSet<()>) {
        let letter = Letter::read(&mail.content);
        let rep = mail.to.first().and_then(|to| to.split_once('@')).map(|(rep, _)| rep);
        let Some(rep) = rep.filter(|_| letter.brings_leads()) else { return };
        for (lead, link) in letter.leads {
            if !lock(&self.busy).insert((rep.to_owned(), lead)) {
                continue;
            }
            lock(&self.newest).insert(rep.to_owned(), link.clone());
            let (this, rep) = (Arc::clone(self), rep.to_owned());
            tasks.spawn(async move {
                this.treats(&rep, lead, &link).await;
                lock(&this.busy).remove(&(rep, lead));
            });
        }
    }

    /// The lead, if it is still this rep's to answer.
    async fn owed(&self, rep: &str, lead: Uuid) -> Option<Lead> {
        if self.is_ill(rep) {
            return None;
        }
        let lead = self.hands.lead(lead).await?;
        let is_owed = lead.state == State::Assigned && lead.owner.as_deref() == Some(rep);
        is_owed.then_some(lead)
    }

    async fn treats(&self, rep: &str, uuid: Uuid, link: &str) {
        let Some(lead) = self.owed(rep, uuid).await else { return };
        let email = lead.fields.text("email").unwrap_or_default().to_owned();
        let Some(deadline) = lead.ladder.as_ref().map(|ladder| ladder.deadline) else { return };
        let manner = Manner::of(rep, &email);
        let patience = share(&[b"patience", rep.as_bytes(), email.as_bytes()]);
        let now = self.house.clock.now();
        let left = deadline.since(now).0.max(0);
        // From a sixth to two thirds of the time, or a little after it.
        let at = match manner {
            Manner::Late => deadline.plus(Span(15_000 + patience * 900)),
            Manner::OnIt => now.plus(Span(left * (15 + patience / 4) / 100)),
            _ => now.plus(Span(left * (16 + patience / 2) / 100)),
        };
        self.house.clock.sleep_until(at).await;
        if manner == Manner::Forgets || self.owed(rep, uuid).await.is_none() {
            return;
        }
        let is_done = match manner {
            Manner::Answers | Manner::Late => self.hands.press(link, "answered", "").await,
            Manner::SetsStatus => {
                self.hands.change_in_crm(uuid, "hs_lead_status", "CONNECTED").await
            }
            Manner::Calls => self.hands.respond(uuid, ResponseKind::Call, rep).await,
            Manner::OnIt => {
                self.hands.press(link, "on_it", "").await;
                let later = self.house.clock.now().plus(Span(120_000 + patience * 2_000));
                self.house.clock.sleep_until(later).await;
                false
            }
            Manner::NotAFit => self.hands.press(link, "not_a_fit", "too small").await,
            Manner::Nurture => self.hands.press(link, "nurture", "").await,
            Manner::Forgets => true,
        };
        if !is_done && self.owed(rep, uuid).await.is_some() {
            self.hands.press(link, "answered", "").await;
        }
    }

    /// Who is on call looks, and answers in person.
    fn is_paged(self: &Arc<Self>, post: &Post, tasks: &mut JoinSet<()>) {
        let event = post.json();
        let text = |name: &str| event.get(name).and_then(serde_json::Value::as_str);
        let key = text("dedup_key").and_then(|key| key.get(..36));
        let lead = key.and_then(|key| Uuid::parse_str(key).ok());
        let Some(lead) = lead.filter(|_| text("event_action") == Some("trigger")) else { return };
        if !lock(&self.busy).insert(("on call".to_owned(), lead)) {
            return;
        }
        let this = Arc::clone(self);
        tasks.spawn(async move {
            let looks: Time = this.house.clock.now().plus(Span::seconds(100));
            this.house.clock.sleep_until(looks).await;
            this.hands.respond(lead, ResponseKind::Email, "mary").await;
            lock(&this.busy).remove(&("on call".to_owned(), lead));
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_answer_in_time_a_few_are_late_and_every_run_goes_alike() {
        let manners: Vec<Manner> = (0..400)
            .map(|number| Manner::of("ada", &format!("p{number}@linden.example")))
            .collect();
        let count = |what: Manner| manners.iter().filter(|manner| **manner == what).count();
        assert!((120..220).contains(&count(Manner::Answers)));
        assert!((10..50).contains(&count(Manner::Late)));
        assert!((1..30).contains(&count(Manner::Forgets)));
        for manner in
            [Manner::SetsStatus, Manner::Calls, Manner::OnIt, Manner::NotAFit, Manner::Nurture]
        {
            assert!(count(manner) > 5, "{manner:?}");
        }
        assert_eq!(Manner::of("ada", &Script::forgotten()), Manner::Forgets);
    }
}
