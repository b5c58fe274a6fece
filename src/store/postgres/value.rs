//! What is bound to a statement, with its type, so that nothing has to be asked first.
//!
//! Guarantees: a statement is one message and one answer, and leaves nothing behind on the
//! connection: the next one may run on another (a pooler in transaction mode does that). Every text
//! can be stored: PostgreSQL's cannot hold NUL, so [`Text`] writes it in another way and reads it
//! back.
//! Does not know: what the values mean.

use std::{borrow::Cow, error::Error};

use bytes::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use uuid::Uuid;

/// A value with its type.
pub trait Value: Sync {
    /// As the driver takes it.
    fn bound(&self) -> (&(dyn ToSql + Sync), Type);
}

/// The values of a statement, in the order of its `$1`, `$2` …
pub type Values<'a> = &'a [&'a (dyn Value + 'a)];

macro_rules! values {
    ($($rust:ty => $sql:ident, $array:ident;)*) => {$(
        impl Value for $rust {
            fn bound(&self) -> (&(dyn ToSql + Sync), Type) {
                (self, Type::$sql)
            }
        }
        impl Value for Option<$rust> {
            fn bound(&self) -> (&(dyn ToSql + Sync), Type) {
                (self, Type::$sql)
            }
        }
        impl Value for Vec<$rust> {
            fn bound(&self) -> (&(dyn ToSql + Sync), Type) {
                (self, Type::$array)
            }
        }
        impl Value for Vec<Option<$rust>> {
            fn bound(&self) -> (&(dyn ToSql + Sync), Type) {
                (self, Type::$array)
            }
        }
    )*};
}

values! {
    i64 => INT8, INT8_ARRAY;
    f64 => FLOAT8, FLOAT8_ARRAY;
    bool => BOOL, BOOL_ARRAY;
    Uuid => UUID, UUID_ARRAY;
    &[u8] => BYTEA, BYTEA_ARRAY;
    Vec<u8> => BYTEA, BYTEA_ARRAY;
    Text<'_> => TEXT, TEXT_ARRAY;
}

/// A text that may hold anything. Documents and words of ours need it not, but it does no harm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text<'a>(pub Cow<'a, str>);

/// What stands before a character that was written in another way.
const ESCAPE: char = '\u{1}';

impl<'a> From<&'a str> for Text<'a> {
    fn from(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }
}

impl<'a> From<&'a String> for Text<'a> {
    fn from(text: &'a String) -> Self {
        Self(Cow::Borrowed(text))
    }
}

impl From<String> for Text<'_> {
    fn from(text: String) -> Self {
        Self(Cow::Owned(text))
    }
}

impl Text<'_> {
    /// The text, of a column that was read.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0.into_owned()
    }
}

/// A text, to be bound.
pub fn text<'a>(text: impl Into<Text<'a>>) -> Text<'a> {
    text.into()
}

/// A text that may be missing, to be bound.
#[must_use]
pub fn maybe(text: Option<&String>) -> Option<Text<'_>> {
    text.map(Text::from)
}

/// As it is stored: NUL is `\1` and `0`, and `\1` is `\1` and `1`.
fn escaped(text: &str) -> Cow<'_, str> {
    if !text.bytes().any(|byte| byte <= 1) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\0' => out.extend([ESCAPE, '0']),
            ESCAPE => out.extend([ESCAPE, '1']),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// As it was before it was stored.
fn unescaped(text: &str) -> String {
    if !text.contains(ESCAPE) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut all = text.chars();
    while let Some(c) = all.next() {
        match c {
            ESCAPE => out.push(if all.next() == Some('0') { '\0' } else { ESCAPE }),
            c => out.push(c),
        }
    }
    out
}

impl ToSql for Text<'_> {
    fn to_sql(
        &self,
        kind: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        escaped(&self.0).as_ref().to_sql(kind, out)
    }

    fn accepts(kind: &Type) -> bool {
        <&str as ToSql>::accepts(kind)
    }

    to_sql_checked!();
}

impl FromSql<'_> for Text<'static> {
    fn from_sql(kind: &Type, raw: &[u8]) -> Result<Self, Box<dyn Error + Sync + Send>> {
        Ok(Self(Cow::Owned(unescaped(<&str as FromSql<'_>>::from_sql(kind, raw)?))))
    }

    fn accepts(kind: &Type) -> bool {
        <&str as FromSql<'_>>::accepts(kind)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_text_is_stored_without_nul_and_reads_back(text in "[\u{0}-\u{2}a\u{e4}0-1]{0,12}") {
            let stored = escaped(&text);
            prop_assert!(!stored.contains('\0'));
            prop_assert_eq!(unescaped(&stored), text);
        }

        #[test]
        fn two_texts_are_stored_as_two(a in "[\u{0}-\u{2}01]{0,4}", b in "[\u{0}-\u{2}01]{0,4}") {
            prop_assert_eq!(escaped(&a) == escaped(&b), a == b);
        }
    }
}
