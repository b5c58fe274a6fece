//! People who have left.
//!
//! | code | what it says |
//! |---|---|
//! | `rep.left` | Somebody who has left is still named. (Compiling finds it.) |
//! | `rep.untold` | Nobody tells a rep of a lead: there is no "tell_by". (Compiling finds it.) |
//! | `rep.backup-circle` | Reps stand in for each other in a circle. (Compiling finds it.) |
//! | `rep.manager-circle` | Reps are each other's managers in a circle. (Compiling finds it.) |
//! | `rep.backup-left` | Whoever stands in for a rep has left, and nobody else does. |
//!
//! Guarantees: who has left and has a backup who is there is no finding of this.
//! Does not know: who is away today.

use super::{super::Rulebook, places::Places, team};
use crate::model::finding::Finding;

pub fn lint(book: &Rulebook, places: &Places<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for rep in book.reps.values().filter(|rep| !rep.has_left) {
        let Some(backup) = rep.backup.as_ref().and_then(|backup| book.reps.get(backup)) else {
            continue;
        };
        if backup.has_left && team::stands_in(book, backup).is_empty() {
            let message = format!("nobody stands in for {}: {} has left", rep.name, backup.name);
            let at = places.at("rep", &rep.id, "backup");
            let mend = "name somebody who is there";
            found.push(places.warning(&at, "rep.backup-left", message, mend));
        }
    }
    found
}
