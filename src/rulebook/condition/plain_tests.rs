//! What plain conditions understand, say back, and refuse.

use super::super::{Facts, Tri, Value};
use super::*;
use PlainValue::{Bool, List, Number};

const COUNTRIES: [(&str, &str); 3] = [("DE", "Germany"), ("AT", "Austria"), ("CH", "Switzerland")];

fn schema() -> Schema {
    let country = |written: &str| {
        let known = COUNTRIES.iter().find(|(code, name)| {
            code.eq_ignore_ascii_case(written) || name.eq_ignore_ascii_case(written)
        });
        known.map(|(code, _)| (*code).to_owned()).ok_or_else(|| {
            let names = COUNTRIES.iter().map(|(_, name)| *name);
            format!("I do not know the country {written:?}{}", did_you_mean(written, names))
        })
    };
    let name = |code: &str| {
        let known = COUNTRIES.iter().find(|(known, _)| *known == code);
        known.map_or_else(|| code.to_owned(), |(_, name)| (*name).to_owned())
    };
    Schema::builder()
        .with(Field::new("lead.country", Type::Text).normalised(country).shown(name))
        .with(Field::new("lead.company", Type::Text))
        .with(Field::new("lead.sector", Type::Text).allowed(["not for profit", "retail"]))
        .with(Field::new("lead.employees", Type::Number))
        .with(Field::new("lead.free_mail", Type::Bool))
        .with(Field::new("lead.tags", Type::List))
        .with(Field::new("lead.utm.campaign", Type::Text))
        .with(Field::new("account.known", Type::Bool))
        .with(Field::new("account.owner", Type::Text))
        .group("account", "account.known")
        .build()
        .unwrap()
}

fn text(text: &str) -> PlainValue {
    PlainValue::Text(text.to_owned())
}

fn texts(items: &[&str]) -> PlainValue {
    List(items.iter().map(|item| text(item)).collect())
}

