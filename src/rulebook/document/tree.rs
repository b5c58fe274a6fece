//! Reading the TOML tree with its positions.
//!
//! Guarantees: whatever is missing, of another type or unknown becomes a finding at its place and
//! reading goes on, so that one look shows everything. The keys of a section are those that were
//! asked for: [`Section::done`] reports all others.
//! Does not know: what the keys mean.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    ops::Range,
};

use toml::de::{DeTable, DeValue};

use super::super::finding::{Source, advice, nearest};
use crate::model::{
    finding::{Finding, Severity},
    time::Span,
};

/// More findings than this help nobody.
const FINDINGS_MAX: usize = 200;

/// Where findings about a rulebook gather.
#[derive(Debug)]
pub struct Log<'d> {
    pub source: Source<'d>,
    findings: RefCell<Vec<Finding>>,
    unsaid: Cell<usize>,
}

impl<'d> Log<'d> {
    pub fn new(source: Source<'d>) -> Self {
        Self { source, findings: RefCell::default(), unsaid: Cell::new(0) }
    }

    /// Something that forbids publishing.
    pub fn wrong(&self, at: &Range<usize>, message: impl Into<String>, mend: impl Into<String>) {
        self.note(self.source.finding(at, Severity::Error, message, mend));
    }

    /// The same, of a kind that has a code.
    pub fn wrong_as(
        &self,
        code: &'static str,
        at: &Range<usize>,
        message: impl Into<String>,
        mend: impl Into<String>,
    ) {
        self.note(self.source.finding(at, Severity::Error, message, mend).coded(code));
    }

    /// Something to look at, of a kind that has a code.
    pub fn warn_as(
        &self,
        code: &'static str,
        at: &Range<usize>,
        message: impl Into<String>,
        mend: impl Into<String>,
    ) {
        self.note(self.source.finding(at, Severity::Warning, message, mend).coded(code));
    }

    /// Whether more findings are only counted: then looking for advice is a waste.
    pub fn is_full(&self) -> bool {
        self.findings.borrow().len() >= FINDINGS_MAX
    }

    pub fn note(&self, finding: Finding) {
        let mut findings = self.findings.borrow_mut();
        if findings.len() < FINDINGS_MAX {
            findings.push(finding);
        } else {
            self.unsaid.set(self.unsaid.get() + 1);
        }
    }

    pub fn has_errors(&self) -> bool {
        self.unsaid.get() > 0
            || self.findings.borrow().iter().any(|found| found.severity == Severity::Error)
    }

    /// All findings, main file first, each file from top to bottom.
    pub fn take(self) -> Vec<Finding> {
        let mut findings = self.findings.into_inner();
        findings.sort_by(|a, b| {
            let by_file =
                (a.file != self.source.name, &a.file).cmp(&(b.file != self.source.name, &b.file));
            by_file.then((a.line, a.column).cmp(&(b.line, b.column)))
        });
        if self.unsaid.get() > 0 {
            let more = format!("and {} more, not shown", self.unsaid.get());
            findings.push(self.source.finding(&(0..0), Severity::Error, more, "mend these first"));
        }
        findings
    }
}

/// A value and where it stands.
#[derive(Clone, Copy, Debug)]
pub struct Item<'d> {
    /// The key under which it stands, for sentences.
    pub key: &'d str,
    pub value: &'d DeValue<'d>,
    start: usize,
    end: usize,
    key_start: usize,
    pub log: &'d Log<'d>,
}

/// A table and which of its keys were asked for.
#[derive(Debug)]
pub struct Section<'d> {
    /// Its name between the brackets, for sentences.
    pub kind: &'static str,
    pub at: Range<usize>,
    pub log: &'d Log<'d>,
    table: &'d DeTable<'d>,
    asked: RefCell<BTreeSet<&'static str>>,
}

impl<'d> Section<'d> {
    pub fn new(
        kind: &'static str,
        at: Range<usize>,
        table: &'d DeTable<'d>,
        log: &'d Log<'d>,
    ) -> Self {
        Self { kind, at, log, table, asked: RefCell::default() }
    }

