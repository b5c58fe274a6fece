//! Tokens to a syntax tree: a Pratt parser for the subset of CEL.
//!
//! Guarantees: never panics; at most [`MAX_DEPTH`] levels deep, in at most [`MAX_LENGTH`] bytes.
//! What is CEL but outside the subset is named and read over, so that one look finds all of it;
//! what is not CEL at all ends the reading.
//! Does not know: fields and types.

use std::ops::Range;

use super::advice::{misplaced, stopped, too_deep, unknown_function};
use super::finding::Finding;
use super::infix::Infix;
use super::lexer::{Spanned, Token, tokens};
use super::syntax::{Expr, Kind, MAX_DEPTH, Method};

/// Bytes of one condition.
pub const MAX_LENGTH: usize = 8 * 1024;

/// Reads a condition.
pub(super) fn parse(source: &str) -> Result<Expr, Vec<Finding>> {
    if source.len() > MAX_LENGTH {
        let message = format!(
            "this condition has {} bytes, at most {MAX_LENGTH} are read; split the rule or use a table",
            source.len()
        );
        return Err(vec![Finding::source(0..source.len(), message)]);
    }
    let tokens = tokens(source).map_err(|finding| vec![finding])?;
    let mut parser = Parser { tokens, at: 0, end: source.len(), depth: 0, findings: Vec::new() };
    let parsed = parser.expr(0).and_then(|expr| {
        if parser.at >= parser.tokens.len() {
            return Ok(expr);
        }
        let (span, message) = stopped(parser.tokens.get(parser.at - 1..).unwrap_or_default());
        parser.fail(span, message)
    });
    match parsed {
        Ok(expr) if parser.findings.is_empty() => Ok(expr),
        _ => Err(parser.findings),
    }
}

/// The rest cannot be read; the finding is recorded.
struct Stop;

type Parsed<T = Expr> = Result<T, Stop>;

struct Parser {
    tokens: Vec<Spanned>,
    at: usize,
    end: usize,
    depth: usize,
    findings: Vec<Finding>,
}

impl Parser {
    fn expr(&mut self, least: u8) -> Parsed {
        let mut left = self.unary()?;
        while let Some(infix) = self.tokens.get(self.at).and_then(|(token, _)| Infix::of(token)) {
            if infix.power() < least {
                break;
            }
            let sign = self.here();
            self.at += 1;
            left = self.infix(left, infix, sign)?;
        }
        Ok(left)
    }

    fn infix(&mut self, left: Expr, infix: Infix, sign: Range<usize>) -> Parsed {
        let start = left.span.start;
        let spanned = |kind, end| Expr { kind, span: start..end };
        match infix {
            Infix::Or | Infix::And => {
                let mut parts = vec![left];
                loop {
                    parts.push(self.expr(infix.power() + 1)?);
                    if self.tokens.get(self.at).and_then(|(token, _)| Infix::of(token))
                        != Some(infix)
                    {
                        break;
                    }
                    self.at += 1;
                }
                let end = parts.last().map_or(start, |part| part.span.end);
                let kind = if infix == Infix::And { Kind::And(parts) } else { Kind::Or(parts) };
                Ok(spanned(kind, end))
            }
            Infix::Compare(_) | Infix::In => {
                let right = self.expr(infix.power() + 1)?;
                let end = right.span.end;
                if self.next_is_relation() {
                    let span = start..self.here().end;
                    self.note(span, "comparisons do not chain; write a < b && b < c");
                    return Ok(spanned(Kind::Bad, end));
                }
                let (left, right) = (Box::new(left), Box::new(right));
                Ok(spanned(
                    match infix {
                        Infix::Compare(op) => Kind::Compare(op, left, right),
                        _ => Kind::In(left, right),
                    },
                    end,
                ))
            }
            Infix::Arithmetic(name) => {
                let message = format!(
                    "arithmetic ({name}) is not part of conditions; compare a field with the finished value"
                );
                self.note(sign, message);
                let end = self.expr(infix.power() + 1)?.span.end;
                Ok(spanned(Kind::Bad, end))
            }
            Infix::Choice => {
                self.note(sign, "the choice a ? b : c is not part of conditions; write (a && b) || (!a && c), or two rules");
                self.expr(2)?;
                self.expect(":")?;
                let end = self.nested(|parser| parser.expr(1))?.span.end;
                Ok(spanned(Kind::Bad, end))
            }
        }
    }

