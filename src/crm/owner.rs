//! When an owner may be set: the one rule for every CRM.
//!
//! Guarantees: a record that a person has given to somebody is left alone. A record that nobody
//! has, or that lies with a default owner, may be given away whatever was expected: a lead without
//! an owner is what handoff is there to prevent.
//! Does not know: how owners are read or written.

use super::{Expect, OwnerSet, SetOwner};

/// What to answer without writing; none if the owner may be written.
pub(super) fn judge(
    ask: &SetOwner,
    now: Option<&str>,
    default_owners: &[String],
    is_same: impl Fn(&str, &str) -> bool,
) -> Option<OwnerSet> {
    let now = now.filter(|owner| !owner.is_empty())?;
    if is_same(now, &ask.owner) {
        return Some(OwnerSet::Already);
    }
    let is_expected = match &ask.expect {
        Expect::Unowned | Expect::New => false,
        Expect::Ours(ours) => ours.iter().any(|one| is_same(now, one)),
    };
    if is_expected || default_owners.iter().any(|default| is_same(now, default)) {
        return None;
    }
    Some(OwnerSet::Changed { now: Some(now.to_owned()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expect: Expect, now: Option<&str>, wanted: Option<&OwnerSet>) {
        let ask = SetOwner { record: "r".into(), owner: "ada".into(), expect };
        let defaults = ["robot".to_owned()];
        assert_eq!(judge(&ask, now, &defaults, |a, b| a == b).as_ref(), wanted, "{now:?}");
    }

    #[test]
    fn what_a_person_has_given_away_is_left_alone() {
        let human = OwnerSet::Changed { now: Some("mary".into()) };
        check(Expect::Unowned, None, None);
        check(Expect::Unowned, Some(""), None);
        check(Expect::Unowned, Some("robot"), None);
        check(Expect::Unowned, Some("ada"), Some(&OwnerSet::Already));
        check(Expect::Unowned, Some("mary"), Some(&human));
        check(Expect::Ours(vec!["bob".into()]), Some("bob"), None);
        check(Expect::Ours(vec!["bob".into()]), Some("mary"), Some(&human));
        check(Expect::Ours(vec!["bob".into()]), Some("ada"), Some(&OwnerSet::Already));
        check(Expect::Ours(vec!["bob".into()]), None, None);
        check(Expect::Ours(vec!["bob".into()]), Some("robot"), None);
    }
}
