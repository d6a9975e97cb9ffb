//! `akamai.siem`: what the semantic conventions have no attribute for.

use std::ops::Range;

use edgesiem_decode::{Decoded, EventView, Facet, Member, WideLiteral, Writer};

use super::conventions::MAX_INT;
use super::value::{END, array, integer, list, many, opening, text};
use super::{Otel, Record};
use crate::json;

const MAX_AS_NUMBER: u64 = 4_294_967_295;

const TEXTS: &[(WideLiteral, Member)] = &[
    (opening!(text!("akamai.siem.config_id")), Member::ConfigId),
    (opening!(text!("akamai.siem.policy_id")), Member::PolicyId),
    (opening!(text!("akamai.siem.request_id")), Member::RequestId),
    (
        opening!(text!("akamai.siem.client_reputation")),
        Member::ClientReputation,
    ),
    (opening!(text!("akamai.siem.api_id")), Member::ApiId),
    (opening!(text!("akamai.siem.api_key")), Member::ApiKey),
    (
        opening!(text!("akamai.siem.slow_post_action")),
        Member::SlowPostAction,
    ),
    (opening!(text!("akamai.siem.version")), Member::Version),
    (
        opening!(text!("akamai.siem.client_data.app_bundle_id")),
        Member::AppBundleId,
    ),
    (
        opening!(text!("akamai.siem.client_data.app_version")),
        Member::AppVersion,
    ),
    (
        opening!(text!("akamai.siem.client_data.sdk_version")),
        Member::SdkVersion,
    ),
    (opening!(text!("akamai.siem.identity.ja4")), Member::Ja4),
    (
        opening!(text!("akamai.siem.identity.tls_fingerprint_v2")),
        Member::TlsFingerprintV2,
    ),
    (
        opening!(text!("akamai.siem.identity.tls_fingerprint_v3")),
        Member::TlsFingerprintV3,
    ),
    (
        opening!(text!("akamai.siem.user_risk.origin_user_id")),
        Member::OriginUserId,
    ),
    (
        opening!(text!("akamai.siem.user_risk.email_domain")),
        Member::EmailDomain,
    ),
    (opening!(text!("akamai.siem.user_risk.risk")), Member::Risk),
    (
        opening!(text!("akamai.siem.user_risk.trust")),
        Member::Trust,
    ),
    (
        opening!(text!("akamai.siem.user_risk.general")),
        Member::General,
    ),
];

const INTEGERS: &[(WideLiteral, Member, u64)] = &[
    (
        opening!(integer!("akamai.siem.geo.asn")),
        Member::Asn,
        MAX_AS_NUMBER,
    ),
    (
        opening!(integer!("akamai.siem.slow_post_rate")),
        Member::SlowPostRate,
        MAX_INT,
    ),
    (
        opening!(integer!("akamai.siem.bot.score")),
        Member::BotScore,
        MAX_INT,
    ),
    (
        opening!(integer!("akamai.siem.bot.response_segment")),
        Member::ResponseSegment,
        MAX_INT,
    ),
    (
        opening!(integer!("akamai.siem.client_data.telemetry_type")),
        Member::TelemetryType,
        MAX_INT,
    ),
    (
        opening!(integer!("akamai.siem.user_risk.status")),
        Member::RiskStatus,
        MAX_INT,
    ),
    (
        opening!(integer!("akamai.siem.user_risk.score")),
        Member::Score,
        MAX_INT,
    ),
    (
        opening!(integer!("akamai.siem.user_risk.allow")),
        Member::Allow,
        MAX_INT,
    ),
];

/// Keys of a rule's facets: up to the text, and of the sibling with the bytes in base64.
const FACETS: &[(Facet, WideLiteral, WideLiteral)] = &[
    (
        Facet::Rules,
        opening!(text!("id")),
        opening!(text!("id_base64")),
    ),
    (
        Facet::Versions,
        opening!(text!("version")),
        opening!(text!("version_base64")),
    ),
    (
        Facet::Messages,
        opening!(text!("message")),
        opening!(text!("message_base64")),
    ),
    (
        Facet::Tags,
        opening!(text!("tag")),
        opening!(text!("tag_base64")),
    ),
    (
        Facet::Data,
        opening!(text!("data")),
        opening!(text!("data_base64")),
    ),
    (
        Facet::Selectors,
        opening!(text!("selector")),
        opening!(text!("selector_base64")),
    ),
    (
        Facet::Actions,
        opening!(text!("action")),
        opening!(text!("action_base64")),
    ),
];