    fn next_is_relation(&self) -> bool {
        let next = self.tokens.get(self.at).and_then(|(token, _)| Infix::of(token));
        matches!(next, Some(Infix::Compare(_) | Infix::In))
    }

    fn unary(&mut self) -> Parsed {
        let sign = self.here();
        if self.take("!") {
            let inner = self.nested(Self::unary)?;
            let span = sign.start..inner.span.end;
            return Ok(Expr { kind: Kind::Not(Box::new(inner)), span });
        }
        if self.take("-") {
            if let Some((Token::Number(number), span)) = self.tokens.get(self.at).cloned() {
                self.at += 1;
                let negative = if number == 0.0 { 0.0 } else { -number };
                let expr = Expr { kind: Kind::Number(negative), span: sign.start..span.end };
                return self.postfix(expr);
            }
            self.note(
                sign.clone(),
                "arithmetic (-) is not part of conditions; a minus stands before a number only",
            );
            let inner = self.nested(Self::unary)?;
            return Ok(Expr { kind: Kind::Bad, span: sign.start..inner.span.end });
        }
        let primary = self.primary()?;
        self.postfix(primary)
    }

    fn primary(&mut self) -> Parsed {
        let Some((token, span)) = self.tokens.get(self.at).cloned() else {
            let message = if self.tokens.is_empty() {
                "the condition is empty; write one, or true for a rule that always holds"
            } else {
                "the condition ends too early; a field or a value is missing here"
            };
            return self.fail(self.end..self.end, message);
        };
        self.at += 1;
        let kind = match token {
            Token::Text(text) => Kind::Text(text),
            Token::Number(number) => Kind::Number(if number == 0.0 { 0.0 } else { number }),
            Token::Word(word) => return self.word(word, span),
            Token::Sign("(") => {
                let inner = self.nested(|parser| parser.expr(0))?;
                let end = self.here().end;
                self.expect(")")?;
                return Ok(Expr { kind: inner.kind, span: span.start..end });
            }
            Token::Sign("[") => {
                let (items, end) = self.items("]")?;
                return Ok(Expr { kind: Kind::List(items), span: span.start..end });
            }
            Token::Sign("{") => {
                return self.fail(
                    span,
                    "maps ({…}) are not part of conditions; compare fields one by one",
                );
            }
            Token::Sign(sign) => return self.fail(span, misplaced(&Token::Sign(sign))),
        };
        Ok(Expr { kind, span })
    }

    fn word(&mut self, word: String, span: Range<usize>) -> Parsed {
        let kind = match word.as_str() {
            "true" | "false" => Kind::Bool(word == "true"),
            "null" => {
                self.note(span.clone(), "null is not part of conditions; ask has(field), or !has(field) for a missing value");
                Kind::Bad
            }
            "in" => return self.fail(span, "a value is missing before in"),
            _ if self.take("(") => return self.global(&word, span),
            _ => return Ok(self.path(word, span)),
        };
        Ok(Expr { kind, span })
    }

    /// A dotted name, up to a method.
    fn path(&mut self, mut name: String, mut span: Range<usize>) -> Expr {
        while let (Some((Token::Sign("."), _)), Some((Token::Word(part), end))) =
            (self.tokens.get(self.at), self.tokens.get(self.at + 1))
        {
            if matches!(self.tokens.get(self.at + 2), Some((Token::Sign("("), _))) {
                break;
            }
            name.push('.');
            name.push_str(part);
            span.end = end.end;
            self.at += 2;
        }
        Expr { kind: Kind::Path(name), span }
    }

    /// Methods, and what CEL allows behind a value beside them.
    fn postfix(&mut self, mut expr: Expr) -> Parsed {
        let mut calls = 0;
        loop {
            let sign = self.here();
            if self.take(".") {
                let Some((Token::Word(name), span)) = self.tokens.get(self.at).cloned() else {
                    return self.fail(sign, "a name is missing after the dot");
                };
                self.at += 1;
                if !self.take("(") {
                    return self
                        .fail(span, "only fields have fields; a value or a result has none");
                }
                calls += 1;
                if self.depth + calls > MAX_DEPTH {
                    return self.fail(span, too_deep());
                }
                expr = self.method(expr, &name, span)?;
            } else if self.take("[") {
                let (_, end) = self.items("]")?;
                self.note(sign.start..end, "[…] behind a value is not part of conditions; write lead.country for lead[\"country\"], and \"x\" in lead.tags for a list");
                expr = Expr { kind: Kind::Bad, span: expr.span.start..end };
            } else if matches!(self.tokens.get(self.at), Some((Token::Sign("{"), _))) {
                return self.fail(
                    sign,
                    "messages (Name{…}) are not part of conditions; compare fields one by one",
                );
            } else {
                return Ok(expr);
            }
        }
    }

