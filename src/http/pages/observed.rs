//! What observe mode has found, to read: how far the two routers agree, and each disagreement.
//!
//! Guarantees: the same counts as the API and the command give, of the last seven days; the newest
//! disagreements in sentences, each with its lead. Does not know: how two routers are compared.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode, web};
use askama::Template;

use super::{
    super::Front,
    answer::{page, store_failed},
    open, session,
    show::{Markup, Moment},
};
use crate::{
    model::{
        observe::Seen,
        time::{Span, Time},
    },
    replay::observed::{self, Agreement, Observed},
};

/// The time that is shown.
const DAYS: i64 = 7;
/// Disagreements on the page.
const SHOWN_MAX: usize = 50;
/// Characters of a sentence.
const TEXT: usize = 1_000;

/// Everything on the page.
#[derive(Clone, Debug, Template)]
#[template(path = "observed.html")]
pub struct ObservedPage {
    /// The way to the root of the pages.
    pub root: &'static str,
    /// The CRM connection that is looked at; none when observe mode is over.
    pub crm: Option<String>,
    /// So many days are shown.
    pub days: i64,
    /// How far they agree.
    pub all: Share,
    /// By kind: in words, and how many.
    pub kinds: Vec<(&'static str, u64)>,
    /// By the rule that decided.
    pub rules: Vec<(String, Share)>,
    /// The newest disagreements: when, the lead, a sentence.
    pub differ: Vec<(Moment, Option<String>, Markup)>,
    /// Older ones were left out.
    pub is_cut: bool,
}

/// Leads that both gave away, and how many of them to the same, in percent too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// Leads.
    pub leads: u64,
    /// To the same person.
    pub person: String,
    /// To the same person or pool.
    pub pool: String,
}

impl Share {
    fn of(found: &Agreement) -> Self {
        let share = |part: u64| match (part * 1000).checked_div(found.compared) {
            Some(mille) => format!("{part} ({}.{} %)", mille / 10, mille % 10),
            None => "–".to_owned(),
        };
        Self {
            leads: found.compared,
            person: share(found.same_person),
            pool: share(found.same_pool),
        }
    }
}

impl ObservedPage {
    /// The page of what was found.
    #[must_use]
    pub fn of(crm: Option<String>, found: &Observed, now: Time) -> Self {
        let count = |word: &str| found.kinds.get(word).copied().unwrap_or(0);
        let kinds = Seen::ALL.iter().map(|(_, word, says)| (*says, count(word)));
        let differ = found.disagreements.iter().map(|one| {
            let says = Markup::sentence(&one.says, TEXT, now);
            (Moment::new(one.at, now), one.lead.clone(), says)
        });
        Self {
            root: "",
            crm,
            days: DAYS,
            all: Share::of(&found.agreement),
            kinds: kinds.filter(|(_, count)| *count > 0).collect(),
            rules: found.rules.iter().map(|(id, of)| (id.clone(), Share::of(of))).collect(),
            differ: differ.collect(),
            is_cut: found.is_cut,
        }
    }
}

/// `GET /observe`.
pub async fn show(request: HttpRequest, front: web::Data<Front>) -> HttpResponse {
    if session::of(&front, &request).is_none() {
        return open::closed(&front, &request);
    }
    let now = front.clock.now();
    let since = now.minus(Span::days(DAYS));
    match observed::since(&*front.store, since, SHOWN_MAX).await {
        Ok(found) => {
            let crm = front.reach.observe.as_ref().map(|observing| observing.crm.clone());
            page(&front, StatusCode::OK, &ObservedPage::of(crm, &found, now))
        }
        Err(error) => store_failed(&front, &error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{model::id::Seq, replay::observed::Disagreement};

    #[test]
    fn shares_are_in_percent_and_sentences_are_escaped() {
        let mut found = Observed { results: 4, ..Observed::default() };
        found.agreement = Agreement { compared: 3, same_person: 1, same_pool: 2 };
        found.rules.insert("dach & co".into(), found.agreement);
        found.kinds.extend([("agrees", 1), ("turn", 1), ("elsewhere", 1), ("nobody", 1)]);
        found.disagreements.push_back(Disagreement {
            seq: Seq(7),
            at: Time(0),
            lead: Some("0197".into()),
            result: Seen::Elsewhere,
            says: "<b>mary</b> has it".into(),
            rule: None,
            given_to: None,
            shown: None,
            crm_owner: None,
        });
        let html = ObservedPage::of(Some("hubspot".into()), &found, Time(1)).render().unwrap();
        for part in
            ["1 (33.3 %)", "2 (66.6 %)", "another member of the same pool", "leads/0197", "mary"]
        {
            assert!(html.contains(part), "{part} in {html}");
        }
        assert!(!html.contains("<b>mary") && !html.contains("dach & co"), "{html}");
        let empty = ObservedPage::of(None, &Observed::default(), Time(1)).render().unwrap();
        assert!(empty.contains("No lead has a result"), "{empty}");
    }
}
