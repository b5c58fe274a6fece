//! News: everything that comes in and is not a form fill, in one shape of our own.
//!
//! Guarantees: whatever acting learns comes back as one of these, so the audit trail is the list
//! of events. Does not know: who delivers it.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use super::absence::Absence;
use super::{absence::Away, field::Fields, goal::Goal, time::Time};

/// Evidence that a person from sales answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Response {
    /// What it was.
    pub kind: ResponseKind,
    /// When it happened.
    pub at: Time,
    /// Who answered: a rep's id, or the CRM's word for the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The id of the call, mail or task in the CRM; the same evidence counts once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
}

/// The kinds of response.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words are the documentation")]
pub enum ResponseKind {
    Call,
    Email,
    Meeting,
    Task,
    StatusChange,
    Word,
}

/// What sales says became of a lead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome")]
pub enum Outcome {
    /// A person answered; what becomes of it is open.
    Qualified,
    /// Not now; back to marketing.
    Nurture,
    /// Not a fit.
    NotAFit {
        /// Why, in the rep's choice of words.
        why: String,
    },
}

/// What a person may do with a lead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "choice")]
pub enum Act {
    /// "On it": buys a bounded time, then the ladder goes on.
    OnIt,
    /// "I've answered", or what became of it.
    Answered {
        /// The outcome.
        outcome: Outcome,
    },
    /// "I'm out today": ends with the rep's own day.
    OutToday,
    /// "Whoever has this lead is out today", said by their manager.
    OwnerOut,
    /// "Not one for me": the owner refuses it, and somebody else gets it.
    Refused {
        /// Why, in the rep's own words.
        why: String,
    },
}

/// What a CRM knew when it was asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Known {
    /// The record of this person there, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<KnownRecord>,
    /// The account of this person's company there, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<KnownRecord>,
    /// Evidence of an answer since the lead was assigned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<Response>,
}

/// One record in a CRM.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownRecord {
    /// Its id there.
    pub record: String,
    /// What it is called there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The CRM's id of its owner.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

/// One lead of many goes to somebody else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reroute {
    /// The lead.
    pub lead: Uuid,
    /// The run that it is one of.
    pub run: String,
    /// To whom.
    pub to: Goal,
    /// Who had it when the run was shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Whoever has it is passed over.
    #[serde(default)]
    pub pass_over: bool,
    /// Also if the owner said "on it".
    #[serde(default)]
    pub force: bool,
    /// Why, in the operator's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}

