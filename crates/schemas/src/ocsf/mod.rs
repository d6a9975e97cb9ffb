//! Events as documents of the Open Cybersecurity Schema Framework 1.8.0, profile `security_control`.
//!
//! An event is an HTTP Activity (4002) or, if that is asked for, a Detection Finding (2004) whose only evidence is that
//! activity. Both have the same attributes for what was done about the request, and the same `unmapped`.

mod headers;
mod http;
mod rules;
mod verdict;

use edgesiem_decode::{EventView, LongLiteral, Member, Members, Writer};
use edgesiem_model::{Gap, Timestamp};

use crate::action::Action;
use crate::convert::{EventWriter, RuleChoice};
use crate::json::{self, key, text_key};
use crate::leftovers::Leftovers;

use http::Request;
use verdict::{Severity, Verdict};

/// Version of OCSF that documents say they follow.
pub const OCSF_VERSION: &str = "1.8.0";

/// The largest number of a field of type `long_t`.
const MAX_LONG: u64 = i64::MAX.cast_unsigned();

/// The `ocsf` schema.
///
/// Every document begins with `{"metadata":{`, and there is no `metadata.uid`: a sink that has an id for the document can put
/// it there (`"uid":"…",`). Akamai's request id, which is neither unique nor always there, is `metadata.original_event_uid`.
///
/// - `time` is when the request came, in milliseconds. OCSF demands it, so that an event without a readable time has 0, and
///   what it has instead is `metadata.original_time`.
/// - `action_id` and `disposition_id` say what was done: `deny` is 2 and 2 (Blocked; `abort` and `drop` 6, Dropped), `alert` 3
///   and 19 (Alert), `monitor` 3 and 15 (Detected), challenges 0 and 23, those with a CAPTCHA 4 and 22. `status_detail` is
///   Akamai's own word for it.
/// - `severity_id` is 4 (High) if the request was not let through as it was, else 3 (Medium), or 2 (Low) if all rules are
///   about bots (tags that begin with `AKAMAI/BOT`); 0 if no action is known.
/// - `firewall_rule` is the rule that decided. All rules, with all of their facets, are `unmapped.rules`, in the form of the
///   `decoded` schema.
/// - Members of the event without an attribute in OCSF are strings in `unmapped` under their path (`botData.botScore`),
///   `custom` is there as JSON. What does not fit its attribute (a port that is no number, a `clientIP` that is no address,
///   and then where it is) and what nobody knows is in `unmapped.members`, under its path, too.
/// - Headers are lists of names and values; a line without a colon has the name `""`.
/// - Bytes that are not UTF-8 are U+FFFD; those of rules are in `unmapped.rules` in base64, too.
///
/// A gap is an Application Error (6008), without the profile.
#[derive(Debug, Default)]
pub struct Ocsf {
    settings: OcsfSettings,
    leftovers: Leftovers,
}

/// What documents are and have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OcsfSettings {
    /// Whether they are a Detection Finding (2004) instead of an HTTP Activity (4002). Its `finding_info.uid` is Akamai's
    /// request id, with a slash and the rule's number from 0 where each rule has a document, and `unknown` if there is none.
    pub detection_finding: bool,
    /// Whether the line is there as it came, as `raw_data`. It doubles the document.
    pub raw_data: bool,
}

impl Ocsf {
    /// With these settings.
    pub fn new(settings: OcsfSettings) -> Self {
        Self {
            settings,
            ..Self::default()
        }
    }
}

/// One document being written.
struct Document<'a, 'e> {
    event: &'a EventView<'e>,
    rules: RuleChoice,
    action: Action<'e>,
    /// Members whose value found no place.
    misfits: Members,
}

impl Document<'_, '_> {
    /// The member `key` with the text of `member`.
    #[inline(always)]
    fn text(&self, w: &mut Writer<'_>, key: json::TextKey, member: Member) {
        if let Some(value) = self.event.get(member) {
            json::text(w, key, value);
        }
    }

    /// The number that `member` is.
    fn whole_number(&mut self, member: Member, most: u64) -> Option<u64> {
        let number = self.event.get(member)?.whole_number(most);
        if number.is_none() {
            self.misfits.insert(member);
        }
        number
    }

    /// The member `key` with the number that `member` is.
    fn number(&mut self, w: &mut Writer<'_>, key: &LongLiteral, member: Member, most: u64) {
        let value = self.event.get(member);
        if value.is_some_and(|value| !json::number_of(w, key, value, most)) {
            self.misfits.insert(member);
        }
    }

    /// There is no place for `member`, if the event has it.
    fn misfit(&mut self, member: Member) {
        if self.event.get(member).is_some() {
            self.misfits.insert(member);
        }
    }
}

impl EventWriter for Ocsf {
    const NAME: &'static str = "ocsf";

    fn write(&mut self, event: &EventView<'_>, rules: RuleChoice, out: &mut Vec<u8>) {
        let expected = event.line().len().saturating_mul(7) / 4;
        let mut writer = Writer::new(out, expected.saturating_add(512));
        let w = &mut writer;
        let mut document = Document {
            event,
            rules,
            action: Action::of(event),
            misfits: Members::default(),
        };
        json::block(w, *b"{}", |w| {
            document.metadata(w);
            if self.settings.detection_finding {
                document.finding(w);
            } else {
                document.activity(w);
            }
            document.control(w);
            document.unmapped(&mut self.leftovers, w);
            if self.settings.raw_data {
                json::bytes(w, text_key!("raw_data"), event.line());
            }
        });
        writer.finish();
    }

