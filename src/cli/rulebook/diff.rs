//! Two rulebooks side by side: which lines of which files differ, and which entries.
//!
//! Guarantees: applying the lines marked `-` and `+` turns one into the other; the work is bounded
//! (texts that differ in more than [`EDITS_MAX`] lines are shown as one large change).
//! Does not know: what a rulebook means; entries are compared by section and id.

use std::collections::{BTreeMap, BTreeSet};

/// File names to texts.
pub type Texts = BTreeMap<String, String>;

/// How many lines stand before and after a change.
const CONTEXT: usize = 3;
/// The most lines removed and added for which the shortest way is looked for.
const EDITS_MAX: usize = 4_000;

/// One line of a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line<'t> {
    /// In both.
    Same(&'t str),
    /// Only in the old text.
    Old(&'t str),
    /// Only in the new text.
    New(&'t str),
}

/// The files that differ, as a unified diff; empty if none does.
#[must_use]
pub fn unified(old: &Texts, new: &Texts) -> String {
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let mut diff = String::new();
    for name in names {
        let (before, after) = (old.get(name), new.get(name));
        if before == after {
            continue;
        }
        let head = |sign: &str, text: Option<&String>| match text {
            Some(_) => format!("{sign} {name}\n"),
            None => format!("{sign} (no such file)\n"),
        };
        diff.push_str(&head("---", before));
        diff.push_str(&head("+++", after));
        let text = |side: Option<&String>| side.cloned().unwrap_or_default();
        diff.push_str(&hunks(&lines(&text(before), &text(after))));
    }
    diff
}

/// The whole comparison of two texts, in order.
#[must_use]
pub fn lines<'t>(old: &'t str, new: &'t str) -> Vec<Line<'t>> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let both = old.iter().zip(&new);
    let head = both.take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (rest(&old, head), rest(&new, head));
    let backwards = old_rest.iter().rev().zip(new_rest.iter().rev());
    let tail = backwards.take_while(|(a, b)| a == b).count();
    let (old_middle, same_tail) = old_rest.split_at(old_rest.len() - tail);
    let (new_middle, _) = new_rest.split_at(new_rest.len() - tail);
    let mut all: Vec<Line<'t>> = old.iter().take(head).map(|line| Line::Same(line)).collect();
    all.extend(middle(old_middle, new_middle));
    all.extend(same_tail.iter().map(|line| Line::Same(line)));
    all
}

fn rest<'s, 't>(lines: &'s [&'t str], from: usize) -> &'s [&'t str] {
    lines.get(from..).unwrap_or_default()
}

