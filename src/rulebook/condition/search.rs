//! `startsWith`, `endsWith`, `contains` and `matches`: looking for a part of a text.
//!
//! Guarantees: what is compiled here takes time linear in the lead's text, or in the text times a
//! constant of the rulebook; a regular expression has a limit before and after it is compiled.
//! Does not know: how its parts became operands.

use regex::RegexBuilder;

use super::compile::{Compiler, Operand};
use super::pred::{Node, Part, Reading, Test, TextField};
use super::syntax::{Expr, Method};

/// Bytes of a regular expression.
pub const MAX_REGEX: usize = 1024;
/// Bytes of a compiled regular expression, and of its cache.
const MAX_COMPILED_REGEX: usize = 512 * 1024;

impl Compiler<'_> {
    /// `startsWith`, `endsWith`, `contains` and `matches`.
    pub(super) fn search(
        &mut self,
        method: Method,
        target: &Expr,
        arguments: &[Expr],
        whole: &Expr,
    ) -> Option<Node> {
        let name = method.name();
        let argument = arguments.first()?;
        let (text, sought) = (self.operand(target), self.operand(argument));
        let (text, sought) = (text?, sought?);
        let Operand::Text(field) = text else {
            if matches!(text, Operand::List(_)) && method == Method::Contains {
                return self.note(
                    &whole.span,
                    format!("{target} is a list; write {argument} in {target}"),
                );
            }
            return self.wrong_target(name, "a text field", target, &text);
        };
        let part = match method {
            Method::StartsWith => Part::Starts,
            Method::EndsWith => Part::Ends,
            Method::Contains => Part::Contains,
            _ => return self.matching(field, argument, &sought, whole),
        };
        let asked = match sought {
            Operand::TextConst(text) => Test::Part { field, part, needle: text.into() },
            // Quadratic when both are long, and both come from the lead.
            Operand::Text(needle)
                if part == Part::Contains
                    && (field.reading, needle.reading) != (Reading::Exact, Reading::Exact) =>
            {
                return self.note(&whole.span, "contains() of one field in another compares them as they are; remove lowerAscii()");
            }
            Operand::Text(needle) => Test::PartField { field, part, needle },
            other => {
                let what = other.described();
                return self.note(
                    &argument.span,
                    format!("{name}() looks for a text, and {argument} is {what}"),
                );
            }
        };
        Some(self.leaf(whole, false, asked))
    }

    fn matching(
        &mut self,
        field: TextField,
        argument: &Expr,
        sought: &Operand<'_>,
        whole: &Expr,
    ) -> Option<Node> {
        let Operand::TextConst(pattern) = sought else {
            return self
                .note(&argument.span, "matches() takes a regular expression between quotes");
        };
        if field.reading != Reading::Exact {
            return self.note(&whole.span, "matches() is asked of the field itself; write (?i) at the start of the expression to ignore case");
        }
        if pattern.len() > MAX_REGEX {
            return self.note(
                &argument.span,
                format!(
                    "this regular expression has {} bytes, at most {MAX_REGEX} are read; split it",
                    pattern.len()
                ),
            );
        }
        let built = RegexBuilder::new(pattern)
            .size_limit(MAX_COMPILED_REGEX)
            .dfa_size_limit(MAX_COMPILED_REGEX)
            .nest_limit(64)
            .build();
        match built {
            Ok(regex) => Some(self.leaf(
                whole,
                false,
                Test::Matches { slot: field.slot, regex: Box::new(regex) },
            )),
            Err(regex::Error::CompiledTooBig(_)) => self.note(
                &argument.span,
                "this regular expression becomes too large; use smaller repetitions",
            ),
            Err(why) => {
                let why = why.to_string();
                let last = why.lines().last().unwrap_or_default().trim_start_matches("error: ");
                self.note(&argument.span, format!("this is not a regular expression: {last}; write \\\\ for a backslash, or r\"...\" to keep backslashes"))
            }
        }
    }
}
