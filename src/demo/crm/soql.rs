//! As much SOQL as the stand-in needs: fields, one object, and conditions joined by one word.
//!
//! Guarantees: refuses what Salesforce refuses of it: an open literal, `AND` mixed with `OR`
//! without parentheses.
//! Does not know: order, limits, subqueries, parentheses.

use serde_json::Value;

/// A query.
#[derive(Debug, PartialEq)]
pub(super) struct Query {
    pub fields: Vec<String>,
    pub object: String,
    conditions: Vec<Condition>,
    is_any: bool,
}

#[derive(Debug, PartialEq)]
struct Condition {
    field: String,
    operator: String,
    values: Vec<String>,
}

/// Reads a query; none if it is malformed.
pub(super) fn parse(soql: &str) -> Option<Query> {
    let (fields, rest) = soql.strip_prefix("SELECT ")?.split_once(" FROM ")?;
    let (object, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let fields = fields.split(',').map(|field| field.trim().to_owned()).collect();
    let words = words(rest)?;
    let end = words
        .iter()
        .position(|word| matches!(word, Word::Plain(word) if word == "ORDER" || word == "LIMIT"));
    let mut words = words.into_iter().take(end.unwrap_or(usize::MAX)).peekable();
    let mut query =
        Query { fields, object: object.to_owned(), conditions: Vec::new(), is_any: false };
    if words.peek().is_none() {
        return Some(query);
    }
    let mut joints = Vec::new();
    match words.next()? {
        Word::Plain(word) if word == "WHERE" => {}
        _ => return None,
    }
    loop {
        let (Word::Plain(field), Word::Plain(operator)) = (words.next()?, words.next()?) else {
            return None;
        };
        let values = match words.next()? {
            Word::Plain(value) => vec![value],
            Word::List(values) => values,
        };
        query.conditions.push(Condition { field, operator, values });
        match words.next() {
            None => break,
            Some(Word::Plain(joint)) if joint == "AND" || joint == "OR" => joints.push(joint),
            Some(_) => return None,
        }
    }
    joints.dedup();
    query.is_any = joints.first().is_some_and(|joint| joint == "OR");
    (joints.len() <= 1).then_some(query)
}

impl Query {
    /// A field and the values of which every row that meets the conditions has one, if a single
    /// condition says so.
    pub fn narrowest(&self) -> Option<(&str, &[String])> {
        let is_alone = self.conditions.len() == 1 || !self.is_any;
        let names = |one: &&Condition| {
            matches!(one.operator.as_str(), "=" | "IN")
                && !matches!(one.values.as_slice(), [value] if value == "true" || value == "false")
        };
        let one = self.conditions.iter().filter(|_| is_alone).find(names)?;
        Some((&one.field, &one.values))
    }

    /// Whether a row meets the conditions.
    pub fn matches(&self, field: impl Fn(&str) -> Value) -> bool {
        let meets = |condition: &Condition| condition.is_met(&field(&condition.field));
        if self.conditions.is_empty() {
            true
        } else if self.is_any {
            self.conditions.iter().any(meets)
        } else {
            self.conditions.iter().all(meets)
        }
    }
}

impl Condition {
    fn is_met(&self, value: &Value) -> bool {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let first = self.values.first().map_or("", String::as_str);
        match self.operator.as_str() {
            "=" | "IN" => self.values.iter().any(|one| one.eq_ignore_ascii_case(&text)),
            "!=" => !text.eq_ignore_ascii_case(first),
            ">=" => text.as_str() >= first,
            "LIKE" => text.contains(first.trim_matches('%')),
            _ => false,
        }
    }
}

/// A word outside of literals, a literal, or a list of literals.
#[derive(Debug)]
enum Word {
    Plain(String),
    List(Vec<String>),
}

fn words(soql: &str) -> Option<Vec<Word>> {
    let (mut words, mut list) = (Vec::new(), None::<Vec<String>>);
    let mut chars = soql.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            ' ' | ',' => {}
            '(' => list = Some(Vec::new()),
            ')' => words.push(Word::List(list.take()?)),
            '\'' => {
                let mut text = String::new();
                loop {
                    match chars.next()? {
                        '\'' => break,
                        '\\' => text.push(match chars.next()? {
                            'n' => '\n',
                            'r' => '\r',
                            't' => '\t',
                            plain => plain,
                        }),
                        plain => text.push(plain),
                    }
                }
                match &mut list {
                    Some(list) => list.push(text),
                    None => words.push(Word::Plain(text)),
                }
            }
            first => {
                let mut word = String::from(first);
                while let Some(next) = chars.next_if(|next| !" ,()'".contains(*next)) {
                    word.push(next);
                }
                words.push(Word::Plain(word));
            }
        }
    }
    list.is_none().then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(soql: &str, email: &str, wanted: Option<bool>) {
        let field = |name: &str| match name {
            "Email" => Value::from(email),
            "IsConverted" => Value::from(false),
            _ => Value::Null,
        };
        assert_eq!(parse(soql).map(|query| query.matches(field)), wanted, "{soql}");
    }

    #[test]
    fn the_condition_that_names_values_narrows_the_search() {
        for (conditions, wanted) in [
            ("IsConverted = false AND Email IN ('a','b')", Some(("Email", 2))),
            ("Id = 'x'", Some(("Id", 1))),
            ("Id = 'x' OR Email = 'a'", None),
            ("Website LIKE '%a%'", None),
            ("IsClosed = true", None),
        ] {
            let query = parse(&format!("SELECT Id FROM Lead WHERE {conditions}")).unwrap();
            let narrowest = query.narrowest().map(|(field, values)| (field, values.len()));
            assert_eq!(narrowest, wanted, "{conditions}");
        }
    }

    #[test]
    fn conditions_hold_as_in_salesforce() {
        let from = "SELECT Id FROM Lead";
        check(from, "a", Some(true));
        check(&format!("{from} WHERE Email IN ('a','b') ORDER BY Id"), "B", Some(true));
        check(&format!("{from} WHERE Email IN ('a') AND IsConverted = false"), "a", Some(true));
        check(&format!("{from} WHERE Email = 'o\\'b'"), "o'b", Some(true));
        check(&format!("{from} WHERE Email LIKE '%x%' OR Email != 'a'"), "a", Some(false));
        check(&format!("{from} WHERE Email >= 2026-01-01T00:00:00.000Z"), "2026-02", Some(true));
        check(&format!("{from} WHERE Email = 'a' AND Id = 'b' OR Id = 'c'"), "a", None);
        check(&format!("{from} WHERE Email = 'a"), "a", None);
        check("DELETE", "a", None);
    }
}
