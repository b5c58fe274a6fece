//! The names of facts: what a lead has, what CRMs know, what tables add.
//!
//! Guarantees: every name that a condition may ask for has one type, wherever it is used.
//! Does not know: values of leads.

use super::condition::{Field, Schema, SchemaBuilder, Type};
use crate::model::{account::By, country, field::CANONICAL};

/// The type of a canonical field.
pub fn kind_of(field: &str) -> Type {
    if field == "employees" { Type::Number } else { Type::Text }
}

/// What a person wrote for a country, as facts hold it.
pub fn country_code(text: &str) -> Result<String, String> {
    if let Some(code) = country::parse(text) {
        return Ok(code.to_owned());
    }
    let mut parts = text.split([',', ';', '/', '&', '+']);
    if parts.clone().count() > 1 && parts.all(|part| country::parse(part.trim()).is_some()) {
        return Err(format!(
            "{text:?} are several countries; write a list, as in [\"Germany\", \"Austria\"], and in a \
             table a row for each"
        ));
    }
    Err(match country::suggest(text) {
        Some(name) => format!("{text:?} is not a country; did you mean {name:?}?"),
        None => format!(
            "{text:?} is not a country; write its name or its two-letter code, and several as a list"
        ),
    })
}

/// What a rulebook adds to the names that are always there.
#[derive(Debug, Default)]
pub struct Declared<'d> {
    /// Custom fields with their types.
    pub custom: Vec<(String, Type)>,
    /// Tables with their columns.
    pub tables: Vec<(String, Vec<(String, ColumnKind)>)>,
    /// The names that `lead.source` can have.
    pub sources: Vec<&'d str>,
    /// The names that `lead.intent` can have.
    pub intents: Vec<&'d str>,
    /// Ids of reps.
    pub reps: Vec<&'d str>,
    /// Ids of pools.
    pub pools: Vec<&'d str>,
}

/// What a table's column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Text.
    Text,
    /// A number.
    Number,
    /// True or false.
    Bool,
    /// The id of a pool.
    Pool,
    /// The id of a rep.
    Rep,
}

impl ColumnKind {
    /// Every kind with its word.
    pub const ALL: [(&'static str, Self); 5] = [
        ("text", Self::Text),
        ("number", Self::Number),
        ("bool", Self::Bool),
        ("pool", Self::Pool),
        ("rep", Self::Rep),
    ];

    /// How facts hold it.
    pub const fn kind(self) -> Type {
        match self {
            Self::Text | Self::Pool | Self::Rep => Type::Text,
            Self::Number => Type::Number,
            Self::Bool => Type::Bool,
        }
    }
}

/// Makes the schema.
///
/// # Errors
/// What is wrong with the declared names.
pub fn schema(declared: &Declared<'_>) -> Result<Schema, Vec<String>> {
    let reps = || declared.reps.iter().copied();
    let mut builder = Schema::builder();
    for field in CANONICAL {
        let name = format!("lead.{field}");
        let entry = Field::new(&name, kind_of(field));
        builder = builder.with(if field == "country" {
            entry.normalised(country_code).shown(country_name)
        } else {
            entry
        });
    }
    let mut builder = builder
        .with(Field::new("lead.domain", Type::Text))
        .with(Field::new("lead.free_mail", Type::Bool))
        .with(Field::new("lead.source", Type::Text).allowed(declared.sources.iter().copied()))
        .with(Field::new("lead.intent", Type::Text).allowed(declared.intents.iter().copied()))
        .with(Field::new("account.known", Type::Bool))
        .with(Field::new("account.owner", Type::Text).allowed(reps()))
        .with(Field::new("account.name", Type::Text))
        .with(Field::new("account.match", Type::Text).allowed(By::ALL.map(|(word, _)| word)))
        .with(Field::new("account.score", Type::Number))
        .with(Field::new("account.id", Type::Text))
        .with(Field::new("account.tier", Type::Text))
        .with(Field::new("account.parent", Type::Text))
        .with(Field::new("account.parent_owner", Type::Text).allowed(reps()))
        .with(Field::new("account.open_opportunity", Type::Bool))
        .with(Field::new("account.opportunity_owner", Type::Text).allowed(reps()))
        .with(Field::new("account.opportunity_stage", Type::Text))
        .with(Field::new("account.opportunity_amount", Type::Number))
        .with(Field::new("person.known", Type::Bool))
        .with(Field::new("person.owner", Type::Text).allowed(reps()))
        .group("account", "account.known")
        .group("person", "person.known");
    for (name, kind) in &declared.custom {
        let label = name.replace('_', " ");
        builder = builder.with(Field::new(&format!("lead.custom.{name}"), *kind).labelled(&label));
    }
    for (table, columns) in &declared.tables {
        builder = add_table(builder, table, columns, declared);
    }
    builder.build()
}

fn add_table(
    builder: SchemaBuilder,
    table: &str,
    columns: &[(String, ColumnKind)],
    declared: &Declared<'_>,
) -> SchemaBuilder {
    let known = format!("{table}.known");
    let mut builder = builder.with(Field::new(&known, Type::Bool)).group(table, &known);
    for (column, kind) in columns {
        let field = Field::new(&format!("{table}.{column}"), kind.kind());
        builder = builder.with(match kind {
            ColumnKind::Pool => field.allowed(declared.pools.iter().copied()),
            ColumnKind::Rep => field.allowed(declared.reps.iter().copied()),
            _ => field,
        });
    }
    builder
}

fn country_name(code: &str) -> String {
    country::name(code).unwrap_or(code).to_owned()
}
