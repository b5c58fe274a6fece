//! Conditions: which leads a rule is for.
//!
//! Two ways to write, one tree. [`cel`] reads a strict subset of the Common Expression Language,
//! [`plain`] reads what people type into forms (`country = ["Germany", "AT"]`). Both become a
//! [`Pred`] over numbered slots of a [`Schema`], which is asked about [`Facts`].
//!
//! Guarantees: pure; linear in the length of a lead's texts; no panic whatever a rulebook or a lead
//! holds. A missing fact makes a clause [`Tri::Unknown`], with the logic CEL has for errors.
//! Does not know: rules, what follows from a condition, or where facts come from.
//!
//! **The subset.** Text in `"` or `'` (with CEL's escapes, or raw `r"…"`), numbers, `true`, `false`,
//! lists of constants; fields by dotted name; `== !=` on text, numbers and booleans, `< <= > >=` on
//! numbers, `in` a list of constants or a list field, `&& || !`, parentheses, `has(field)`,
//! `.startsWith() .endsWith() .contains() .matches() .size() .lowerAscii()`. Where a condition
//! is accepted here it means what it means in CEL, with these differences, all of them limits: whole
//! numbers beyond 2^53 are refused, as all numbers are doubles; `matches` looks at the first
//! [`MAX_HAYSTACK`] bytes of a text, and its `\d`, `\w`, `\s` and `\b` know all of Unicode.

mod advice;
mod clauses;
mod compile;
mod eval;
mod explain;
mod facts;
mod field;
mod finding;
mod index;
mod infix;
mod lexer;
mod parse;
mod plain;
mod pred;
mod quantity;
mod schema;
mod search;
mod sentence;
mod space;
mod syntax;

#[cfg(test)]
pub(super) mod arbitrary;
#[cfg(test)]
mod oracle;

pub use clauses::{Clauses, Outcomes};
pub use eval::MAX_HAYSTACK;
pub use explain::{Seen, Trace};
pub use facts::{Facts, Value};
pub use field::{Field, Normaliser, Shower, Slot, Type};
pub use finding::{Finding, Place};
pub use index::{Bits, Index, Left, Numbers};
pub use parse::MAX_LENGTH;
pub use plain::{PlainValue, plain};
pub use pred::{Clause, Pred, Tri};
pub use quantity::number_range;
pub use schema::{Schema, SchemaBuilder, is_reserved};
pub use search::MAX_REGEX;
pub use space::Region;
pub use syntax::MAX_DEPTH;

/// Reads, checks and compiles a condition in CEL.
///
/// # Errors
/// Everything that is wrong, each with its bytes in `source` and how to mend it.
pub fn cel(source: &str, schema: &Schema) -> Result<Pred, Vec<Finding>> {
    compile::compile(&parse::parse(source)?, schema)
}
