//! Random well-typed conditions and random facts, for properties.
//!
//! Guarantees: what is generated compiles against [`schema`]; every construct of the subset occurs,
//! and values are few enough that clauses hold about as often as not.
//! Does not know: what is right; the properties do.

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use super::plain::PlainValue;
use super::syntax::{Expr, Kind, Method, Op};
use super::{Facts, Field, Pred, Schema, Type, Value, compile::compile};

pub(super) const FIELDS: [(&str, Type); 12] = [
    ("lead.country", Type::Text),
    ("lead.email", Type::Text),
    ("lead.utm.campaign", Type::Text),
    ("account.owner", Type::Text),
    ("lead.employees", Type::Number),
    ("lead.custom.budget", Type::Number),
    ("lead.score", Type::Number),
    ("lead.free_mail", Type::Bool),
    ("account.known", Type::Bool),
    ("lead.tags", Type::List),
    ("lead.custom.topics", Type::List),
    ("account.markets", Type::List),
];

const TEXTS: [&str; 18] = [
    "",
    "DE",
    "de",
    "De",
    "AT",
    "a",
    "ab",
    "AB",
    "b",
    "a.b",
    "Straße",
    "STRASSE",
    "Ärger",
    "äRGER",
    "\"'`",
    "\\\n\t\r\u{7}\u{7f}",
    "😀",
    "\u{85}\u{2028}",
];

const NUMBERS: [f64; 12] =
    [0.0, 1.0, 2.0, 3.0, 5.0, -5.0, 0.5, 499.999, 500.0, 1e-7, 1e21, 9_007_199_254_740_991.0];

const PATTERNS: [&str; 7] = ["^a", "b$", "(?i)de", "^.{2}$", "[äß]", r"\d+|^$", "A|B"];

pub(in super::super) fn schema() -> Schema {
    let builder = FIELDS
        .iter()
        .fold(Schema::builder(), |builder, (name, kind)| builder.with(Field::new(name, *kind)));
    builder.group("account", "account.known").build().unwrap()
}

fn expr(kind: Kind) -> Expr {
    Expr { kind, span: 0..0 }
}

fn boxed(expr: Expr) -> Box<Expr> {
    Box::new(expr)
}

fn field(kind: Type) -> BoxedStrategy<Expr> {
    let names: Vec<_> = FIELDS.iter().filter(|(_, known)| *known == kind).collect();
    select(names).prop_map(|(name, _)| expr(Kind::Path((*name).to_owned()))).boxed()
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        12 => select(TEXTS.as_slice()).prop_map(ToOwned::to_owned),
        1 => "\\PC{0,4}",
    ]
}

fn number() -> impl Strategy<Value = f64> {
    prop_oneof![12 => select(NUMBERS.as_slice()), 1 => -1e6..1e6_f64]
}

fn text_const() -> impl Strategy<Value = Expr> {
    text().prop_map(|text| expr(Kind::Text(text)))
}

fn number_const() -> impl Strategy<Value = Expr> {
    number().prop_map(|number| expr(Kind::Number(number)))
}

fn lowered(target: Expr) -> Expr {
    expr(Kind::Call(Method::LowerAscii, boxed(target), Vec::new()))
}

fn text_operand() -> impl Strategy<Value = Expr> {
    prop_oneof![3 => field(Type::Text), 1 => field(Type::Text).prop_map(lowered)]
}

fn number_operand() -> impl Strategy<Value = Expr> {
    let sized = prop_oneof![field(Type::Text), field(Type::List)]
        .prop_map(|target| expr(Kind::Call(Method::Size, boxed(target), Vec::new())));
    prop_oneof![3 => field(Type::Number), 1 => sized]
}

/// A comparison, with its sides in either order.
fn compare(
    op: impl Strategy<Value = Op>,
    left: impl Strategy<Value = Expr>,
    right: impl Strategy<Value = Expr>,
) -> impl Strategy<Value = Expr> {
    (op, left, right, any::<bool>()).prop_map(|(op, left, right, flip)| {
        let (left, right) = if flip { (right, left) } else { (left, right) };
        expr(Kind::Compare(op, boxed(left), boxed(right)))
    })
}

fn contained(
    item: impl Strategy<Value = Expr>,
    list: impl Strategy<Value = Expr>,
) -> impl Strategy<Value = Expr> {
    (item, list).prop_map(|(item, list)| expr(Kind::In(boxed(item), boxed(list))))
}

fn call(method: Method, target: Expr, argument: Expr) -> Expr {
    expr(Kind::Call(method, boxed(target), vec![argument]))
}

