//! What the action pages show.
//!
//! Guarantees: of the lead, the name and the company only, escaped; buttons are only those that
//! would change something. Does not know: HTTP.

use askama::Template;

use super::order::{Order, REASONS, WORDS_MAX};
use crate::{
    http::pages::{
        answer::BELOW,
        card::{self, Due, outcome_words},
        show::{Markup, Moment, Person},
    },
    model::{
        lead::{Lead, State},
        news::{Act, Outcome},
        time::Time,
    },
    notify::link::{Claim, Grant, LinkKey},
    rulebook::Rulebook,
    store::LeadRow,
};

/// Characters of the company's name.
const LINE: usize = 80;

/// What every page of a link stands on.
pub struct Shown<'a> {
    /// The rulebook.
    pub book: &'a Rulebook,
    /// Whose link it is.
    pub rep: &'a str,
    /// Until when it is good.
    pub expires: Time,
    /// Now.
    pub now: Time,
}

/// The page of one lead.
#[derive(Template)]
#[template(path = "act.html")]
pub struct ActPage {
    /// The way to the root of the pages.
    pub root: &'static str,
    /// Who it is.
    pub who: Markup,
    /// The company.
    pub company: Option<Markup>,
    /// Whose link it is.
    pub rep: Person,
    /// How things stand, in a sentence.
    pub stands: String,
    /// The deadline, if an answer is owed.
    pub due: Option<Due>,
    /// The revision shown.
    pub seen: i64,
    /// What was just done.
    pub done: Option<Done>,
    /// Whether "on it" would change something.
    pub can_hold: bool,
    /// Whether it is this person's to answer.
    pub is_own: bool,
    /// Whether an outcome would.
    pub can_answer: bool,
    /// Whether it was answered already, and the outcome is only corrected.
    pub is_answered: bool,
    /// When "out today" ends.
    pub out_until: Option<Moment>,
    /// Whom this manager may say to be out today.
    pub own_rep: Option<Person>,
    /// Reasons why it may not be a fit.
    pub reasons: &'static [(&'static str, &'static str)],
    /// The most characters of a rep's own words.
    pub words_max: usize,
    /// Until when the link is good.
    pub expires: Moment,
    /// Our time, for the countdown.
    pub now_ms: i64,
}

/// What was done, in a sentence that may end in an instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// The words.
    pub text: String,
    /// The instant after them.
    pub until: Option<Moment>,
    /// What else follows from it.
    pub more: String,
}

