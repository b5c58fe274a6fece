//! What is wrong with a rulebook that compiles: rules that get no lead, pools that sleep, and more.
//!
//! Guarantees: pure, and by analysis of the rules as sets of leads, not by guess: a rule is said
//! to get no lead only when that is proven for every lead there can be, the ones of which a fact is
//! missing included; where it cannot be proven nothing is said. Every finding has a place, a reason,
//! a way to mend it and a code that stays; [`codes`] lists them all.
//! Does not know: what leads there are, but for the summary that it is given; who is away today.
//!
//! Each code stands, with what it means, in the header of a file of this folder or of `document`.
//!
//! | code | what it says |
//! |---|---|
//! | `more` | There are more findings than are shown. |

mod caps;
mod codes;
mod cover;
mod ground;
mod ladders;
mod people;
mod places;
mod pools;
mod rules;
mod seen;
mod target;
mod team;
mod unasked;
mod uncovered;
mod week;

#[cfg(test)]
mod tests;

use toml::de::DeTable;

use super::{Files, MAIN, Rulebook, finding::Source};
use crate::model::{finding::Finding, time::Time};
pub use codes::{Code, codes};
use ground::Ground;
use places::Places;
pub use seen::Seen;

/// More findings than this help nobody.
const FINDINGS_MAX: usize = 200;

impl Rulebook {
    /// Everything that should be looked at: the warnings of compiling and what analysis finds, main
    /// file first, each file from top to bottom. `files` are those it was compiled from, `seen` sums
    /// up the leads of the last months (nothing is said about them if there are none), and hours are
    /// looked at in the year that begins at `now`.
    #[must_use]
    pub fn lint(&self, files: &Files, seen: &Seen, now: Time) -> Vec<Finding> {
        let text = std::str::from_utf8(&files.main).unwrap_or_default();
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let (document, _) = DeTable::parse_recoverable(text);
        let places = Places::new(Source::new(MAIN, text), document.get_ref());
        let ground = Ground::of(self);
        let mut found = self.warnings.clone();
        found.extend(rules::lint(&ground, &places));
        found.extend(pools::lint(self, &places));
        found.extend(week::lint(self, &places, now));
        found.extend(caps::lint(self, &places));
        found.extend(people::lint(self, &places));
        found.extend(ladders::lint(self, &places));
        found.extend(unasked::lint(self, &places));
        found.extend(uncovered::lint(&ground, &places, seen));
        found.sort_by(|a, b| {
            let key = |one: &Finding| (one.file != MAIN, one.file.clone(), one.line, one.column);
            key(a).cmp(&key(b)).then_with(|| a.code.cmp(&b.code))
        });
        let more = found.len().saturating_sub(FINDINGS_MAX);
        if more > 0 {
            found.truncate(FINDINGS_MAX);
            let message = format!("and {more} more, not shown");
            found.push(places.warning(&(0..0), "more", message, "mend these first"));
        }
        found
    }
}
