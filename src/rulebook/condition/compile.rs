//! A syntax tree and a schema to a predicate: names become slots, types are checked.
//!
//! Guarantees: every finding of a condition is reported, not only the first.
//! Does not know: plain conditions (`plain.rs`), which need no syntax tree.

use std::ops::Range;
use std::sync::Arc;

use super::finding::Finding;
use super::pred::{
    Clause, Leaf, Measure, Node, NumberField, Order, Pred, Reading, Test, TextField, TextSet, join,
};
use super::schema::{Schema, Slot, Type};
use super::syntax::{Expr, Kind, Method, Op};

/// Checks and compiles `expr`.
pub(super) fn compile(expr: &Expr, schema: &Schema) -> Result<Pred, Vec<Finding>> {
    let mut compiler = Compiler { schema, clauses: Vec::new(), findings: Vec::new() };
    match compiler.condition(expr) {
        Some(root) if compiler.findings.is_empty() => Ok(Pred { root, clauses: compiler.clauses }),
        _ => Err(compiler.findings),
    }
}

pub(super) struct Compiler<'a> {
    schema: &'a Schema,
    clauses: Vec<Clause>,
    findings: Vec<Finding>,
}

/// One side of a comparison.
pub(super) enum Operand<'e> {
    Text(TextField),
    Number(NumberField),
    Bool(Slot),
    List(Slot),
    TextConst(&'e str),
    NumberConst(f64),
    BoolConst(bool),
    ListConst(&'e [Expr]),
    /// Something that is true or false, but no field.
    Condition,
}

impl Operand<'_> {
    pub(super) const fn described(&self) -> &'static str {
        match self {
            Self::Text(_) | Self::TextConst(_) => Type::Text.described(),
            Self::Number(_) | Self::NumberConst(_) => Type::Number.described(),
            Self::Bool(_) | Self::BoolConst(_) | Self::Condition => Type::Bool.described(),
            Self::List(_) | Self::ListConst(_) => Type::List.described(),
        }
    }

    const fn is_const(&self) -> bool {
        matches!(
            self,
            Self::TextConst(_) | Self::NumberConst(_) | Self::BoolConst(_) | Self::ListConst(_)
        )
    }
}

