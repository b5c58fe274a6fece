//! The keys that a settings struct reads, asked of the struct itself.
//!
//! Guarantees: the list cannot drift from the struct, since its own `Deserialize` gives it.
//! Does not know: which keys are required.

use std::fmt;

use serde::{
    Deserialize, Deserializer, de,
    de::{Visitor, value::Error},
    forward_to_deserialize_any,
};

/// The keys of `T`, in the order of its fields; none if it is not a struct.
pub(super) fn fields_of<T: for<'de> Deserialize<'de>>() -> &'static [&'static str] {
    let mut asker = Asker { fields: &[] };
    // It always fails: what matters is what it was asked for on the way.
    let _ = T::deserialize(&mut asker);
    asker.fields
}

struct Asker {
    fields: &'static [&'static str],
}

impl<'de> Deserializer<'de> for &mut Asker {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        Err(de::Error::custom(format_args!("only asked for its fields")))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.fields = fields;
        self.deserialize_any(visitor)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

impl fmt::Debug for Asker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Asker")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only its names are asked for")]
    struct Renamed {
        plain: u8,
        #[serde(rename = "other")]
        changed: Option<String>,
    }

    #[test]
    fn a_struct_names_its_keys_as_they_are_written() {
        assert_eq!(fields_of::<Renamed>(), ["plain", "other"]);
        assert!(fields_of::<String>().is_empty());
    }
}