    fn method(&mut self, target: Expr, name: &str, span: Range<usize>) -> Parsed {
        let (arguments, end) = self.items(")")?;
        let whole = target.span.start..end;
        let Some((_, method)) = Method::ALL.iter().find(|(known, _)| *known == name) else {
            self.note(span, unknown_function(name));
            return Ok(Expr { kind: Kind::Bad, span: whole });
        };
        let wanted = usize::from(!matches!(method, Method::LowerAscii | Method::Size));
        if arguments.len() != wanted {
            let found = arguments.len();
            let message = if wanted == 0 {
                format!("{name}() takes nothing between its parentheses, found {found} values")
            } else {
                format!("{name}() takes one text between its parentheses, found {found} values")
            };
            self.note(span, message);
            return Ok(Expr { kind: Kind::Bad, span: whole });
        }
        Ok(Expr { kind: Kind::Call(*method, Box::new(target), arguments), span: whole })
    }

    /// A function that is not called on a value; its name and ( are read.
    fn global(&mut self, name: &str, span: Range<usize>) -> Parsed {
        let start = span.start;
        let (mut arguments, end) = self.items(")")?;
        let whole = start..end;
        let bad = Ok(Expr { kind: Kind::Bad, span: whole.clone() });
        if !matches!(name, "has" | "size") {
            self.note(span, unknown_function(name));
            return bad;
        }
        let (Some(argument), true) = (arguments.pop(), arguments.is_empty()) else {
            self.note(span, format!("{name}() asks about one field, as in {name}(lead.country)"));
            return bad;
        };
        match (name, argument.kind) {
            ("has", Kind::Path(path)) if path.contains('.') => {
                Ok(Expr { kind: Kind::Has(path), span: whole })
            }
            ("has", Kind::Bad) => bad,
            ("has", _) => {
                self.note(
                    argument.span,
                    "has() asks about a field by its dotted name, as in has(lead.country)",
                );
                bad
            }
            (_, kind) => {
                let target = Box::new(Expr { kind, span: argument.span });
                Ok(Expr { kind: Kind::Call(Method::Size, target, Vec::new()), span: whole })
            }
        }
    }

    /// Values between commas up to `close`, and where that ends.
    fn items(&mut self, close: &'static str) -> Parsed<(Vec<Expr>, usize)> {
        let mut items = Vec::new();
        loop {
            let end = self.here().end;
            if self.take(close) {
                return Ok((items, end));
            }
            if !items.is_empty() {
                self.expect_or(",", close)?;
                let end = self.here().end;
                // CEL allows a comma behind the last item of a list.
                if close == "]" && self.take(close) {
                    return Ok((items, end));
                }
            }
            items.push(self.nested(|parser| parser.expr(0))?);
        }
    }

    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.fail(self.here(), too_deep());
        }
        let read = read(self);
        self.depth -= 1;
        read
    }

    fn take(&mut self, sign: &str) -> bool {
        let there =
            matches!(self.tokens.get(self.at), Some((Token::Sign(found), _)) if *found == sign);
        self.at += usize::from(there);
        there
    }

    fn expect(&mut self, sign: &str) -> Parsed<()> {
        if self.take(sign) {
            return Ok(());
        }
        self.fail(self.here(), format!("a {sign} is missing here"))
    }

    fn expect_or(&mut self, sign: &str, other: &str) -> Parsed<()> {
        if self.take(sign) {
            return Ok(());
        }
        self.fail(self.here(), format!("a {sign} or {other} is missing here"))
    }

    fn here(&self) -> Range<usize> {
        self.tokens.get(self.at).map_or(self.end..self.end, |(_, span)| span.clone())
    }

    fn note(&mut self, span: Range<usize>, message: impl Into<String>) {
        self.findings.push(Finding::source(span, message));
    }

    fn fail<T>(&mut self, span: Range<usize>, message: impl Into<String>) -> Parsed<T> {
        self.note(span, message);
        Err(Stop)
    }
}

#[cfg(test)]
#[path = "parse_tests.rs"]
mod tests;