impl Compiler<'_> {
    /// Nothing when a finding was recorded.
    fn condition(&mut self, expr: &Expr) -> Option<Node> {
        match &expr.kind {
            Kind::Bool(truth) => Some(Node::Const(*truth)),
            Kind::Not(inner) => Some(Node::Not(Box::new(self.condition(inner)?))),
            Kind::And(parts) => Some(join(self.conditions(parts)?, Node::All, true)),
            Kind::Or(parts) => Some(join(self.conditions(parts)?, Node::Any, false)),
            Kind::Compare(op, left, right) => self.compare(*op, left, right, expr),
            Kind::In(item, list) => self.contained(item, list, expr),
            Kind::Has(name) => {
                let slot = self.slot(name, &expr.span)?;
                Some(self.leaf(expr, false, Test::Known(slot)))
            }
            Kind::Call(method, target, arguments)
                if !matches!(method, Method::LowerAscii | Method::Size) =>
            {
                self.search(*method, target, arguments, expr)
            }
            Kind::Bad => None,
            _ => match self.operand(expr)? {
                Operand::Bool(slot) => Some(self.leaf(expr, false, Test::Is { slot, want: true })),
                other => {
                    let what = other.described();
                    self.note(
                        &expr.span,
                        format!(
                            "{expr} is {what}, not a condition by itself; compare it, as in {}",
                            match other {
                                Operand::Number(_) | Operand::NumberConst(_) =>
                                    "lead.employees >= 500",
                                Operand::List(_) | Operand::ListConst(_) => "\"x\" in lead.tags",
                                _ => "lead.country == \"DE\"",
                            }
                        ),
                    )
                }
            },
        }
    }

    fn conditions(&mut self, parts: &[Expr]) -> Option<Vec<Node>> {
        let parts: Vec<_> = parts.iter().map(|part| self.condition(part)).collect();
        parts.into_iter().collect()
    }

    pub(super) fn operand<'e>(&mut self, expr: &'e Expr) -> Option<Operand<'e>> {
        Some(match &expr.kind {
            Kind::Text(text) => Operand::TextConst(text),
            Kind::Number(number) => Operand::NumberConst(*number),
            Kind::Bool(truth) => Operand::BoolConst(*truth),
            Kind::List(items) => Operand::ListConst(items),
            Kind::Path(name) => {
                let slot = self.slot(name, &expr.span)?;
                match self.schema.kind(slot)? {
                    Type::Text => Operand::Text(TextField { slot, reading: Reading::Exact }),
                    Type::Number => Operand::Number(NumberField { slot, measure: Measure::Value }),
                    Type::Bool => Operand::Bool(slot),
                    Type::List => Operand::List(slot),
                }
            }
            Kind::Call(Method::LowerAscii, target, _) => match self.operand(target)? {
                Operand::Text(field) => {
                    Operand::Text(TextField { slot: field.slot, reading: Reading::LowerAscii })
                }
                other => return self.wrong_target("lowerAscii", "a text field", target, &other),
            },
            Kind::Call(Method::Size, target, _) => match self.operand(target)? {
                Operand::Text(TextField { slot, .. }) | Operand::List(slot) => {
                    Operand::Number(NumberField { slot, measure: Measure::Size })
                }
                other => {
                    return self.wrong_target(
                        "size",
                        "a text field or a list field",
                        target,
                        &other,
                    );
                }
            },
            Kind::Bad => return None,
            _ => {
                // Findings inside count even though the whole is refused.
                self.condition(expr)?;
                Operand::Condition
            }
        })
    }

    pub(super) fn wrong_target<T>(
        &mut self,
        name: &str,
        wanted: &str,
        target: &Expr,
        found: &Operand<'_>,
    ) -> Option<T> {
        let what = if found.is_const() { "a constant" } else { found.described() };
        self.note(&target.span, format!("{name}() is for {wanted}, and {target} is {what}"))
    }

    fn compare(&mut self, op: Op, left: &Expr, right: &Expr, whole: &Expr) -> Option<Node> {
        let (one, other) = (self.operand(left), self.operand(right));
        let (one, other) = (one?, other?);
        if one.is_const() && !other.is_const() {
            return self.compared(op.flipped(), (right, other), (left, one), whole);
        }
        self.compared(op, (left, one), (right, other), whole)
    }

    /// A comparison with the field on the left if there is one.
    fn compared(
        &mut self,
        op: Op,
        (left, one): (&Expr, Operand<'_>),
        (right, other): (&Expr, Operand<'_>),
        whole: &Expr,
    ) -> Option<Node> {
        let span = &whole.span;
        if matches!(one, Operand::Condition) || matches!(other, Operand::Condition) {
            return self
                .note(span, "a condition is not compared; join conditions with &&, || and !");
        }
        if one.is_const() && other.is_const() {
            return self.note(span, "both sides are constants, so this never changes; name a field, or write true or false");
        }
        if matches!(one, Operand::List(_))
            || matches!(other, Operand::List(_) | Operand::ListConst(_))
        {
            return self.note(span, "lists are not compared as a whole; ask \"x\" in lead.tags, or lead.country in [\"DE\", \"AT\"]");
        }
        let order = match op {
            Op::Equal | Op::NotEqual => Order::Equal,
            Op::Less => Order::Less,
            Op::AtMost => Order::AtMost,
            Op::More => Order::More,
            Op::AtLeast => Order::AtLeast,
        };
        let negated = op == Op::NotEqual;
        let test = match (one, other) {
            (Operand::Number(field), Operand::NumberConst(value)) => {
                Test::Number { field, order, value }
            }
            (Operand::Number(one), Operand::Number(other)) => {
                Test::SameNumber { left: one, order, right: other }
            }
            (one, other) if order != Order::Equal => {
                let (expr, found) =
                    if matches!(one, Operand::Number(_)) { (right, other) } else { (left, one) };
                if let Operand::TextConst(text) = &found
                    && text.trim().parse::<f64>().is_ok()
                {
                    let message =
                        format!("{} orders numbers; write {text} without quotes", op.sign());
                    return self.note(&expr.span, message);
                }
                let what = found.described();
                return self.note(
                    span,
                    format!("{} orders numbers, and {expr} is {what}; use == or !=", op.sign()),
                );
            }
            (Operand::Text(field), Operand::TextConst(text)) => {
                self.constant(field, text, &right.span)?;
                Test::Text { field, values: Box::new(exact([text])) }
            }
            (Operand::Text(one), Operand::Text(other)) => {
                Test::SameText { left: one, right: other }
            }
            (Operand::Bool(slot), Operand::BoolConst(want)) => Test::Is { slot, want },
            (Operand::Bool(one), Operand::Bool(other)) => {
                Test::SameBool { left: one, right: other }
            }
            (one, other) => return self.mismatch((left, &one), (right, &other), span),
        };
        Some(self.leaf(whole, negated, test))
    }

    fn mismatch(
        &mut self,
        (left, one): (&Expr, &Operand<'_>),
        (right, other): (&Expr, &Operand<'_>),
        span: &Range<usize>,
    ) -> Option<Node> {
        let mend = match (one, other) {
            (Operand::Number(_), Operand::TextConst(text))
                if text.trim().parse::<f64>().is_ok() =>
            {
                format!("; write {} without quotes", text.trim())
            }
            (Operand::Text(_), Operand::NumberConst(_) | Operand::BoolConst(_)) => {
                format!("; write \"{right}\" in quotes")
            }
            (Operand::Bool(_), _) if other.is_const() => format!("; write {left} or !{left}"),
            _ => "; compare what is alike".to_owned(),
        };
        let (one, other) = (one.described(), other.described());
        self.note(span, format!("{left} is {one} and {right} is {other}{mend}"))
    }

    /// `item in list`.
    fn contained(&mut self, item: &Expr, list: &Expr, whole: &Expr) -> Option<Node> {
        let (one, other) = (self.operand(item), self.operand(list));
        let test = match (one?, other?) {
            (Operand::Text(field), Operand::ListConst(items)) => {
                let texts = self.items(items, item, "texts", |kind| match kind {
                    Kind::Text(text) => Some(text.as_str()),
                    _ => None,
                })?;
                let known: Vec<_> = texts
                    .iter()
                    .zip(items)
                    .map(|(text, item)| self.constant(field, text, &item.span))
                    .collect();
                known.into_iter().collect::<Option<Vec<()>>>()?;
                Test::Text { field, values: Box::new(exact(texts)) }
            }
            (Operand::Number(field), Operand::ListConst(items)) => {
                let mut values = self.items(items, item, "numbers", |kind| match kind {
                    Kind::Number(number) => Some(*number),
                    _ => None,
                })?;
                values.sort_by(f64::total_cmp);
                Test::NumberIn { field, values: values.into() }
            }
            (Operand::TextConst(text), Operand::List(slot)) => {
                Test::ListHas { slot, folded: false, values: Box::new(exact([text])) }
            }
            (Operand::Text(item), Operand::List(slot)) => Test::ListHasField { slot, item },
            (one, Operand::List(_)) => {
                let what = one.described();
                return self.note(
                    &item.span,
                    format!("{list} is a list of texts, and {item} is {what}; look for a text"),
                );
            }
            (one, Operand::ListConst(_)) if one.is_const() => {
                return self.note(&whole.span, "both sides are constants, so this never changes; name a field, or write true or false");
            }
            (Operand::List(_), Operand::ListConst(_)) => {
                return self.note(
                    &whole.span,
                    format!("{item} is a list; ask for each value, as in \"x\" in {item}"),
                );
            }
            (_, Operand::ListConst(_)) => {
                return self.note(
                    &item.span,
                    format!("{item} is true or false; write it alone or with ! before it"),
                );
            }
            (_, other) => {
                let what = other.described();
                return self.note(&list.span, format!("in looks into a list, and {list} is {what}; write [\"a\", \"b\"], or contains() for a part of a text"));
            }
        };
        Some(self.leaf(whole, false, test))
    }

    /// The constants of a list, all of one kind.
    fn items<'e, T>(
        &mut self,
        items: &'e [Expr],
        field: &Expr,
        wanted: &str,
        read: fn(&'e Kind) -> Option<T>,
    ) -> Option<Vec<T>> {
        let mut values = Vec::with_capacity(items.len());
        for item in items {
            match read(&item.kind) {
                Some(value) => values.push(value),
                None if item.kind == Kind::Bad => {}
                None => {
                    self.note::<()>(&item.span, format!("{field} is looked up among {wanted}, and {item} is not one; write constants of one kind"));
                }
            }
        }
        (values.len() == items.len()).then_some(values)
    }

    /// A text that the field can never have is a mistake.
    fn constant(&mut self, field: TextField, text: &str, span: &Range<usize>) -> Option<()> {
        let Some(known) = self.schema.field(field.slot).filter(|_| field.reading == Reading::Exact)
        else {
            return Some(());
        };
        match known.canonical(text) {
            Ok(value) if value == text => Some(()),
            Ok(value) => {
                let name = &known.name;
                self.note(
                    span,
                    format!("{name} says {value:?} where this says {text:?}; write {value:?}"),
                )
            }
            Err(why) => self.note(span, why),
        }
    }

    fn slot(&mut self, name: &str, span: &Range<usize>) -> Option<Slot> {
        let slot = self.schema.slot(name);
        if slot.is_none() {
            return self.note(span, self.schema.unknown_field(name));
        }
        slot
    }

    pub(super) fn leaf(&mut self, expr: &Expr, negated: bool, test: Test) -> Node {
        let clause = u32::try_from(self.clauses.len()).unwrap_or(u32::MAX);
        self.clauses.push(Clause { span: Some(expr.span.clone()), text: expr.to_string() });
        Node::Leaf(Leaf { clause, negated, test })
    }

    pub(super) fn note<T>(&mut self, span: &Range<usize>, message: impl Into<String>) -> Option<T> {
        self.findings.push(Finding::source(span.clone(), message));
        None
    }
}

/// Texts that are compared as they are written.
fn exact<'e>(texts: impl IntoIterator<Item = &'e str>) -> TextSet {
    let shown: Box<[Arc<str>]> = texts.into_iter().map(Arc::from).collect();
    let mut sorted = shown.to_vec();
    sorted.sort();
    sorted.dedup();
    TextSet { sorted: sorted.into(), shown }
}

#[cfg(test)]
#[path = "compile_tests.rs"]
mod tests;
