//! What a user writes in `[streams.filter]`.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};

/// `[streams.filter]`: which events a stream leaves out, and what of the others it leaves out.
///
/// `include` and `exclude` look at the event as the source sent it, whatever the schema makes of it. `drop` and `truncate`
/// change the document that the schema wrote. An event is left out as a whole, also where each of its rules would have a
/// document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct FilterConfig {
    /// Only events that fulfil at least one of these are delivered. Without any, all are.
    pub include: Vec<AlternativeConfig>,
    /// Events that fulfil at least one of these are not delivered, also if `include` names them.
    pub exclude: Vec<AlternativeConfig>,
    /// Members of the document that are left out: names with dots between them, `httpMessage.requestHeaders`; in an array those
    /// of every element. A name that has dots itself is as good as several. An object that loses all its members stays, empty.
    /// Of an OpenTelemetry log record, attributes by their key, and `body`.
    ///
    /// Not for `cef`, whose documents have no members, and `elastic-integration`, where the receiver reads the whole event;
    /// nor for the members with which documents of `ecs` (`event.kind`) and `ocsf` (`metadata.version`) begin.
    pub drop: Vec<String>,
    /// Members of the document whose text is cut short. For the same schemas.
    pub truncate: Vec<TruncateConfig>,
}

/// One of `include` or `exclude`: a condition, or several that must all hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct AlternativeConfig {
    /// The member of the event that the condition is about: names with dots between them, `attackData.appliedAction`. In an
    /// array every element is looked at, and one is enough. Of members of the same name the last one counts.
    ///
    /// Encoded values are decoded: `attackData.rules`, `ruleVersions`, `ruleMessages`, `ruleTags`, `ruleData`, `ruleSelectors`
    /// and `ruleActions` are lists, an item a rule; `httpMessage.requestHeaders.NAME` and `httpMessage.responseHeaders.NAME`
    /// are the values of the header NAME, in whatever case; `custom` has its strings decoded.
    ///
    /// A member that is missing or null fulfils nothing but `exists = false`.
    pub member: Option<String>,
    /// Its text is this. Numbers and truth values are compared by their text: 403 equals "403" and not 403.0. Upper and lower
    /// case differ, here and in all others.
    pub equals: Option<Text>,
    /// Its text is one of these.
    #[serde(rename = "in")]
    pub one_of: Option<Vec<Text>>,
    /// Its text begins with this.
    pub prefix: Option<Text>,
    /// Its text is like this: `*` stands for any text, `?` for one character.
    pub glob: Option<Text>,
    /// Whether there is such a member, and it is not null.
    pub exists: Option<bool>,
    /// Conditions that must all hold, in the place of `member` and its test.
    pub all: Option<Vec<AlternativeConfig>>,
}

/// A member of the document whose text is cut short.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "docs", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct TruncateConfig {
    /// The member, as in `drop`. Of an array each text is cut; numbers, truth values and objects are left as they are.
    pub member: String,
    /// Most bytes of the text, as UTF-8 and without JSON's escapes, 1 to 16,777,216. It is cut between two characters, and
    /// nothing says that it was.
    pub max_bytes: u64,
}

/// Text of a condition, which may be written as a number or a truth value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Text(String);

impl Text {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

#[cfg(feature = "docs")]
impl schemars::JsonSchema for Text {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ConditionText".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": ["string", "integer", "boolean"] })
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl Visitor<'_> for Any {
            type Value = Text;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, a whole number, true or false")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Text, E> {
                Ok(Text(text.to_owned()))
            }
            fn visit_bool<E: de::Error>(self, truth: bool) -> Result<Text, E> {
                Ok(Text(truth.to_string()))
            }
            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Text, E> {
                Ok(Text(number.to_string()))
            }
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Text, E> {
                Ok(Text(number.to_string()))
            }
        }
        deserializer.deserialize_any(Any)
    }
}

impl AlternativeConfig {
    /// How many tests it has of its own.
    pub(super) fn tests(&self) -> usize {
        [
            self.equals.is_some(),
            self.one_of.is_some(),
            self.prefix.is_some(),
            self.glob.is_some(),
            self.exists.is_some(),
        ]
        .into_iter()
        .filter(|given| *given)
        .count()
    }
}
