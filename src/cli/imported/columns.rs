//! What the columns of a file of leads hold.
//!
//! Guarantees: columns are found by their usual headings, however they are spelled, or by what the
//! command says of them; fields are those that the rulebook knows, custom ones included; a column
//! that is not known is refused, with the one that may be meant.
//! Does not know: what stands in a cell.

use csv::StringRecord;

use crate::{
    cli::sheet::{nearest, plain},
    rulebook::{Rulebook, condition::Type},
};

/// What a column holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Column {
    /// When the lead came.
    At,
    /// Where it came from.
    Source,
    /// Who got it.
    Owner,
    /// When it was answered.
    AnsweredAt,
    /// A field of the lead, by its name.
    Field(String, Type),
}

/// The columns that are no fields, with the headings that say so. The first is its own.
const OWN: [(Column, &[&str]); 4] = [
    (
        Column::At,
        &[
            "at",
            "arrived_at",
            "created_at",
            "created",
            "created_date",
            "create_date",
            "create_time",
        ],
    ),
    (Column::Source, &["source", "lead_source"]),
    (
        Column::Owner,
        &["owner", "lead_owner", "contact_owner", "owner_email", "owner_id", "assigned_to"],
    ),
    (
        Column::AnsweredAt,
        &["answered_at", "first_answered_at", "first_response", "first_response_at"],
    ),
];

/// Usual headings of fields beside their names.
const FIELDS: [(&str, &str); 19] = [
    ("email_address", "email"),
    ("e_mail", "email"),
    ("phone_number", "phone"),
    ("firstname", "first_name"),
    ("lastname", "last_name"),
    ("full_name", "name"),
    ("company_name", "company"),
    ("company_account", "company"),
    ("website_url", "website"),
    ("job_title", "title"),
    ("country_region", "country"),
    ("country_code", "country"),
    ("state", "region"),
    ("state_region", "region"),
    ("state_province", "region"),
    ("zip", "postal_code"),
    ("zip_postal_code", "postal_code"),
    ("number_of_employees", "employees"),
    ("no_of_employees", "employees"),
];

/// Facts of a lead that follow from others: no column brings them.
const DERIVED: [&str; 4] = ["domain", "free_mail", "source", "intent"];

/// What the command says of columns.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// Headings and the columns that they mean.
    pub meant: Vec<(String, String)>,
    /// Headings that are passed over.
    pub ignored: Vec<String>,
}

/// The names that columns can have.
struct Names {
    fields: Vec<(String, Type)>,
}

impl Names {
    fn of(book: &Rulebook) -> Self {
        let schema = &book.schema;
        let fields = schema.slots().filter_map(|(slot, name)| {
            let name = name.strip_prefix("lead.")?;
            let kind = schema.kind(slot)?;
            (!DERIVED.contains(&name)).then(|| (name.to_owned(), kind))
        });
        Self { fields: fields.collect() }
    }

    /// The column of this name, as it is compared.
    fn find(&self, name: &str) -> Option<Column> {
        let own = OWN.iter().find(|(_, names)| names.contains(&name));
        if let Some((column, _)) = own {
            return Some(column.clone());
        }
        let usual = FIELDS.iter().find(|(heading, _)| *heading == name).map(|(_, field)| *field);
        let is_it = |field: &str| match usual {
            Some(usual) => field == usual,
            None => plain(field) == name,
        };
        let bare =
            |field: &str| field.strip_prefix("custom.").is_some_and(|field| plain(field) == name);
        let mut fields = self.fields.iter();
        let found = fields.find(|(field, _)| is_it(field));
        let found = found.or_else(|| self.fields.iter().find(|(field, _)| bare(field)));
        found.map(|(field, kind)| Column::Field(field.clone(), *kind))
    }

    fn known(&self) -> impl Iterator<Item = &str> {
        let own = OWN.iter().filter_map(|(_, names)| names.first().copied());
        own.chain(self.fields.iter().map(|(name, _)| name.as_str()))
    }
}

/// What each column holds; nothing for one that is passed over.
///
/// # Errors
/// Each column that is not known or comes twice, and those that are missing.
pub fn columns(
    headings: &StringRecord,
    said: &Said,
    book: &Rulebook,
) -> Result<Vec<Option<Column>>, Vec<String>> {
    let names = Names::of(book);
    let ignored: Vec<String> = said.ignored.iter().map(|name| plain(name)).collect();
    let (mut columns, mut wrong) = (Vec::new(), Vec::new());
    for heading in headings {
        let name = plain(heading);
        if ignored.contains(&name) {
            columns.push(None);
            continue;
        }
        let meant = said.meant.iter().find(|(from, _)| plain(from) == name);
        let meant = meant.map_or(name, |(_, to)| plain(to));
        match names.find(&meant) {
            Some(column) => {
                if columns.contains(&Some(column.clone())) {
                    let pass = format!("remove one, or add --ignore {heading:?}");
                    wrong.push(format!("{heading:?} says the same as a column before it; {pass}"));
                }
                columns.push(Some(column));
            }
            None => wrong
                .push(format!("unknown column {heading:?}; {}", advice(&names, &meant, heading))),
        }
    }
    for (from, to) in &said.meant {
        if !headings.iter().any(|heading| plain(heading) == plain(from)) {
            wrong.push(format!(
                "--column {:?}: the file has no column {from:?}",
                format!("{from}={to}")
            ));
        }
    }
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let has = |column: &Column| columns.iter().flatten().any(|one| one == column);
    let has_field = |field: &str| {
        columns.iter().flatten().any(|one| matches!(one, Column::Field(name, _) if name == field))
    };
    if !has(&Column::At) {
        wrong.push("there is no column \"at\"; add when each lead arrived".to_owned());
    }
    if !has_field("email") && !has_field("phone") {
        wrong
            .push("there is no column \"email\" or \"phone\"; add whose leads they are".to_owned());
    }
    if wrong.is_empty() { Ok(columns) } else { Err(wrong) }
}

fn advice(names: &Names, name: &str, heading: &str) -> String {
    if DERIVED.contains(&name) {
        return format!("handoff finds it out by itself; add --ignore {heading:?}");
    }
    let ways =
        format!("say what it is as in --column \"{heading}=company\", or add --ignore {heading:?}");
    if let Some(near) = nearest(name, names.known()) {
        return format!("did you mean {near:?}? Else {ways}");
    }
    let known: Vec<&str> = names.known().collect();
    format!("{ways}; known are {}", known.join(", "))
}