    /// The value under `key`, if there is one; the key is known from now on.
    pub fn item(&self, key: &'static str) -> Option<Item<'d>> {
        self.asked.borrow_mut().insert(key);
        let (name, value) = self.table.get_key_value(key)?;
        Some(Item::new(name.get_ref(), name.span(), value.get_ref(), value.span(), self.log))
    }

    /// The value under `key`; a finding if there is none. `example` says how to write it.
    pub fn need(&self, key: &'static str, example: &str) -> Option<Item<'d>> {
        let item = self.item(key);
        if item.is_none() && !self.has_like(key) {
            let kind = self.kind;
            self.log.wrong(&self.at, format!("{kind} needs {key:?}"), format!("write {example}"));
        }
        item
    }

    /// Whether the key is there, or one that looks like it misspelt: that is reported as unknown
    /// with the right one proposed, and once is enough.
    pub fn has_like(&self, key: &str) -> bool {
        self.table.keys().any(|written| written.get_ref() == key || is_near(written.get_ref(), key))
    }

    /// Everything in the order of the document, for sections whose keys are free.
    pub fn all(&self) -> Vec<Item<'d>> {
        let mut items: Vec<Item<'d>> = self
            .table
            .iter()
            .map(|(key, value)| {
                Item::new(key.get_ref(), key.span(), value.get_ref(), value.span(), self.log)
            })
            .collect();
        items.sort_by_key(|item| item.key_start);
        items
    }

    /// Those of [`Section::all`] that were not asked for by name.
    pub fn rest(&self) -> Vec<Item<'d>> {
        let asked = self.asked.borrow();
        self.all().into_iter().filter(|item| !asked.contains(item.key)).collect()
    }

    /// All `[[kind]]` sections under this.
    pub fn sections(&self, key: &'static str, kind: &'static str) -> Vec<Section<'d>> {
        let Some(item) = self.item(key) else { return Vec::new() };
        let DeValue::Array(entries) = item.value else {
            item.wrong(
                format!("{key:?} is {}", item.described()),
                format!("write [[{key}]] above each one"),
            );
            return Vec::new();
        };
        let entries = entries.iter().map(|entry| Item {
            start: entry.span().start,
            end: entry.span().end,
            value: entry.get_ref(),
            ..item
        });
        entries.filter_map(|entry| entry.section(kind)).collect()
    }

    /// Reports every key that nobody asked for.
    pub fn done(&self) {
        let asked = self.asked.borrow();
        for item in self.rest() {
            let keys = asked.iter().copied();
            let kind = self.kind;
            self.log.wrong(
                &item.key_at(),
                format!("unknown key {:?} in {kind}", item.key),
                advice(item.key, "key", keys),
            );
        }
    }
}

fn is_near(written: &str, key: &str) -> bool {
    written != key && nearest(written, [key]).is_some()
}

impl<'d> Item<'d> {
    fn new(
        key: &'d str,
        key_at: Range<usize>,
        value: &'d DeValue<'d>,
        at: Range<usize>,
        log: &'d Log<'d>,
    ) -> Self {
        Self { key, value, start: at.start, end: at.end, key_start: key_at.start, log }
    }

    /// The bytes of the value.
    pub const fn at(&self) -> Range<usize> {
        self.start..self.end
    }

    /// The bytes of the key.
    pub const fn key_at(&self) -> Range<usize> {
        self.key_start..self.key_start + self.key.len()
    }

    /// A byte inside the value's text: right where the text has no escapes, near enough else.
    pub fn inside(&self, bytes: &Range<usize>) -> Range<usize> {
        let source = self.log.source.text.get(self.at()).unwrap_or_default();
        let quotes = if source.starts_with("\"\"\"") || source.starts_with("'''") {
            // A line break right behind the opening quotes is not part of the text.
            let rest = source.get(3..).unwrap_or_default();
            3 + if rest.starts_with("\r\n") { 2 } else { usize::from(rest.starts_with('\n')) }
        } else {
            1
        };
        let place = |byte: usize| (self.start + quotes + byte).min(self.end);
        place(bytes.start)..place(bytes.end)
    }