/// Myers, "An O(ND) Difference Algorithm": how far one comes with so many edits, diagonal by
/// diagonal; every round is kept to walk back.
fn middle<'t>(old: &[&'t str], new: &[&'t str]) -> Vec<Line<'t>> {
    let most = (old.len() + new.len()).min(EDITS_MAX);
    let mut rounds: Vec<Round> = Vec::new();
    for edits in 0..=most {
        let before = rounds.last();
        let mut round = Round { edits, reached: Vec::with_capacity(edits + 1) };
        for step in 0..=edits {
            let diagonal = 2 * step as isize - edits as isize;
            let mut at = before.map_or(0, |before| before.start(diagonal).0);
            while let (Some(a), Some(b)) = (old.get(at), new.get(minus(at, diagonal)))
                && a == b
            {
                at += 1;
            }
            round.reached.push(at);
            if at >= old.len() && minus(at, diagonal) >= new.len() {
                rounds.push(round);
                return walk_back(old, new, &rounds);
            }
        }
        rounds.push(round);
    }
    let gone = old.iter().map(|line| Line::Old(line));
    gone.chain(new.iter().map(|line| Line::New(line))).collect()
}

/// How far down the old text each diagonal came with `edits` edits; diagonals run from `-edits`
/// to `edits` in steps of two.
struct Round {
    edits: usize,
    reached: Vec<usize>,
}

impl Round {
    fn at(&self, diagonal: isize) -> Option<usize> {
        let index = usize::try_from(diagonal + self.edits as isize).ok()?;
        self.reached.get(index / 2).copied()
    }

    /// Where the next round begins on a diagonal, and whether a line of the new text was added to
    /// get there (an old one was left out otherwise).
    fn start(&self, diagonal: isize) -> (usize, bool) {
        let added = self.at(diagonal + 1).filter(|_| diagonal < self.edits as isize);
        let left_out = self.at(diagonal - 1).filter(|_| -diagonal < self.edits as isize + 1);
        match (added, left_out) {
            (Some(added), Some(left_out)) if added > left_out => (added, true),
            (Some(added), None) => (added, true),
            (_, Some(left_out)) => (left_out + 1, false),
            (None, None) => (0, true),
        }
    }
}

fn minus(at: usize, diagonal: isize) -> usize {
    usize::try_from(at as isize - diagonal).unwrap_or(usize::MAX)
}

fn walk_back<'t>(old: &[&'t str], new: &[&'t str], rounds: &[Round]) -> Vec<Line<'t>> {
    let mut found = Vec::new();
    let (mut a, mut b) = (old.len(), new.len());
    let same = |found: &mut Vec<Line<'t>>, a: usize| {
        found.extend(old.get(a).map(|line| Line::Same(line)));
    };
    for before in rounds.iter().rev().skip(1) {
        let diagonal = a as isize - b as isize;
        let (start, was_added) = before.start(diagonal);
        while a > start {
            a -= 1;
            b -= 1;
            same(&mut found, a);
        }
        if was_added {
            b = b.saturating_sub(1);
            found.extend(new.get(b).map(|line| Line::New(line)));
        } else {
            a = a.saturating_sub(1);
            found.extend(old.get(a).map(|line| Line::Old(line)));
        }
    }
    while a > 0 {
        a -= 1;
        same(&mut found, a);
    }
    found.reverse();
    found
}

