//! Where a lead was placed, and how two placements of the same lead differ.
//!
//! A back-test, a draft that decides beside the rulebook in force, and whoever holds decisions
//! against other owners ask the same question, so there is one answer to it.
//!
//! Guarantees: two that are not equal differ in some way, and of several the weightiest is named.
//! Does not know: who decided either of them.

use serde::{Deserialize, Serialize};

use crate::model::{
    lead::{Lead, State, Waiting},
    time::Time,
};

/// Where a lead was placed. The default is nowhere: it could not be read, or is no lead of its own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Placed {
    /// Its state; none if it is nowhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
    /// The rule that placed it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The pool whose rotation gave it, while its owner has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
    /// Who has it, or had it last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Within which promise, while its owner has it …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sla: Option<String>,
    /// … and until when that is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Time>,
    /// Under which name it was set aside.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set_aside: Option<String>,
    /// What it waits for, in one word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<String>,
}

/// The weightiest way in which two placements differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Differs {
    /// One could read it, the other not.
    Reading,
    /// The second sets it aside, or under another name.
    SetAside,
    /// The second has it wait, or for something else.
    Held,
    /// The second places what the first has wait or sets aside.
    Placed,
    /// Another pool, or somebody by name.
    Pool,
    /// Another member of the same pool: another turn.
    Turn,
    /// The same owner with another promise.
    Sla,
    /// The same owner by another rule, or by another pool.
    Rule,
}

impl Differs {
    /// Each with its word in JSON and columns, and as people say it of a draft.
    const ALL: [(Self, &'static str, &'static str); 8] = [
        (Self::Reading, "reading", "only one of them can read it"),
        (Self::SetAside, "set_aside", "the draft sets it aside"),
        (Self::Held, "held", "the draft has it wait"),
        (Self::Placed, "placed", "the draft places what waits or is set aside"),
        (Self::Pool, "pool", "another pool or person"),
        (Self::Turn, "turn", "another member of the same pool"),
        (Self::Sla, "sla", "the same owner, another promise"),
        (Self::Rule, "rule", "the same owner by another rule"),
    ];

    /// The word in JSON and columns.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::ALL.iter().find(|(differs, ..)| *differs == self).map_or("", |(_, word, _)| word)
    }

    /// As people say it of a draft; the word itself if it is none of ours.
    #[must_use]
    pub fn says(word: &str) -> &str {
        Self::ALL.iter().find(|(_, known, _)| *known == word).map_or(word, |(.., says)| says)
    }
}

impl Placed {
    /// Of a lead as it is.
    #[must_use]
    pub fn of(lead: &Lead) -> Self {
        let is = |state: State| lead.state == state;
        let waiting = lead.waiting.as_ref().filter(|_| is(State::Waiting));
        let waits_for = waiting.map(|waiting| match waiting {
            Waiting::Facts { .. } => "facts",
            Waiting::Fact { .. } => "fact",
            Waiting::Somebody { .. } => "somebody",
            Waiting::Claim { .. } => "claim",
            Waiting::Escalated { .. } => "escalated",
            Waiting::Operator { .. } => "operator",
        });
        let ladder = lead.ladder.as_ref().filter(|_| is(State::Assigned));
        Self {
            state: Some(lead.state),
            rule: lead.rule.clone(),
            pool: lead.pool.clone().filter(|_| is(State::Assigned)),
            owner: lead.owner.clone(),
            sla: ladder.map(|ladder| ladder.sla.clone()),
            deadline: ladder.map(|ladder| ladder.deadline),
            set_aside: lead.set_aside.clone().filter(|_| is(State::SetAside)),
            waits_for: waits_for.map(str::to_owned),
        }
    }

    /// How the other differs, if it does.
    #[must_use]
    pub fn differs(&self, other: &Self) -> Option<Differs> {
        if self == other {
            return None;
        }
        let is = |one: &Self, state: State| one.state == Some(state);
        let is_out = |one: &Self| is(one, State::Waiting) || is(one, State::SetAside);
        Some(if self.state.is_none() || other.state.is_none() {
            Differs::Reading
        } else if is(other, State::SetAside) && self.set_aside != other.set_aside {
            Differs::SetAside
        } else if is(other, State::Waiting) && self.waits_for != other.waits_for {
            Differs::Held
        } else if is_out(self) && !is_out(other) {
            Differs::Placed
        } else if self.owner != other.owner {
            let is_turn = self.pool.is_some() && self.pool == other.pool;
            if is_turn { Differs::Turn } else { Differs::Pool }
        } else if (&self.sla, self.deadline) != (&other.sla, other.deadline) {
            Differs::Sla
        } else {
            Differs::Rule
        })
    }