    pub fn wrong(&self, message: impl Into<String>, mend: impl Into<String>) {
        self.log.wrong(&self.at(), message, mend);
    }

    pub fn described(&self) -> &'static str {
        match self.value {
            DeValue::String(_) => "text",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        }
    }

    pub fn refuse(&self, wanted: &str) {
        self.wrong(format!("{:?} is {}", self.key, self.described()), format!("write {wanted}"));
    }

    /// A text that is not blank, trimmed.
    pub fn text(&self) -> Option<&'d str> {
        let Some(text) = self.value.as_str() else {
            self.refuse("text in quotes");
            return None;
        };
        if text.trim().is_empty() {
            self.wrong(format!("{:?} is empty", self.key), "write something, or leave it out");
            return None;
        }
        Some(text.trim())
    }

    /// A finite number, if it is one.
    pub fn number_if_one(&self) -> Option<f64> {
        match self.value {
            DeValue::Integer(whole) => {
                i64::from_str_radix(whole.as_str(), whole.radix()).ok().map(|whole| whole as f64)
            }
            DeValue::Float(float) => {
                float.as_str().parse().ok().filter(|float: &f64| float.is_finite())
            }
            _ => None,
        }
    }

    /// A finite number.
    pub fn number(&self) -> Option<f64> {
        let number = self.number_if_one();
        if number.is_none() {
            self.refuse("a number");
        }
        number
    }

    /// A whole number from `low` to `high`.
    pub fn whole(&self, low: u32, high: u32) -> Option<u32> {
        let number = self.number()?;
        if number.fract() == 0.0 && (f64::from(low)..=f64::from(high)).contains(&number) {
            return Some(number as u32);
        }
        let Self { key, .. } = self;
        self.wrong(
            format!("{key:?} is {number}"),
            format!("write a whole number from {low} to {high}"),
        );
        None
    }

    pub fn truth(&self) -> Option<bool> {
        let truth = self.value.as_bool();
        if truth.is_none() {
            self.refuse("true or false");
        }
        truth
    }

    /// A span above zero.
    pub fn span(&self) -> Option<Span> {
        let DeValue::String(text) = self.value else {
            self.refuse("a span in quotes, as in \"5m\"");
            return None;
        };
        match Span::parse(text.trim()) {
            Ok(Span(ms)) if ms <= 0 => {
                self.wrong(
                    format!("{:?} is no time at all", self.key),
                    "write a longer span, as in \"5m\"",
                );
                None
            }
            Ok(span) => Some(span),
            Err(why) => {
                self.wrong(why, "");
                None
            }
        }
    }

    /// The items of a list.
    pub fn list(&self) -> Option<Vec<Item<'d>>> {
        let DeValue::Array(entries) = self.value else {
            self.refuse("a list in square brackets");
            return None;
        };
        let entry = |entry: &'d toml::Spanned<DeValue<'d>>| {
            let at = entry.span();
            Item { start: at.start, end: at.end, value: entry.get_ref(), ..*self }
        };
        Some(entries.iter().map(entry).collect())
    }

    /// The items of a list, or the one value alone.
    pub fn one_or_many(&self) -> Vec<Item<'d>> {
        match self.value {
            DeValue::Array(_) => self.list().unwrap_or_default(),
            _ => vec![*self],
        }
    }

    /// The texts of a list, each with its place.
    pub fn texts(&self) -> Option<Vec<(&'d str, Item<'d>)>> {
        let items = self.list()?;
        Some(items.into_iter().filter_map(|item| Some((item.text()?, item))).collect())
    }

    /// The table.
    pub fn section(&self, kind: &'static str) -> Option<Section<'d>> {
        let DeValue::Table(table) = self.value else {
            self.refuse("a table");
            return None;
        };
        Some(Section::new(kind, self.at(), table, self.log))
    }

    pub const fn is_table(&self) -> bool {
        matches!(self.value, DeValue::Table(_))
    }
}