/// Something that happened, other than a form fill.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "news", deny_unknown_fields)]
pub enum News {
    /// A CRM answered an `ask`, or did not in time (`known` is empty then).
    Facts {
        /// The lead.
        lead: Uuid,
        /// The CRM connection.
        destination: String,
        /// What it knew.
        known: Known,
    },
    /// A response was seen.
    Responded {
        /// The lead.
        lead: Uuid,
        /// The evidence.
        response: Response,
    },
    /// The CRM shows another owner than we wrote: a human moved the lead, or it had one already.
    OwnerMet {
        /// The lead.
        lead: Uuid,
        /// The CRM connection.
        destination: String,
        /// The CRM's id of the owner it shows.
        owner: String,
        /// A human moved it after we had written an owner; else it had this one before us.
        #[serde(default)]
        is_move: bool,
    },
    /// A CRM was looked at for the owner that another router gave.
    Observed {
        /// The lead.
        lead: Uuid,
        /// The CRM connection.
        destination: String,
        /// The CRM's id of the owner; none if it showed nobody to the end.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<String>,
    },
    /// The CRM refuses this owner (inactive, or gone).
    OwnerInvalid {
        /// The lead.
        lead: Uuid,
        /// The CRM connection.
        destination: String,
        /// Our rep.
        rep: String,
    },
    /// A person acted on a lead through a link.
    Acted {
        /// The lead.
        lead: Uuid,
        /// The rep whose link it was.
        rep: String,
        /// What was chosen.
        act: Act,
    },
    /// A rep is away, from a link, the API or the command line.
    Away {
        /// The rep.
        rep: String,
        /// Out or paused.
        absence: Absence,
        /// From when.
        from: Time,
        /// Until when; open-ended if missing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Time>,
    },
    /// What a rep's calendar says of the time to come: all of it, in place of what it said before.
    Calendar {
        /// The rep.
        rep: String,
        /// When they are out or busy.
        away: Vec<Away>,
    },
    /// A rep is back: every absence that holds now ends, and those of the calendar that hold now.
    Back {
        /// The rep.
        rep: String,
    },
    /// An operator hands a lead to somebody by name.
    Reassign {
        /// The lead.
        lead: Uuid,
        /// The rep who gets it.
        to: String,
        /// Why, in the operator's words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    /// An operator re-routes many leads, of which this is one.
    Reroute(Reroute),
    /// What only a fetch could bring: the fields of a fill that came as an id.
    Fetched {
        /// The lead.
        lead: Uuid,
        /// The fields, normalised.
        fields: Fields,
    },
}

impl News {
    /// The lead it is about, if it is about one.
    #[must_use]
    pub fn lead(&self) -> Option<Uuid> {
        match self {
            Self::Facts { lead, .. }
            | Self::Responded { lead, .. }
            | Self::OwnerMet { lead, .. }
            | Self::Observed { lead, .. }
            | Self::OwnerInvalid { lead, .. }
            | Self::Acted { lead, .. }
            | Self::Reassign { lead, .. }
            | Self::Fetched { lead, .. } => Some(*lead),
            Self::Reroute(order) => Some(order.lead),
            Self::Away { .. } | Self::Calendar { .. } | Self::Back { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_news_reads_back_as_it_was_written() {
        let (lead, rep) = (Uuid::nil(), "ada".to_owned());
        let response = Response {
            kind: ResponseKind::Call,
            at: Time(5),
            by: Some("x".into()),
            evidence: Some("e".into()),
        };
        let record = KnownRecord { record: "1".into(), name: None, owner: Some("o".into()) };
        let known = Known {
            person: Some(record.clone()),
            account: Some(record),
            response: Some(response.clone()),
        };
        let outcomes =
            [Outcome::Qualified, Outcome::Nurture, Outcome::NotAFit { why: "student".into() }];
        let refused = Act::Refused { why: "a friend of mine".into() };
        let mut acts = vec![Act::OnIt, Act::OutToday, Act::OwnerOut, refused];
        acts.extend(outcomes.map(|outcome| Act::Answered { outcome }));
        let destination = "hubspot".to_owned();
        let mut all = vec![
            News::Facts { lead, destination: destination.clone(), known },
            News::Responded { lead, response },
            News::OwnerMet {
                lead,
                destination: destination.clone(),
                owner: "o".into(),
                is_move: true,
            },
            News::Observed { lead, destination: destination.clone(), owner: Some("o".into()) },
            News::OwnerInvalid { lead, destination, rep: rep.clone() },
            News::Away { rep: rep.clone(), absence: Absence::Out, from: Time(1), until: None },
            News::Back { rep: rep.clone() },
            News::Calendar {
                rep: rep.clone(),
                away: vec![Away {
                    absence: Absence::Paused,
                    from: Time(1),
                    until: Some(Time(2)),
                    is_from_calendar: true,
                }],
            },
            News::Reassign { lead, to: rep.clone(), why: None },
            News::Reroute(Reroute {
                lead,
                run: "r1".into(),
                to: Goal::Pool("emea".into()),
                from: None,
                pass_over: true,
                force: false,
                why: None,
            }),
            News::Fetched { lead, fields: Fields::default() },
        ];
        all.extend(acts.into_iter().map(|act| News::Acted { lead, rep: rep.clone(), act }));
        for news in all {
            let text = serde_json::to_string(&news).unwrap();
            assert_eq!(serde_json::from_str::<News>(&text).unwrap(), news, "{text}");
        }
    }
}