    /// `start_time` and `end_time` are the stretch of time, `status_detail` says why, and `unmapped.gap` is the gap as JSON.
    fn gap(&mut self, line: &[u8], gap: &Gap, out: &mut Vec<u8>) {
        let mut writer = Writer::new(out, 1024);
        let w = &mut writer;
        w.short(b"{\"metadata\":{\"version\":\"");
        w.short(OCSF_VERSION.as_bytes());
        w.short(
            b"\",\"product\":{\"name\":\"EdgeSIEM\",\"vendor_name\":\"EdgeSIEM\",\"version\":\"",
        );
        w.short(env!("CARGO_PKG_VERSION").as_bytes());
        w.short(b"\"}},\"class_uid\":6008,\"category_uid\":6,\"activity_id\":1,\"activity_name\":\"General Error\",\"type_uid\":600801");
        let time = |w: &mut Writer<'_>, key: &LongLiteral, time: Timestamp| {
            json::number(w, key, time.millis().min(MAX_LONG));
        };
        time(w, key!("time"), gap.detected_at);
        if let Some(last) = gap.last_event_at {
            time(w, key!("start_time"), last);
        }
        time(w, key!("end_time"), gap.resumed_from);
        w.short(b",\"severity_id\":3,\"severity\":\"Medium\",\"status_id\":2,\"status\":\"Failure\",\"message\":\"Events may be missing\"");
        json::bytes(w, text_key!("status_detail"), gap.reason.as_bytes());
        w.short(b",\"unmapped\":{\"gap\":");
        json::string(w, |w| w.lossy(line));
        w.short(b"}}");
        writer.finish();
    }
}

impl Document<'_, '_> {
    fn metadata(&mut self, w: &mut Writer<'_>) {
        json::object(w, key!("metadata"), |w| {
            w.short(b",\"version\":\"");
            w.short(OCSF_VERSION.as_bytes());
            w.short(b"\",\"profiles\":[\"security_control\"],\"product\":{\"name\":\"Akamai Security Events\",\"vendor_name\":\"Akamai\"}");
            match self.event.get(Member::Type) {
                Some(name) => json::text(w, text_key!("log_name"), name),
                None => w.short(b",\"log_name\":\"akamai_siem\""),
            }
            self.text(w, text_key!("log_format"), Member::Format);
            self.text(w, text_key!("log_version"), Member::Version);
            self.text(w, text_key!("tenant_uid"), Member::ConfigId);
            self.text(w, text_key!("original_event_uid"), Member::RequestId);
            self.text(w, text_key!("original_time"), Member::Start);
            if let RuleChoice::One(number) = self.rules {
                json::number(
                    w,
                    key!("sequence"),
                    u64::try_from(number).unwrap_or(MAX_LONG),
                );
            }
        });
    }

    /// What only an HTTP Activity has.
    fn activity(&mut self, w: &mut Writer<'_>) {
        w.short(b",\"class_uid\":4002,\"category_uid\":4");
        let method = self.event.get(Member::Method);
        let activity = http::activity(method);
        w.short(activity.ids);
        if let Some(method) = method.filter(|_| activity.method.is_none()) {
            json::text(w, text_key!("activity_name"), method);
        }
        self.verdict(w);
        let status = self.event.get(Member::Status);
        w.short(match status.and_then(http::status) {
            Some(100..=399) => b",\"status_id\":1,\"status\":\"Success\"",
            Some(400..) => b",\"status_id\":2,\"status\":\"Failure\"",
            _ => b",\"status_id\":0,\"status\":\"Unknown\"",
        });
        let request = Request::of(self);
        request.network(self, w);
        json::object(w, key!("traffic"), |w| {
            self.number(w, key!("bytes_in"), Member::Bytes, MAX_LONG);
        });
        request.http(self, w, activity.method);
        request.observables(w, b"");
    }

    /// What only a Detection Finding has.
    fn finding(&mut self, w: &mut Writer<'_>) {
        w.short(b",\"class_uid\":2004,\"category_uid\":2,\"activity_id\":1,\"activity_name\":\"Create\",\"type_uid\":200401");
        self.verdict(w);
        w.short(b",\"status_id\":1,\"status\":\"New\"");
        self.finding_info(w);
        let request = Request::of(self);
        let method = http::activity(self.event.get(Member::Method)).method;
        json::array(w, key!("evidences"), |w| {
            json::object_item(w, |w| {
                request.network(self, w);
                request.http(self, w, method);
                json::object(w, key!("user"), |w| {
                    self.text(w, text_key!("name"), Member::Username);
                    self.text(w, text_key!("uid"), Member::Uuid);
                });
            });
        });
        // An activity has a place for these in any case.
        if method.is_none() {
            self.misfit(Member::Method);
        }
        if self
            .event
            .get(Member::Status)
            .and_then(http::status)
            .is_none()
        {
            self.misfit(Member::Bytes);
        }
        request.observables(w, b"evidences[0].");
    }

    /// When it was, how bad it is, and what was done about it.
    fn verdict(&self, w: &mut Writer<'_>) {
        json::number(w, key!("time"), self.event.facts().start_ms.unwrap_or(0));
        w.short(Severity::of(self).attributes());
        let verdict = Verdict::of(&self.action);
        w.short(verdict.attributes());
        let action = &self.action.text;
        if verdict == Verdict::OtherwiseModified {
            json::bytes(w, text_key!("disposition"), action);
        }
        if !action.is_empty() {
            json::bytes(w, text_key!("status_detail"), action);
        }
        w.short(verdict.alert());
        self.text(w, text_key!("status_code"), Member::Status);
    }
}
