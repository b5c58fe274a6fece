//! What became of a lead, and how two such outcomes differ.
//!
//! Guarantees: equal outcomes have no difference; of several differences the weightiest is named.
//! Does not know: who decided either of them.

use serde::{Deserialize, Serialize};

use crate::model::lead::{Lead, State, Waiting};

/// Where a lead was placed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Its state; none if it could not be read at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
    /// The rule that placed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// The pool whose rotation gave it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
    /// Who got it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Within which promise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sla: Option<String>,
    /// Under which name it was set aside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_aside: Option<String>,
    /// What it waits for, in one word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub waits_for: Option<String>,
}

/// The weightiest way in which two outcomes differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Differs {
    /// One could read it, the other not.
    Reading,
    /// One set it aside, the other not, or under another name.
    SetAside,
    /// The second has it wait.
    Held,
    /// The second places what the first has wait.
    Placed,
    /// Another pool, or somebody by name.
    Pool,
    /// Another member of the same pool: another turn.
    Turn,
    /// The same owner with another promise.
    Sla,
    /// The same outcome by another rule.
    Rule,
}

impl Differs {
    /// The word in JSON and columns.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Reading => "reading",
            Self::SetAside => "set_aside",
            Self::Held => "held",
            Self::Placed => "placed",
            Self::Pool => "pool",
            Self::Turn => "turn",
            Self::Sla => "sla",
            Self::Rule => "rule",
        }
    }
}

impl Outcome {
    /// Of a lead as it is.
    #[must_use]
    pub fn of(lead: &Lead) -> Self {
        let waits_for = lead.waiting.as_ref().map(|waiting| match waiting {
            Waiting::Facts { .. } => "facts",
            Waiting::Fact { .. } => "fact",
            Waiting::Somebody { .. } => "somebody",
            Waiting::Claim { .. } => "claim",
            Waiting::Escalated { .. } => "escalated",
            Waiting::Operator { .. } => "operator",
        });
        let is_assigned = lead.state == State::Assigned;
        Self {
            state: Some(lead.state),
            rule: lead.rule.clone(),
            pool: lead.pool.clone().filter(|_| is_assigned),
            owner: lead.owner.clone().filter(|_| is_assigned),
            sla: lead.ladder.as_ref().filter(|_| is_assigned).map(|ladder| ladder.sla.clone()),
            set_aside: lead.set_aside.clone(),
            waits_for: waits_for.map(str::to_owned),
        }
    }

    /// Of a fill that could not be read.
    #[must_use]
    pub const fn unread() -> Self {
        Self {
            state: None,
            rule: None,
            pool: None,
            owner: None,
            sla: None,
            set_aside: None,
            waits_for: None,
        }
    }

    /// How the other differs, if it does.
    #[must_use]
    pub fn differs(&self, other: &Self) -> Option<Differs> {
        let waits = |one: &Self| one.state == Some(State::Waiting);
        if self.state.is_none() != other.state.is_none() {
            return Some(Differs::Reading);
        }
        if self.set_aside != other.set_aside {
            return Some(Differs::SetAside);
        }
        match (waits(self), waits(other)) {
            (false, true) => return Some(Differs::Held),
            (true, false) => return Some(Differs::Placed),
            (true, true) if self.waits_for != other.waits_for => return Some(Differs::Held),
            _ => {}
        }
        if self.owner != other.owner {
            let is_turn = self.pool.is_some() && self.pool == other.pool;
            return Some(if is_turn { Differs::Turn } else { Differs::Pool });
        }
        if self.sla != other.sla {
            return Some(Differs::Sla);
        }
        (self.rule != other.rule).then_some(Differs::Rule)
    }

    /// As a person says it: `to konrad of dach by rule dach-enterprise, sla hot`.
    #[must_use]
    pub fn says(&self) -> String {
        let by = self.rule.as_ref().map(|rule| format!(" by rule {rule}")).unwrap_or_default();
        if self.state.is_none() {
            return "rejected: it could not be read".to_owned();
        }
        if let Some(name) = &self.set_aside {
            return format!("set aside as {name}{by}");
        }
        match (&self.owner, &self.waits_for) {
            (Some(owner), _) => {
                let pool = self.pool.as_ref().map(|pool| format!(" of {pool}")).unwrap_or_default();
                let sla = self.sla.as_ref().map(|sla| format!(", sla {sla}")).unwrap_or_default();
                format!("to {owner}{pool}{by}{sla}")
            }
            (None, Some(what)) => format!("waits for {what}{by}"),
            (None, None) => format!("to nobody{by}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assigned(rule: &str, pool: Option<&str>, owner: &str, sla: &str) -> Outcome {
        Outcome {
            state: Some(State::Assigned),
            rule: Some(rule.into()),
            pool: pool.map(str::to_owned),
            owner: Some(owner.into()),
            sla: Some(sla.into()),
            ..Outcome::unread()
        }
    }

    #[test]
    fn the_weightiest_difference_is_named() {
        let ada = assigned("rest", Some("inbound"), "ada", "hot");
        let waits = |what: &str| Outcome {
            state: Some(State::Waiting),
            waits_for: Some(what.into()),
            ..Outcome::unread()
        };
        let aside = Outcome {
            state: Some(State::SetAside),
            set_aside: Some("nurture".into()),
            ..Outcome::unread()
        };
        for (one, other, differs) in [
            (&ada, &ada, None),
            (&ada, &Outcome::unread(), Some(Differs::Reading)),
            (&ada, &aside, Some(Differs::SetAside)),
            (&ada, &waits("somebody"), Some(Differs::Held)),
            (&waits("somebody"), &ada, Some(Differs::Placed)),
            (&waits("somebody"), &waits("operator"), Some(Differs::Held)),
            (&ada, &assigned("rest", Some("inbound"), "bob", "cold"), Some(Differs::Turn)),
            (&ada, &assigned("dach", Some("dach"), "bob", "hot"), Some(Differs::Pool)),
            (&ada, &assigned("dach", None, "bob", "hot"), Some(Differs::Pool)),
            (&ada, &assigned("dach", Some("dach"), "ada", "cold"), Some(Differs::Sla)),
            (&ada, &assigned("dach", Some("dach"), "ada", "hot"), Some(Differs::Rule)),
        ] {
            assert_eq!(one.differs(other), differs, "{other:?}");
        }
        assert_eq!(ada.says(), "to ada of inbound by rule rest, sla hot");
        assert_eq!(waits("somebody").says(), "waits for somebody");
        assert_eq!(aside.says(), "set aside as nurture");
    }
}
