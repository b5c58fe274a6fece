//! Accounts as a CSV file has them.
//!
//! Guarantees: columns are found by their usual headings, however they are spelled; no two lines
//! have one id. Does not know: what becomes of the accounts.

use std::path::Path;

use csv::StringRecord;
use jiff::{Timestamp, civil};

use crate::{
    cli::{
        exit::Stop,
        sheet::{Rows, Seen, Sheet, nearest, plain},
    },
    model::{
        account::{Account, LeftOut, Opportunity, tidy},
        normalize,
        time::Time,
    },
};

/// What a column holds, with the headings that say so. The first is its own.
const COLUMNS: [(Column, &[&str]); 13] = [
    (Column::Id, &["id", "account_id", "company_id", "record_id"]),
    (Column::Name, &["name", "account_name", "company", "company_name"]),
    (
        Column::Domains,
        &["domains", "domain", "website", "company_domain_name", "aliases", "other_domains"],
    ),
    (Column::Country, &["country", "billing_country", "country_region", "country_code"]),
    (Column::Owner, &["owner", "account_owner", "owner_id", "company_owner", "owner_email"]),
    (Column::Parent, &["parent", "parent_id", "parent_account", "parent_account_id"]),
    (
        Column::Opportunity,
        &["opportunity", "open_opportunity", "has_open_opportunity", "open_deal"],
    ),
    (Column::Stage, &["opportunity_stage", "stage", "deal_stage"]),
    (Column::OpportunityOwner, &["opportunity_owner", "deal_owner"]),
    (Column::Amount, &["opportunity_amount", "amount", "deal_amount"]),
    (Column::Tier, &["tier", "segment", "account_tier"]),
    (Column::LastActivity, &["last_activity", "last_activity_date", "last_contacted"]),
    (Column::Created, &["created", "created_date", "create_date", "created_at"]),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Id,
    Name,
    Domains,
    Country,
    Owner,
    Parent,
    Opportunity,
    Stage,
    OpportunityOwner,
    Amount,
    Tier,
    LastActivity,
    Created,
}

/// Accounts of a file with these columns.
#[derive(Debug)]
pub struct Accounts {
    columns: Vec<Option<Column>>,
    seen: Seen,
}

/// Opens a file and reads its heading.
///
/// # Errors
/// It cannot be read, or its columns are not those of accounts.
pub fn open(path: &Path, ignored: &[String]) -> Result<Sheet<Accounts>, Stop> {
    Sheet::open(path, |headings| {
        Ok(Accounts { columns: columns(headings, ignored)?, seen: Seen::default() })
    })
}

impl Rows for Accounts {
    /// The account and what was left out of it.
    type Row = (Account, Vec<LeftOut>);

    fn row(&mut self, record: &StringRecord, number: u64) -> Result<Self::Row, String> {
        let mut account = Account::default();
        let (mut open, mut says_open) = (Opportunity::default(), None);
        for (cell, column) in record.iter().zip(&self.columns) {
            let Some(column) = column.filter(|_| !cell.is_empty()) else { continue };
            let text = || Some(cell.to_owned());
            match column {
                Column::Id => cell.clone_into(&mut account.id),
                Column::Name => cell.clone_into(&mut account.name),
                Column::Domains => account.domains.extend(domains(cell)),
                Column::Country => account.country = text(),
                Column::Owner => account.owner = text(),
                Column::Parent => account.parent = text(),
                Column::Opportunity => says_open = Some(truth(cell)?),
                Column::Stage => open.stage = text(),
                Column::OpportunityOwner => open.owner = text(),
                Column::Amount => open.amount = Some(amount(cell)?),
                Column::Tier => account.tier = text(),
                Column::LastActivity => account.last_activity = Some(time(cell)?),
                Column::Created => account.created = Some(time(cell)?),
            }
        }
        let is_open = says_open.unwrap_or(open != Opportunity::default());
        account.opportunity = is_open.then_some(open);
        let (account, left_out) = tidy(&account)?;
        if let Some(first) = self.seen.before(&account.id, number) {
            let id = &account.id;
            return Err(format!("the id {id:?} is on line {first} already; keep one of the two"));
        }
        Ok((account, left_out))
    }
}

/// What each column holds.
fn columns(
    headings: &StringRecord,
    ignored: &[String],
) -> Result<Vec<Option<Column>>, Vec<String>> {
    let (mut columns, mut wrong) = (Vec::new(), Vec::new());
    let ignored: Vec<String> = ignored.iter().map(|name| plain(name)).collect();
    for heading in headings {
        let name = plain(heading);
        if ignored.contains(&name) {
            columns.push(None);
            continue;
        }
        let found = COLUMNS.iter().find(|(_, names)| names.contains(&name.as_str()));
        if let Some((column, _)) = found {
            if columns.contains(&Some(*column)) && *column != Column::Domains {
                wrong.push(format!("{heading:?} says the same as a column before it; remove one"));
            }
            columns.push(Some(*column));
        } else {
            wrong.push(format!("unknown column {heading:?}; {}", advice(&name, heading)));
        }
    }
    if wrong.is_empty() && !columns.contains(&Some(Column::Id)) {
        wrong.push("there is no column \"id\"; add the id that accounts have in the CRM".into());
    }
    if wrong.is_empty() { Ok(columns) } else { Err(wrong) }
}

