//! How the values of a log record are read from OTLP's JSON
//! (<https://protobuf.dev/programming-guides/json/>, and "JSON Protobuf Encoding" of the OTLP specification).

use std::fmt;
use std::marker::PhantomData;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

use super::record::{AnyValue, List, Message, Text};

/// Proto3's JSON takes base64 of both alphabets, with padding or without.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

impl<'de: 'a, 'a> Deserialize<'de> for AnyValue<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // serde_json bounds the nesting: 128 levels of JSON, which are fewer than the 100 of messages that readers of
        // Protocol Buffers take.
        deserializer.deserialize_map(AnyValueVisitor(PhantomData))
    }
}

struct AnyValueVisitor<'a>(PhantomData<AnyValue<'a>>);

impl<'de: 'a, 'a> Visitor<'de> for AnyValueVisitor<'a> {
    type Value = AnyValue<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an AnyValue")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let Some(kind) = map.next_key::<Text<'de>>()? else {
            return Ok(AnyValue::Empty);
        };
        let value = match kind.0.as_ref() {
            "stringValue" => AnyValue::String(map.next_value()?),
            "boolValue" => AnyValue::Bool(map.next_value()?),
            "intValue" => AnyValue::Int(map.next_value::<Integer<i64>>()?.0),
            "doubleValue" => AnyValue::Double(map.next_value::<Double>()?.0),
            "bytesValue" => {
                let text = map.next_value::<Text<'de>>()?.0.replace('-', "+");
                let bytes = LENIENT.decode(text.replace('_', "/"));
                AnyValue::Bytes(bytes.map_err(M::Error::custom)?)
            }
            "arrayValue" => AnyValue::Array(map.next_value()?),
            "kvlistValue" => AnyValue::Kvlist(map.next_value()?),
            _ => return Err(M::Error::custom("an unknown kind of value")),
        };
        match map.next_key::<Text<'de>>()? {
            None => Ok(value),
            Some(_) => Err(M::Error::custom("a value of two kinds")),
        }
    }
}

impl<'de, T: Deserialize<'de> + Message> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        struct Values<T> {
            #[serde(default = "Vec::new")]
            values: Vec<T>,
        }
        Values::deserialize(deserializer).map(|list| Self::new(list.values))
    }
}

/// An integer as a number or, as proto3's JSON writes those of 64 bits, as a text.
pub(super) struct Integer<T>(pub(super) T);

impl<'de, T: TryFrom<i128>> Deserialize<'de> for Integer<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct IntegerVisitor;
        impl Visitor<'_> for IntegerVisitor {
            type Value = i128;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an integer, as a number or a text")
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<i128, E> {
                Ok(number.into())
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<i128, E> {
                Ok(number.into())
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<i128, E> {
                text.parse().map_err(E::custom)
            }
        }
        let number = deserializer.deserialize_any(IntegerVisitor)?;
        let number = T::try_from(number).map_err(|_| D::Error::custom("it is out of range"))?;
        Ok(Self(number))
    }
}

pub(super) fn integer<'de, D: Deserializer<'de>, T: TryFrom<i128>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Integer::deserialize(deserializer).map(|integer| integer.0)
}

/// A double as a number or, as proto3's JSON writes what JSON has no number for, as a text.
struct Double(f64);

impl<'de> Deserialize<'de> for Double {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct DoubleVisitor;
        impl Visitor<'_> for DoubleVisitor {
            type Value = f64;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number or a text")
            }

            #[expect(clippy::cast_precision_loss, reason = "the field is a double")]
            fn visit_u64<E: Error>(self, number: u64) -> Result<f64, E> {
                Ok(number as f64)
            }

            #[expect(clippy::cast_precision_loss, reason = "the field is a double")]
            fn visit_i64<E: Error>(self, number: i64) -> Result<f64, E> {
                Ok(number as f64)
            }

            fn visit_f64<E: Error>(self, number: f64) -> Result<f64, E> {
                Ok(number)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<f64, E> {
                // Rust reads NaN, Infinity and -Infinity too.
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_any(DoubleVisitor).map(Self)
    }
}

/// Trace and span ids are hexadecimal in OTLP's JSON, unlike other bytes.
pub(super) fn hex<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = Text::deserialize(deserializer)?;
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    let (pairs, rest) = text.0.as_bytes().as_chunks::<2>();
    let bytes: Option<Vec<u8>> = pairs
        .iter()
        .map(|[high, low]| u8::try_from(digit(high)? << 4 | digit(low)?).ok())
        .collect();
    bytes
        .filter(|_| rest.is_empty())
        .ok_or_else(|| D::Error::custom("an id is hexadecimal"))
}
