//! Every kind of finding by its code.
//!
//! Guarantees: a code never changes its meaning; one that is not in here is not used.
//! Does not know: how it is found.

use crate::model::finding::Severity;

/// A kind of finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Code {
    /// Its stable name.
    pub code: &'static str,
    /// How grave it is at most.
    pub severity: Severity,
    /// What it says, in one sentence.
    pub says: &'static str,
}

const fn error(code: &'static str, says: &'static str) -> Code {
    Code { code, severity: Severity::Error, says }
}

const fn warning(code: &'static str, says: &'static str) -> Code {
    Code { code, severity: Severity::Warning, says }
}

const ALL: [Code; 28] = [
    warning("rule.never", "The conditions of a rule contradict each other: it never holds."),
    warning("rule.shadowed", "Every lead that a rule is for is taken by rules above it."),
    warning("rule.always", "A rule holds for every lead, so those below it never get one."),
    warning("seen.country", "Leads came from a country for which no rule that asks for it is."),
    warning("seen.employees", "Leads came of a size for which no rule that asks for it is."),
    warning("seen.source", "Leads came from a source for which no rule that asks for it is."),
    warning("pool.empty", "There are hours of the week at which nobody of a pool works."),
    error("pool.circle", "Pools overflow into each other in a circle."),
    warning("pool.same-people", "A pool overflows into one in which nobody else is."),
    warning("pool.too-far", "A chain of pools is longer than it is followed."),
    error("cap.zero", "A cap of nothing gives no lead."),
    warning("cap.contradiction", "Of two caps one can never be reached."),
    warning("cap.above-pool", "The cap of a member is above that of the pool."),
    warning("rep.left", "Somebody who has left is still named."),
    warning("rep.untold", "Nobody tells a rep of a lead: there is no \"tell_by\"."),
    error("rep.backup-circle", "Reps stand in for each other in a circle."),
    warning("rep.backup-left", "Whoever stands in for a rep has left, and nobody else does."),
    warning("rep.no-owner", "Leads of a rep get no owner in a CRM: there is no owner id of it."),
    error("rep.manager-circle", "Reps are each other's managers in a circle."),
    error("escalation.nobody", "A ladder ends in nobody but the owner."),
    warning("escalation.unheard", "Nobody of those whom a ladder tells can hear of it."),
    warning("escalation.reassign-alone", "A ladder re-assigns leads that nobody else can get."),
    error("table.duplicate", "Two rows of a table have the same key."),
    warning("table.unreachable", "Narrower rows leave nothing to a row of a table."),
    warning("table.left", "A row of a table names somebody who has left."),
    warning("alarm.nobody", "Nobody hears of a lead that is stuck: there is no \"alarm\"."),
    warning("unused", "Nothing refers to it."),
    warning("more", "There are more findings than are shown."),
];

/// Every kind of finding that has a code, in the order in which they are documented.
#[must_use]
pub const fn codes() -> &'static [Code] {
    &ALL
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::*;

    #[test]
    fn each_code_is_there_once_and_says_something() {
        let all: BTreeSet<&str> = codes().iter().map(|code| code.code).collect();
        assert_eq!(all.len(), codes().len());
        assert!(codes().iter().all(|code| code.says.ends_with('.')));
    }

    #[test]
    fn each_code_stands_in_the_header_of_a_file_and_no_other_does() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rulebook");
        let files = ["lint", "document"].map(|name| fs::read_dir(folder.join(name)).unwrap());
        let files = files.into_iter().flatten().map(|file| file.unwrap().path());
        let texts =
            files.filter(|path| path.is_file()).map(|path| fs::read_to_string(path).unwrap());
        let headers: String = texts.collect();
        let rows = headers.lines().filter_map(|line| line.strip_prefix("//! | `"));
        let mut listed: Vec<&str> = rows.collect();
        listed.sort_unstable();
        let mut known: Vec<String> =
            codes().iter().map(|code| format!("{}` | {}", code.code, code.says)).collect();
        known.sort_unstable();
        assert_eq!(listed.len(), known.len(), "{listed:#?}");
        for (listed, known) in listed.iter().zip(&known) {
            assert!(listed.starts_with(known.as_str()), "{listed} is not {known}");
        }
    }
}