impl Otel {
    #[inline(never)]
    pub(super) fn akamai(&mut self, record: &mut Record<'_, '_>, w: &mut Writer<'_>) {
        let event = record.event;
        if !record.action.text.is_empty() {
            w.short(text!("akamai.siem.applied_action"));
            w.lossy(&record.action.text);
            w.literal(END);
        }
        record.texts(w, TEXTS);
        record.integers(w, INTEGERS);
        many(w, array!("akamai.siem.rules"), |w| {
            for (_, rule) in record.rules.of(event) {
                let start = w.len();
                w.short(b",{\"kvlistValue\":{\"values\":");
                let has_data = json::block(w, *b"[]", |w| {
                    for (facet, opening, base64) in FACETS {
                        if let Some(value) = rule.get(*facet) {
                            self::facet(w, opening, base64, value);
                        }
                    }
                });
                if has_data {
                    w.short(b"}}");
                } else {
                    w.back_to(start);
                }
            }
        });
        self.custom(w, event);
        for (member, usual) in [(Member::Type, "akamai_siem"), (Member::Format, "json")] {
            let value = event.get(member);
            if value.is_some_and(|value| value.source() != usual.as_bytes()) {
                record.misfits.insert(member);
            }
        }
        if event.start_ns().is_none() && event.get(Member::Start).is_some() {
            record.misfits.insert(Member::Start);
        }
        self.leftovers.read(event, record.misfits);
        many(w, list!("akamai.siem.unmapped"), |w| {
            for (path, value) in self.leftovers.iter() {
                pair(w, path, value);
            }
        });
    }

    /// The members of `custom`, each as text; of those of the same name the last one. Whatever is no object becomes one, by the
    /// name that real ones have.
    fn custom(&mut self, w: &mut Writer<'_>, event: &EventView<'_>) {
        let (bytes, spans) = (&mut self.bytes, &mut self.spans);
        bytes.clear();
        spans.clear();
        event.custom_members(|name, value| {
            let start = bytes.len();
            match name {
                Some(name) => name.pieces(|piece| bytes.extend_from_slice(piece)),
                None => bytes.extend_from_slice(b"custom"),
            }
            let name = start..bytes.len();
            value.pieces(|piece| bytes.extend_from_slice(piece));
            let value = name.end..bytes.len();
            spans.push((name, value));
        });
        let part = |range: Option<&Range<usize>>| {
            let range = range.cloned().unwrap_or_default();
            bytes.get(range).unwrap_or(&[])
        };
        self.distinct.group(spans.len(), |number| {
            part(spans.get(number).map(|(name, _)| name))
        });
        many(w, list!("akamai.siem.custom"), |w| {
            for first in self.distinct.firsts() {
                let last = self.distinct.last(first);
                pair(
                    w,
                    part(spans.get(first).map(|(name, _)| name)),
                    part(spans.get(last).map(|(_, value)| value)),
                );
            }
        });
    }
}

/// A key and its text.
fn pair(w: &mut Writer<'_>, key: &[u8], value: &[u8]) {
    w.short(b",{\"key\":\"");
    w.lossy(key);
    w.short(b"\",\"value\":{\"stringValue\":\"");
    w.lossy(value);
    w.literal(END);
}

/// A facet of a rule, unless it is empty. Bytes that are not UTF-8 have a sibling in base64.
#[inline(always)]
fn facet(w: &mut Writer<'_>, opening: &WideLiteral, base64: &WideLiteral, value: Decoded<'_>) {
    if value.is_empty() {
        return;
    }
    w.wide_literal(opening);
    value.write_closed(w, END);
    if !value.is_utf8() {
        w.wide_literal(base64);
        w.base64(value.bytes());
        w.literal(END);
    }
}