/// Changes with the lines around them, under `@@ -line,count +line,count @@`.
fn hunks(all: &[Line<'_>]) -> String {
    let is_shown: Vec<bool> = shown(all);
    let (mut text, mut hunk) = (String::new(), Hunk::default());
    let (mut old_line, mut new_line) = (1, 1);
    for (line, is_shown) in all.iter().zip(is_shown) {
        if is_shown {
            hunk.take(*line, old_line, new_line);
        } else {
            text.push_str(&std::mem::take(&mut hunk).text());
        }
        match line {
            Line::Same(_) => (old_line, new_line) = (old_line + 1, new_line + 1),
            Line::Old(_) => old_line += 1,
            Line::New(_) => new_line += 1,
        }
    }
    text + &hunk.text()
}

/// Which lines are a change or near one.
fn shown(all: &[Line<'_>]) -> Vec<bool> {
    let mut is_shown = vec![false; all.len()];
    for (at, _) in all.iter().enumerate().filter(|(_, line)| !matches!(line, Line::Same(_))) {
        let near = at.saturating_sub(CONTEXT)..(at + CONTEXT + 1).min(all.len());
        is_shown.get_mut(near).into_iter().flatten().for_each(|shown| *shown = true);
    }
    is_shown
}

#[derive(Default)]
struct Hunk {
    start: Option<(usize, usize)>,
    old: usize,
    new: usize,
    lines: String,
}

impl Hunk {
    fn take(&mut self, line: Line<'_>, old_line: usize, new_line: usize) {
        self.start.get_or_insert((old_line, new_line));
        let (sign, text) = match line {
            Line::Same(text) => {
                self.old += 1;
                self.new += 1;
                (' ', text)
            }
            Line::Old(text) => {
                self.old += 1;
                ('-', text)
            }
            Line::New(text) => {
                self.new += 1;
                ('+', text)
            }
        };
        self.lines.extend([sign.encode_utf8(&mut [0; 4]), text, "\n"]);
    }

    fn text(self) -> String {
        let Some((old_line, new_line)) = self.start else { return String::new() };
        format!("@@ -{old_line},{} +{new_line},{} @@\n{}", self.old, self.new, self.lines)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(all: &[(&str, &str)]) -> Texts {
        all.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn a_change_is_shown_with_the_lines_around_it() {
        let old = "a\nb\nc\nd\ne\nf\ng\nh\n";
        let new = "a\nb\nc\nd\nE\nf\ng\nh\ni\n";
        let diff = unified(&texts(&[("rulebook.toml", old)]), &texts(&[("rulebook.toml", new)]));
        let expected = "--- rulebook.toml\n+++ rulebook.toml\n@@ -2,7 +2,8 @@\n b\n c\n d\n-e\n+E\n f\n g\n h\n+i\n";
        assert_eq!(diff, expected);
    }

    #[test]
    fn far_changes_are_parted_and_new_files_said_to_be() {
        let numbers: Vec<String> = (1..=30).map(|n| n.to_string()).collect();
        let old = numbers.join("\n");
        let new = old.replace("\n2\n", "\ntwo\n").replace("\n29\n", "\n");
        let diff = unified(
            &texts(&[("a", &old), ("b", "same")]),
            &texts(&[("a", &new), ("b", "same"), ("c.csv", "x\n")]),
        );
        assert_eq!(diff.matches("@@ -").count(), 3, "{diff}");
        assert!(diff.contains("@@ -1,5 +1,5 @@\n 1\n-2\n+two\n"), "{diff}");
        assert!(diff.contains("@@ -26,5 +26,4 @@\n"), "{diff}");
        assert!(diff.ends_with("--- (no such file)\n+++ c.csv\n@@ -1,0 +1,1 @@\n+x\n"), "{diff}");
        assert_eq!(unified(&texts(&[("a", &old)]), &texts(&[("a", &old)])), "");
    }

    #[test]
    fn texts_with_nothing_in_common_are_one_large_change() {
        let text = |word: &str| {
            let lines: Vec<String> = (0..EDITS_MAX).map(|n| format!("{word} {n}")).collect();
            lines.join("\n")
        };
        let (old, new) = (text("old"), text("new"));
        let all = lines(&old, &new);
        assert_eq!(all.len(), 2 * EDITS_MAX);
        assert!(all.iter().all(|line| !matches!(line, Line::Same(_))));
    }

    fn few_lines() -> impl Strategy<Value = Vec<u8>> {
        prop::collection::vec(0_u8..4, 0..24)
    }

    fn text(lines: &[u8]) -> String {
        lines.iter().flat_map(|line| [line.to_string(), "\n".to_owned()]).collect()
    }

    /// The length of the longest common subsequence, the slow and sure way.
    fn common(old: &[u8], new: &[u8]) -> usize {
        let mut table = vec![vec![0; new.len() + 1]; old.len() + 1];
        for (i, a) in old.iter().enumerate() {
            for (j, b) in new.iter().enumerate() {
                table[i + 1][j + 1] =
                    if a == b { table[i][j] + 1 } else { table[i][j + 1].max(table[i + 1][j]) };
            }
        }
        table[old.len()][new.len()]
    }

    proptest! {
        #[test]
        fn the_lines_make_both_texts_and_no_shorter_way_exists(
            old in few_lines(),
            new in few_lines(),
        ) {
            let (before, after) = (text(&old), text(&new));
            let all = lines(&before, &after);
            let pick = |keep: fn(&Line<'_>) -> bool| -> String {
                let kept = all.iter().filter(|line| keep(line));
                kept.map(|line| match line {
                    Line::Same(text) | Line::Old(text) | Line::New(text) => format!("{text}\n"),
                }).collect()
            };
            prop_assert_eq!(pick(|line| !matches!(line, Line::New(_))), before.clone());
            prop_assert_eq!(pick(|line| !matches!(line, Line::Old(_))), after.clone());
            let same = all.iter().filter(|line| matches!(line, Line::Same(_))).count();
            prop_assert_eq!(same, common(&old, &new));
        }
    }
}