    /// As a person says it: `to konrad of dach by rule dach-enterprise, sla hot`.
    #[must_use]
    pub fn says(&self) -> String {
        let said = |before: &str, text: &Option<String>| {
            text.as_ref().map(|text| format!("{before}{text}")).unwrap_or_default()
        };
        let by = said(" by rule ", &self.rule);
        match (self.state, &self.owner) {
            (None, _) => "rejected: it could not be read".to_owned(),
            (Some(State::SetAside), _) => format!("set aside{}{by}", said(" as ", &self.set_aside)),
            (Some(State::Waiting), _) => format!("waits{}{by}", said(" for ", &self.waits_for)),
            (_, None) => format!("to nobody{by}"),
            (_, Some(owner)) => {
                let (pool, sla) = (said(" of ", &self.pool), said(", sla ", &self.sla));
                format!("to {owner}{pool}{by}{sla}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assigned(rule: &str, pool: Option<&str>, owner: &str, sla: &str) -> Placed {
        Placed {
            state: Some(State::Assigned),
            rule: Some(rule.into()),
            pool: pool.map(str::to_owned),
            owner: Some(owner.into()),
            sla: Some(sla.into()),
            ..Placed::default()
        }
    }

    #[test]
    fn the_weightiest_difference_is_named() {
        let ada = assigned("rest", Some("inbound"), "ada", "hot");
        let waits = |what: &str| Placed {
            state: Some(State::Waiting),
            waits_for: Some(what.into()),
            ..Placed::default()
        };
        let aside = |name: &str| Placed {
            state: Some(State::SetAside),
            set_aside: Some(name.into()),
            ..Placed::default()
        };
        let later = Placed { deadline: Some(Time(7)), ..ada.clone() };
        let nurture = aside("nurture");
        for (one, other, differs) in [
            (&ada, &ada, None),
            (&ada, &Placed::default(), Some(Differs::Reading)),
            (&ada, &nurture, Some(Differs::SetAside)),
            (&aside("careers"), &nurture, Some(Differs::SetAside)),
            (&waits("somebody"), &nurture, Some(Differs::SetAside)),
            (&nurture, &ada, Some(Differs::Placed)),
            (&nurture, &waits("somebody"), Some(Differs::Held)),
            (&ada, &waits("somebody"), Some(Differs::Held)),
            (&waits("somebody"), &ada, Some(Differs::Placed)),
            (&waits("somebody"), &waits("operator"), Some(Differs::Held)),
            (&ada, &assigned("rest", Some("inbound"), "bob", "cold"), Some(Differs::Turn)),
            (&ada, &assigned("dach", Some("dach"), "bob", "hot"), Some(Differs::Pool)),
            (&ada, &assigned("dach", None, "bob", "hot"), Some(Differs::Pool)),
            (&ada, &assigned("dach", Some("dach"), "ada", "cold"), Some(Differs::Sla)),
            (&ada, &later, Some(Differs::Sla)),
            (&ada, &assigned("dach", Some("dach"), "ada", "hot"), Some(Differs::Rule)),
            (&ada, &assigned("rest", Some("dach"), "ada", "hot"), Some(Differs::Rule)),
        ] {
            assert_eq!(one.differs(other), differs, "{one:?} {other:?}");
        }
        assert_eq!(ada.says(), "to ada of inbound by rule rest, sla hot");
        assert_eq!(waits("somebody").says(), "waits for somebody");
        assert_eq!(nurture.says(), "set aside as nurture");
        assert_eq!(Placed::default().says(), "rejected: it could not be read");
    }

    #[test]
    fn the_words_of_people_belong_to_the_words_of_json() {
        for (differs, word, says) in Differs::ALL {
            assert_eq!(serde_json::to_value(differs).unwrap(), word);
            assert_eq!((differs.word(), Differs::says(word)), (word, says));
        }
        assert_eq!(Differs::says("else"), "else");
    }
}
