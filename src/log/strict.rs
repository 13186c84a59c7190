//! What a JSON reader lets pass and this log does not: a null for what is left out, a key of a map twice.
//!
//! Structs refuse unknown fields and duplicate keys by themselves; these are for what is not a struct. Pure.

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// An optional field that stands there: fields without a value are left out, never null.
///
/// # Errors
/// The deserializer's, where the value is null or of another shape.
pub fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

/// A map of texts in which each key stands once.
///
/// # Errors
/// The deserializer's; `duplicate key` names one that stands twice.
pub fn unique_map<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, String>, D::Error> {
    struct Texts;
    impl<'de> Visitor<'de> for Texts {
        type Value = BTreeMap<String, String>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map of texts")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
            let mut texts = BTreeMap::new();
            while let Some((key, value)) = map.next_entry::<String, String>()? {
                if texts.contains_key(&key) {
                    return Err(duplicate(&key));
                }
                texts.insert(key, value);
            }
            Ok(texts)
        }
    }
    from.deserialize_map(Texts)
}

/// Checks that no object of a JSON text, at any depth, has a key twice.
///
/// # Errors
/// serde_json's, with the position; `duplicate key` names the key.
pub fn unique_keys(json: &str) -> Result<(), serde_json::Error> {
    let mut from = serde_json::Deserializer::from_str(json);
    Keys.deserialize(&mut from)?;
    from.end()
}

fn duplicate<E: Error>(key: &str) -> E {
    E::custom(format_args!("duplicate key `{key}`"))
}

/// Any value, of which only the keys are looked at.
#[derive(Clone, Copy)]
struct Keys;

impl<'de> DeserializeSeed<'de> for Keys {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<(), D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Keys {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut seen = BTreeSet::new();
        while let Some(key) = map.next_key::<String>()? {
            if seen.contains(&key) {
                return Err(duplicate(&key));
            }
            seen.insert(key);
            map.next_value_seed(self)?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(self)?.is_some() {}
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_stands_twice_is_named_at_any_depth() {
        for whole in [r#"{"a":1,"b":[{"a":null},{"a":"a"}]}"#, "[]", "1.5", r#""a""#] {
            unique_keys(whole).unwrap();
        }
        for twice in [r#"{"a":1,"a":1}"#, r#"{"b":[true,{"a":{},"c":-1,"a":{}}]}"#, r#"{"a":1,"\u0061":1}"#] {
            let said = unique_keys(twice).unwrap_err().to_string();
            assert!(said.starts_with("duplicate key `a`"), "{said}");
        }
        assert!(unique_keys("{} {}").is_err());
    }
}