#[track_caller]
fn check(field: &str, value: &PlainValue, sentence: &str, cases: &[(Option<Value>, Tri)]) {
    let schema = schema();
    let pred = plain(field, value, &schema).unwrap_or_else(|why| panic!("{field}: {why:?}"));
    assert_eq!(pred.sentence(&schema), sentence);
    let slot = pred.slots().into_iter().next().unwrap();
    for (seen, expected) in cases {
        let mut facts = Facts::new(&schema);
        assert!(facts.set(slot, seen.clone()));
        assert_eq!(pred.eval(&facts), *expected, "{sentence}: {seen:?}");
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the tables also hold missing values")]
fn some(text: &str) -> Option<Value> {
    Some(Value::text(text))
}

#[test]
fn texts_are_compared_regardless_of_case() {
    check(
        "country",
        &texts(&["Germany", "AT", "switzerland"]),
        "country is Germany, Austria or Switzerland",
        &[
            (some("DE"), Tri::True),
            (some("ch"), Tri::True),
            (some("FR"), Tri::False),
            (None, Tri::Unknown),
        ],
    );
    check(
        "country",
        &text("not Germany"),
        "country is not Germany",
        &[(some("DE"), Tri::False), (some("FR"), Tri::True), (None, Tri::Unknown)],
    );
    check(
        "country",
        &texts(&["not Germany", "not AT"]),
        "country is not Germany or Austria",
        &[(some("AT"), Tri::False), (some("FR"), Tri::True)],
    );
    check(
        "lead.company",
        &text(" Große GmbH "),
        "company is Große GmbH",
        &[(some("GROßE GMBH"), Tri::True)],
    );
    check(
        "sector",
        &text("Not for profit"),
        "sector is not for profit",
        &[(some("not for profit"), Tri::True)],
    );
    check("sector", &text("not retail"), "sector is not retail", &[(some("retail"), Tri::False)]);
    check(
        "lead.utm.campaign",
        &text("a,b"),
        "utm campaign is \"a,b\"",
        &[(some("A,B"), Tri::True)],
    );
}

#[test]
fn presence_is_never_unknown_but_a_groups_may_be() {
    check(
        "company",
        &text("known"),
        "company is known",
        &[(some("x"), Tri::True), (None, Tri::False)],
    );
    check(
        "company",
        &text("Unknown"),
        "company is unknown",
        &[(some("x"), Tri::False), (None, Tri::True)],
    );
    check(
        "country",
        &texts(&["Germany", "unknown"]),
        "country is Germany or country is unknown",
        &[(some("DE"), Tri::True), (some("FR"), Tri::False), (None, Tri::True)],
    );
    let truth = |truth| Some(Value::Bool(truth));
    check(
        "account",
        &text("known"),
        "account is known",
        &[(truth(true), Tri::True), (truth(false), Tri::False), (None, Tri::Unknown)],
    );
    check("account", &text("unknown"), "account is unknown", &[(truth(false), Tri::True)]);
}

#[test]
fn numbers_ranges_and_truths_are_understood() {
    let number = |value: f64| Some(Value::Number(value));
    check(
        "employees",
        &text("500 or more"),
        "employees is 500 or more",
        &[(number(500.0), Tri::True), (number(499.0), Tri::False), (None, Tri::Unknown)],
    );
    check(
        "employees",
        &text("50 to 200"),
        "employees is 50 to 200",
        &[(number(200.0), Tri::True), (number(200.5), Tri::False)],
    );
    check(
        "employees",
        &text("not 50-200"),
        "employees is not 50 to 200",
        &[(number(10.0), Tri::True), (number(50.0), Tri::False)],
    );
    check(
        "employees",
        &text("not under 50"),
        "employees is 50 or more",
        &[(number(50.0), Tri::True), (number(49.0), Tri::False)],
    );
    check(
        "employees",
        &Number(7.0),
        "employees is 7",
        &[(number(7.0), Tri::True), (number(8.0), Tri::False)],
    );
    check(
        "employees",
        &List(vec![Number(7.0), text("1"), text("more than 100")]),
        "employees is 1 or 7 or employees is more than 100",
        &[(number(1.0), Tri::True), (number(2.0), Tri::False), (number(101.0), Tri::True)],
    );
    check("free_mail", &Bool(true), "free mail is true", &[(Some(Value::Bool(false)), Tri::False)]);
    check("free_mail", &text("no"), "free mail is false", &[(Some(Value::Bool(false)), Tri::True)]);
    check(
        "tags",
        &texts(&["VIP", "beta"]),
        "tags includes VIP or beta",
        &[
            (Some(Value::list(["x", "vip"])), Tri::True),
            (Some(Value::list([])), Tri::False),
            (None, Tri::Unknown),
        ],
    );
    check(
        "tags",
        &text("not vip"),
        "tags does not include vip",
        &[(Some(Value::list(["Vip"])), Tri::False)],
    );
}

#[test]
fn what_is_not_understood_says_where_and_how_to_mend() {
    use Place::{Field, Item, Value};
    for (field, value, place, part) in [
        ("contry", text("DE"), Field, "did you mean country?"),
        ("utm.campaign", text("x"), Field, "did you mean lead.utm.campaign?"),
        ("owner", text("x"), Field, "did you mean account.owner?"),
        ("country", text("Germny"), Value, "did you mean Germany?"),
        ("country", texts(&["DE", "Germny"]), Item(1), "did you mean Germany?"),
        ("country", texts(&[]), Value, "empty list"),
        ("country", texts(&["not DE", "AT"]), Value, "either what may be"),
        ("country", texts(&["not DE", "unknown"]), Value, "either what may be"),
        ("country", List(vec![texts(&["DE"])]), Item(0), "inside a list"),
        ("company", text(" "), Value, "write \"unknown\""),
        ("company", Number(5.0), Value, "in quotes"),
        ("sector", text("retial"), Value, "did you mean retail?"),
        ("employees", text("some"), Value, "not a number"),
        ("employees", Bool(true), Value, "a number"),
        ("employees", Number(f64::INFINITY), Value, "a number"),
        ("free_mail", text("maybe"), Value, "true or false"),
        ("account", text("Acme"), Value, "account.owner"),
        ("account", Bool(true), Value, "\"known\" or \"unknown\""),
    ] {
        let findings = plain(field, &value, &schema()).expect_err(field);
        assert_eq!(findings.len(), 1, "{field}: {findings:?}");
        assert_eq!(findings[0].place, place, "{field} = {value:?}");
        assert!(findings[0].message.contains(part), "{field}: {}", findings[0]);
    }
    let both = plain("country", &texts(&["x", "DE", "y"]), &schema()).unwrap_err();
    assert_eq!(both.len(), 2);
}
