//! Whose events are converted: each source has its own form, and schemas of the same names for it.

use edgesiem_model::Schema;

use crate::{NAMES, by_name, trend_micro};

/// Whose events a schema converts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Events {
    /// Lines of Akamai's SIEM API.
    #[default]
    AkamaiSiem,
    /// Elements of `security_events` of Trend Micro Cloud App Security.
    TrendMicroCas,
}

impl Events {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::AkamaiSiem, Self::TrendMicroCas];

    /// Name in the configuration, which is that of the kind of source.
    pub const fn name(self) -> &'static str {
        match self {
            Self::AkamaiSiem => "akamai-siem",
            Self::TrendMicroCas => "trend-micro-cas",
        }
    }

    /// The events of that name.
    ///
    /// ```
    /// use edgesiem_schemas::Events;
    /// assert_eq!(Events::by_name("trend-micro-cas"), Some(Events::TrendMicroCas));
    /// assert_eq!(Events::by_name("syslog"), None);
    /// ```
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|events| events.name() == name)
    }

    /// Names of the schemas that there are for them.
    pub const fn schemas(self) -> &'static [&'static str] {
        match self {
            Self::AkamaiSiem => NAMES,
            Self::TrendMicroCas => trend_micro::NAMES,
        }
    }

    /// The schema of that name for them, with its defaults.
    ///
    /// ```
    /// use edgesiem_schemas::Events;
    /// let mut schema = Events::TrendMicroCas.schema("decoded").unwrap();
    /// let line = br#"{"service":"exchange","message":{"detection_time":"2016-07-22T01:51:31"}}"#;
    /// let mut document = Vec::new();
    /// schema.convert(line, &mut document).unwrap();
    /// assert_eq!(document, br#"{"service":"exchange","message":{"detection_time":"2016-07-22T01:51:31Z"}}"#);
    /// assert!(Events::TrendMicroCas.schema("sentinel").is_none());
    /// ```
    pub fn schema(self, name: &str) -> Option<Box<dyn Schema>> {
        match self {
            Self::AkamaiSiem => by_name(name),
            Self::TrendMicroCas => trend_micro::by_name(name),
        }
    }
}