fn clause() -> impl Strategy<Value = Expr> {
    let equal = || select(vec![Op::Equal, Op::NotEqual]);
    let any_op = || select(Op::ALL.iter().map(|(_, op)| *op).collect::<Vec<_>>());
    let list =
        |items: BoxedStrategy<Expr>| vec(items, 0..4).prop_map(|items| expr(Kind::List(items)));
    let part = || select(vec![Method::StartsWith, Method::EndsWith, Method::Contains]);
    prop_oneof![
        2 => select(vec![true, false]).prop_map(|truth| expr(Kind::Bool(truth))),
        4 => field(Type::Bool),
        4 => select(FIELDS.as_slice()).prop_map(|(name, _)| expr(Kind::Has(name.to_owned()))),
        4 => compare(equal(), text_operand(), text_const()),
        2 => compare(equal(), text_operand(), text_operand()),
        6 => compare(any_op(), number_operand(), number_const()),
        2 => compare(any_op(), number_operand(), number_operand()),
        1 => compare(equal(), field(Type::Bool), any::<bool>().prop_map(|truth| expr(Kind::Bool(truth)))),
        1 => compare(equal(), field(Type::Bool), field(Type::Bool)),
        4 => contained(text_operand(), list(text_const().boxed())),
        3 => contained(number_operand(), list(number_const().boxed())),
        3 => contained(text_const(), field(Type::List)),
        2 => contained(text_operand(), field(Type::List)),
        4 => (part(), text_operand(), text_const())
            .prop_map(|(method, target, argument)| call(method, target, argument)),
        2 => (part(), field(Type::Text), field(Type::Text))
            .prop_map(|(method, target, argument)| call(method, target, argument)),
        1 => (select(vec![Method::StartsWith, Method::EndsWith]), text_operand(), text_operand())
            .prop_map(|(method, target, argument)| call(method, target, argument)),
        2 => (field(Type::Text), select(PATTERNS.as_slice()))
            .prop_map(|(target, pattern)| call(Method::Matches, target, expr(Kind::Text(pattern.to_owned())))),
    ]
}

/// A condition that compiles.
pub(super) fn condition() -> impl Strategy<Value = Expr> {
    clause().prop_recursive(4, 16, 4, |inner| {
        prop_oneof![
            3 => vec(inner.clone(), 2..4).prop_map(|parts| expr(Kind::And(parts))),
            3 => vec(inner.clone(), 2..4).prop_map(|parts| expr(Kind::Or(parts))),
            2 => inner.prop_map(|inner| expr(Kind::Not(boxed(inner)))),
        ]
    })
}

/// The same, compiled.
pub(in super::super) fn pred() -> impl Strategy<Value = Pred> {
    condition().prop_map(|expr| compile(&expr, &schema()).unwrap())
}

/// A value or nothing for each of [`FIELDS`].
pub(in super::super) fn facts() -> impl Strategy<Value = Vec<Option<Value>>> {
    let value = |kind: Type| match kind {
        Type::Text => text().prop_map(|text| Value::text(&text)).boxed(),
        Type::Number => number().prop_map(Value::Number).boxed(),
        Type::Bool => any::<bool>().prop_map(Value::Bool).boxed(),
        Type::List => vec(text(), 0..4)
            .prop_map(|items| Value::list(items.iter().map(String::as_str)))
            .boxed(),
    };
    FIELDS.iter().map(|(_, kind)| of(value(*kind))).collect::<Vec<_>>()
}

pub(in super::super) fn fill(schema: &Schema, known: &[Option<Value>]) -> Facts {
    let mut facts = Facts::new(schema);
    for ((name, _), value) in FIELDS.iter().zip(known) {
        assert!(facts.set(schema.slot(name).unwrap(), value.clone()), "{name}: {value:?}");
    }
    facts
}

/// A value that some field may understand.
pub(super) fn plain_value() -> impl Strategy<Value = PlainValue> {
    let words = ["known", "unknown", "500 or more", "under 3", "1 to 5", "not 5", "not de", "yes"];
    let single = prop_oneof![
        3 => select(words.to_vec()).prop_map(|word| PlainValue::Text(word.to_owned())),
        6 => text().prop_map(PlainValue::Text),
        3 => number().prop_map(PlainValue::Number),
        1 => any::<bool>().prop_map(PlainValue::Bool),
    ];
    prop_oneof![
        2 => single.clone(),
        1 => vec(single, 0..4).prop_map(PlainValue::List),
    ]
}