impl Shown<'_> {
    /// The page of a lead. `done` is what was just ordered, and whether it was decided.
    pub fn lead(&self, lead: &Lead, done: Option<(&Order, bool)>, out: Option<Time>) -> ActPage {
        let is_own = lead.owner.as_deref() == Some(self.rep);
        let is_owed = lead.state == State::Assigned;
        let held = self.held(lead);
        ActPage {
            root: BELOW,
            who: card::who(&lead.fields),
            company: lead.fields.untrusted("company").map(|text| Markup::line(text, LINE)),
            rep: card::person(self.book, self.rep),
            stands: self.stands(lead),
            due: is_owed.then(|| card::due(lead, self.now)).flatten(),
            seen: lead.revision.0,
            done: done.map(|(order, is_decided)| self.done(lead, order, is_decided, out)),
            is_own: is_owed && is_own,
            can_hold: (is_owed && is_own && held.is_none()) || self.is_offered(lead),
            can_answer: matches!(lead.state, State::Assigned | State::Answered),
            is_answered: lead.state == State::Answered,
            out_until: out.map(|out| Moment::new(out, self.now)),
            own_rep: self.own_rep(lead),
            reasons: &REASONS,
            words_max: WORDS_MAX,
            expires: Moment::new(self.expires, self.now),
            now_ms: self.now.0,
        }
    }

    /// Until when the ladder is held by this rep's word.
    fn held(&self, lead: &Lead) -> Option<Time> {
        let until = lead.ladder.as_ref().and_then(|ladder| ladder.on_it_until);
        until.filter(|until| {
            self.now < *until
                && lead.state == State::Assigned
                && lead.owner.as_deref() == Some(self.rep)
        })
    }

    /// Who has it, if this person is their manager.
    fn own_rep(&self, lead: &Lead) -> Option<Person> {
        let owner = lead.owner.as_deref().filter(|_| lead.state == State::Assigned)?;
        let manager = self.book.reps.get(owner)?.manager.as_deref();
        (manager == Some(self.rep)).then(|| card::person(self.book, owner))
    }

    /// Whether this person may take it.
    fn is_offered(&self, lead: &Lead) -> bool {
        let is_asked = |to: &Vec<String>| to.iter().any(|rep| rep == self.rep);
        lead.state == State::Waiting && lead.offers.iter().any(|offer| is_asked(&offer.to))
    }

    fn owner(&self, lead: &Lead) -> String {
        lead.owner.as_deref().map_or_else(
            || "nobody".to_owned(),
            |owner| {
                if owner == self.rep {
                    "you".to_owned()
                } else {
                    card::person(self.book, owner).name
                }
            },
        )
    }

    fn stands(&self, lead: &Lead) -> String {
        let owner = self.owner(lead);
        match (lead.state, owner.as_str()) {
            (State::Assigned, "you") if self.held(lead).is_some() => "You are on it.".to_owned(),
            (State::Assigned, "you") => "It is yours and waits for your answer.".to_owned(),
            (State::Assigned, _) => format!("{owner} has it now. You need not do anything."),
            (State::Answered, _) => match &lead.outcome {
                None | Some(Outcome::Qualified) => "It was answered.".to_owned(),
                Some(outcome) => format!("It was answered: {}.", outcome_words(outcome)),
            },
            (State::Waiting, _) if self.is_offered(lead) => {
                "It is yours if you are the first to say that you are on it.".to_owned()
            }
            (State::Waiting, _) => "Nobody has it at the moment.".to_owned(),
            (State::SetAside, _) => "It was set aside by a rule.".to_owned(),
            (State::Observed, _) => "It was only watched.".to_owned(),
        }
    }

    /// What came of an order, as far as it has been decided.
    fn done(&self, lead: &Lead, order: &Order, is_decided: bool, out: Option<Time>) -> Done {
        let said = |text: &str, until: Option<Time>, more: String| Done {
            text: text.to_owned(),
            until: until.map(|until| Moment::new(until, self.now)),
            more,
        };
        let Order::Lead { act, .. } = order else {
            return said("Noted: you are out until", out, String::new());
        };
        if !is_decided {
            let more = "It is stored and takes effect in a moment.".to_owned();
            return said("Noted.", None, more);
        }
        let owner = self.owner(lead);
        match act {
            Act::OnIt => match self.held(lead) {
                Some(until) => said(
                    "Noted: you are on it. We hold the ladder until",
                    Some(until),
                    String::new(),
                ),
                None => said("Nothing was changed.", None, self.stands(lead)),
            },
            Act::Answered { outcome: Outcome::Qualified } => {
                said("Noted: you have answered.", None, "The clock has stopped.".to_owned())
            }
            Act::Answered { outcome } => {
                let more = "The clock has stopped, and marketing hears of it.".to_owned();
                said(&format!("Noted: {}.", outcome_words(outcome)), None, more)
            }
            Act::OwnerOut => {
                let more = match owner.as_str() {
                    "nobody" => String::new(),
                    owner => format!("{owner} has this lead now."),
                };
                said("Noted: whoever had it is out today, and new leads go to others.", None, more)
            }
            Act::Refused { .. } => match owner.as_str() {
                "you" if lead.state == State::Assigned => {
                    let more = "Nobody else is free, so it stays with you for now.".to_owned();
                    said("Noted: it is not one for you.", None, more)
                }
                "you" | "nobody" => said("Nothing was changed.", None, self.stands(lead)),
                owner => said("Noted.", None, format!("{owner} has this lead now.")),
            },
            Act::OutToday => {
                let more = match owner.as_str() {
                    "you" if lead.state == State::Assigned => {
                        "Nobody else is free, so this lead stays with you for now.".to_owned()
                    }
                    "you" | "nobody" => String::new(),
                    owner => format!("{owner} has this lead now."),
                };
                said("Noted: you are out, and new leads go to others, until", out, more)
            }
        }
    }
}

/// "I'm out today" without a lead.
#[derive(Template)]
#[template(path = "act_out.html")]
pub struct OutPage {
    /// The way to the root of the pages.
    pub root: &'static str,
    /// Who.
    pub rep: Person,
    /// Until when they would be out.
    pub until: Moment,
    /// Whether it was just said.
    pub is_done: bool,
}

impl OutPage {
    /// The page of this rep.
    #[must_use]
    pub fn of(book: &Rulebook, rep: &str, until: Time, is_done: bool, now: Time) -> Self {
        Self { root: BELOW, rep: card::person(book, rep), until: Moment::new(until, now), is_done }
    }
}

/// A rep's own leads.
#[derive(Template)]
#[template(path = "act_leads.html")]
pub struct LeadsPage {
    /// The way to the root of the pages.
    pub root: &'static str,
    /// Whose.
    pub rep: Person,
    /// Token, who, company and deadline, the most urgent first.
    pub leads: Vec<(String, Markup, Option<Markup>, Option<Due>)>,
    /// Our time, for the countdown.
    pub now_ms: i64,
}

impl LeadsPage {
    /// The page of these leads. Their links end with the link that leads here.
    #[must_use]
    pub fn of(
        book: &Rulebook,
        key: &LinkKey,
        rep: &str,
        rows: &[LeadRow],
        claim: &Claim,
        now: Time,
    ) -> Self {
        let mut leads: Vec<_> = rows
            .iter()
            .map(|row| {
                let grant = Grant::Act { lead: row.lead.uuid, rep: rep.to_owned() };
                let company = row.lead.fields.untrusted("company");
                (
                    key.sign(&grant, claim.expires),
                    card::who(&row.lead.fields),
                    company.map(|text| Markup::line(text, LINE)),
                    card::due(&row.lead, now),
                )
            })
            .collect();
        leads.sort_by_key(|(.., due)| due.as_ref().map_or(i64::MAX, |due| due.at_ms));
        Self { root: BELOW, rep: card::person(book, rep), leads, now_ms: now.0 }
    }
}