fn advice(name: &str, heading: &str) -> String {
    let known = COLUMNS.iter().flat_map(|(_, names)| names.iter());
    if let Some(near) = nearest(name, known.copied()) {
        return format!("did you mean {near:?}? Else add --ignore {heading:?}");
    }
    let own = COLUMNS.iter().filter_map(|(_, names)| names.first().copied());
    let own: Vec<&str> = own.collect();
    format!("remove it, or add --ignore {heading:?}; known are {}", own.join(", "))
}

fn domains(cell: &str) -> impl Iterator<Item = String> {
    let parts = cell.split(|letter: char| letter.is_whitespace() || ";,|".contains(letter));
    parts.filter(|part| !part.is_empty()).map(str::to_owned)
}

fn truth(cell: &str) -> Result<bool, String> {
    normalize::bool(cell).ok_or_else(|| format!("{cell:?} is not yes or no; write one of both"))
}

fn amount(cell: &str) -> Result<f64, String> {
    let number = cell.parse::<f64>().ok().filter(|number| number.is_finite());
    number.ok_or_else(|| {
        format!("{cell:?} is not a number; write it without separators, as in 12500.50")
    })
}

/// A day (its first instant in UTC), an instant of RFC 3339, or milliseconds since 1970.
fn time(cell: &str) -> Result<Time, String> {
    let day = || {
        let midnight = cell.parse::<civil::Date>().ok()?.in_tz("UTC").ok()?;
        Some(Time(midnight.timestamp().as_millisecond()))
    };
    let instant = || cell.parse::<Timestamp>().ok().map(|at| Time(at.as_millisecond()));
    let number = || cell.parse::<i64>().ok().map(Time);
    instant().or_else(number).or_else(day).ok_or_else(|| {
        format!(
            "{cell:?} is not a time; write 2026-03-31 (a spreadsheet has it as the format of the \
                 column: yyyy-mm-dd) or 2026-03-31T09:00:00Z"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::sheet::Line;

    type Lines = Vec<Line<(Account, Vec<LeftOut>)>>;

    fn read(text: &str, ignored: &[String]) -> Result<Lines, Stop> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        Ok(open(file.path(), ignored)?.collect())
    }

    #[test]
    fn usual_headings_are_found_however_they_are_spelled() {
        let text = "\u{feff}Account ID,Account Name,Website,Other Domains,Billing Country,Stage,\
                    Last Activity Date\n\
                    7,Linden Works,https://www.linden.example,linden.de; linden.fr,Germany,Won,\
                    2026-03-31\n";
        let lines = read(text, &[]).unwrap();
        let (account, left_out) = lines[0].row.clone().unwrap();
        assert_eq!(account.domains, ["linden.de", "linden.example", "linden.fr"]);
        assert_eq!(account.country.as_deref(), Some("DE"));
        assert_eq!(account.opportunity.unwrap().stage.as_deref(), Some("Won"));
        assert_eq!(account.last_activity, Some(Time(1_774_915_200_000)));
        assert!(left_out.is_empty());
    }

    #[test]
    fn an_unknown_column_is_refused_with_advice_unless_it_is_ignored() {
        let text = "id,name,ownr,shoe size\n7,Linden,ada,44\n";
        let stop = read(text, &[]).err().unwrap().error.to_string();
        for part in [":1: unknown column \"ownr\"; did you mean \"owner\"", "\"shoe size\""] {
            assert!(stop.contains(part), "{part} in {stop}");
        }
        let ignored = ["ownr".to_owned(), "Shoe Size".to_owned()];
        assert!(read(text, &ignored).unwrap()[0].row.is_ok());
        assert!(read("name\nx\n", &[]).err().unwrap().error.to_string().contains("no column"));
    }

    #[test]
    fn each_wrong_line_is_told_with_its_number() {
        let text = "id,name,opportunity,created\n1,Linden,yes,2026-01-01\n,Harrow,,\n\
                    1,Linden again,,\n4,Marlow,perhaps,\n5,Finch,,yesterday\n6,Fern\n";
        let wrong: Vec<String> = read(text, &[])
            .unwrap()
            .iter()
            .filter_map(|line| Some(format!("{}: {}", line.number, line.row.clone().err()?)))
            .collect();
        let expected = [
            "3: it has no id",
            "4: the id \"1\" is on line 2",
            "5: \"perhaps\" is not yes or no",
            "6: \"yesterday\" is not a time",
            "7: it has 2 cells, the heading has 4",
        ];
        assert_eq!(wrong.len(), expected.len(), "{wrong:#?}");
        for (found, expected) in wrong.iter().zip(expected) {
            assert!(found.starts_with(expected), "{found}");
        }
    }
}
