//! `akamai.siem`: what ECS has no field for, under the names of Elastic's Akamai integration where it has them.

use std::ops::Range;

use edgesiem_decode::{
    Decoded, Facet, Headers, LongLiteral, Member, Rule, Value, Writer, literal, long_literal,
};

use super::fields::item;
use super::{Document, Ecs, MAX_LONG};
use crate::json::{self, TextKey, key, text_key};

/// A member of an object whose names come from the event: parts of [`Ecs::bytes`].
#[derive(Clone, Debug)]
pub(super) struct Named {
    name: Range<usize>,
    value: Range<usize>,
}

const ATTACK: &[(TextKey, Member)] = &[
    (text_key!("config_id"), Member::ConfigId),
    (text_key!("policy_id"), Member::PolicyId),
    (text_key!("applied_action"), Member::AppliedAction),
    (text_key!("client_reputation"), Member::ClientReputation),
    (text_key!("api_id"), Member::ApiId),
    (text_key!("api_key"), Member::ApiKey),
    (text_key!("slow_post_action"), Member::SlowPostAction),
];
const BOT: &[(LongLiteral, Member, u64)] = &[
    (*key!("score"), Member::BotScore, MAX_LONG),
    (*key!("response_segment"), Member::ResponseSegment, MAX_LONG),
];
const CLIENT: &[(TextKey, Member)] = &[
    (text_key!("app_bundle_id"), Member::AppBundleId),
    (text_key!("app_version"), Member::AppVersion),
    (text_key!("sdk_version"), Member::SdkVersion),
];
const IDENTITY: &[(TextKey, Member)] = &[
    (text_key!("ja4"), Member::Ja4),
    (text_key!("tls_fingerprint_v2"), Member::TlsFingerprintV2),
    (text_key!("tls_fingerprint_v3"), Member::TlsFingerprintV3),
];
const USER_RISK: &[(TextKey, Member)] = &[
    (text_key!("uuid"), Member::Uuid),
    (text_key!("origin_user_id"), Member::OriginUserId),
    (text_key!("email_domain"), Member::EmailDomain),
];
const USER_RISK_NUMBERS: &[(LongLiteral, Member, u64)] = &[
    (*key!("status"), Member::RiskStatus, MAX_LONG),
    (*key!("score"), Member::Score, MAX_LONG),
    (*key!("allow"), Member::Allow, MAX_LONG),
];

impl Ecs {
    pub(super) fn akamai(&mut self, document: &mut Document<'_, '_>, w: &mut Writer<'_>) {
        json::object(w, key!("akamai"), |w| {
            json::object(w, key!("siem"), |w| self.siem(document, w));
        });
    }

    fn siem(&mut self, document: &mut Document<'_, '_>, w: &mut Writer<'_>) {
        let event = document.event;
        document.texts(w, ATTACK);
        document.numbers(
            w,
            &[(*key!("slow_post_rate"), Member::SlowPostRate, MAX_LONG)],
        );
        document.texts(w, &[(text_key!("version"), Member::Version)]);
        let chosen = document.rules.of(event);
        json::array(w, key!("rules"), |w| {
            chosen.clone().for_each(|(_, one)| rule(w, one));
        });
        self.lower_case(w, key!("rule_actions"), document, Facet::Actions);
        self.lower_case(w, key!("rule_tags"), document, Facet::Tags);
        json::object(w, key!("bot"), |w| {
            document.numbers(w, BOT);
        });
        json::object(w, key!("client_data"), |w| {
            document.texts(w, CLIENT);
            document.numbers(
                w,
                &[(*key!("telemetry_type"), Member::TelemetryType, MAX_LONG)],
            );
        });
        json::object(w, key!("identity"), |w| document.texts(w, IDENTITY));
        json::object(w, key!("user_risk"), |w| {
            document.texts(w, USER_RISK);
            document.numbers(w, USER_RISK_NUMBERS);
            for (key, member) in [
                (key!("risk"), Member::Risk),
                (key!("trust"), Member::Trust),
                (key!("general"), Member::General),
            ] {
                let Some(value) = event.get(member) else {
                    continue;
                };
                if self.indicators(value) {
                    self.named(w, key);
                } else {
                    document.misfits.insert(member);
                }
            }
        });
        for (key, headers) in [
            (key!("request"), event.request_headers()),
            (key!("response"), event.response_headers()),
        ] {
            json::object(w, key, |w| self.headers(w, headers));
        }
        if let Some(custom) = event.custom() {
            w.long_literal(key!("custom"));
            if custom.starts_with(b"{") {
                w.short(custom);
            } else {
                // Mapped as an object, so whatever else it is becomes a member of one, by the name that real ones have.
                w.short(b"{\"custom\":");
                w.short(custom);
                w.byte(b'}');
            }
        }
        for (member, usual) in [(Member::Type, "akamai_siem"), (Member::Format, "json")] {
            let value = event.get(member);
            if value.is_some_and(|value| value.source() != usual.as_bytes()) {
                document.misfits.insert(member);
            }
        }
        self.unmapped(document, w);
    }

    /// Each header name once: `"name":"value"`, or a list of values if it came more than once. What cannot be the name of a
    /// `flattened` field's member is in a list beside it: lines without a name, and names with a null character.
    #[inline(never)]
    fn headers(&mut self, w: &mut Writer<'_>, headers: Headers<'_>) {
        let is_plain = |name: &Decoded<'_>| {
            !name.is_empty() && (name.is_plain() || memchr::memchr(0, name.bytes()).is_none())
        };
        let names = headers.iter().map(|header| header.name);
        self.distinct
            .group_texts(names.map(|name| name.map_or(&b""[..], |name| name.bytes())));
        let mut unnamed = false;
        json::object(w, key!("headers"), |w| {
            for (header, link) in headers.iter().zip(self.distinct.links()) {
                if !link.is_first {
                    continue;
                }
                let Some(name) = header.name.filter(is_plain) else {
                    unnamed = true;
                    continue;
                };
                name.write_name(w);
                if link.next.is_none() {
                    header.value.write_closed(w, const { &literal(b"\"") });
                    continue;
                }
                // No text, but a list of texts.
                w.back_to(w.len().saturating_sub(1));
                json::block(w, *b"[]", |w| {
                    item(w, |w| header.value.write(w));
                    let same = |number: &usize| self.distinct.next(*number);
                    for number in std::iter::successors(link.next, same) {
                        if let Some(header) = headers.get(number) {
                            item(w, |w| header.value.write(w));
                        }
                    }
                });
            }
        });
        if unnamed {
            json::array(w, key!("unnamed_headers"), |w| {
                for header in headers.iter() {
                    if header.name.is_some_and(|name| is_plain(&name)) {
                        continue;
                    }
                    item(w, |w| {
                        if let Some(name) = header.name {
                            name.write(w);
                            w.short(b": ");
                        }
                        header.value.write(w);
                    });
                }
            });
        }
    }

    /// What the rules have of a facet, in lower case, each once and without empty ones.
    #[inline(never)]
    fn lower_case(
        &mut self,
        w: &mut Writer<'_>,
        key: &LongLiteral,
        document: &Document<'_, '_>,
        facet: Facet,
    ) {
        let (first, count) = document.rules.range(document.event);
        let rules = document.event.rules();
        let text = |number: usize| rules.get(first.saturating_add(number))?.get(facet);
        let texts = (0..count).map(&text);
        self.distinct
            .group_ignoring_case(texts.map(|text| text.map_or(&b""[..], |text| text.bytes())));
        json::array(w, key, |w| {
            for number in self.distinct.firsts() {
                if let Some(text) = text(number).filter(|text| !text.is_empty()) {
                    item(w, |w| {
                        let start = w.len();
                        text.write(w);
                        w.lower_case(start);
                    });
                }
            }
        });
    }

    /// Reads `name:value|name:value`; false if a name is empty or a null character is in it.
    fn indicators(&mut self, value: Value<'_>) -> bool {
        self.bytes.clear();
        self.spans.clear();
        value.pieces(|piece| self.bytes.extend_from_slice(piece));
        let mut start = 0_usize;
        for part in self.bytes.split(|byte| *byte == b'|') {
            let colon = memchr::memchr(b':', part);
            let name = start..start.saturating_add(colon.unwrap_or(part.len()));
            let end = start.saturating_add(part.len());
            if name.is_empty() {
                return false;
            }
            let value = name.end.saturating_add(1).min(end)..end;
            self.spans.push(Named { name, value });
            start = end.saturating_add(1);
        }
        self.group_by_name();
        // Of two members of one name an object would keep one.
        let distinct = self.distinct.firsts().count();
        distinct == self.spans.len() && memchr::memchr(0, &self.bytes).is_none()
    }

    /// Members that no field was found for, as strings: what is not a string is there as its JSON text, so that no two events
    /// disagree about a type.
    fn unmapped(&mut self, document: &Document<'_, '_>, w: &mut Writer<'_>) {
        self.bytes.clear();
        self.spans.clear();
        for leftover in document.event.leftovers(document.misfits) {
            let start = self.bytes.len();
            leftover.path(&mut self.bytes);
            if self.bytes.len() == start {
                self.bytes.push(b'_');
            }
            let name = start..self.bytes.len();
            if let Some(path) = self.bytes.get_mut(name.clone()) {
                // A `flattened` field refuses null characters.
                path.iter_mut()
                    .filter(|byte| **byte == 0)
                    .for_each(|byte| *byte = b'_');
            }
            let value = leftover.value();
            let start = self.bytes.len();
            value.pieces(|piece| self.bytes.extend_from_slice(piece));
            self.spans.push(Named {
                name,
                value: start..self.bytes.len(),
            });
        }
        if !self.spans.is_empty() {
            self.group_by_name();
            self.named(w, key!("unmapped"));
        }
    }

    fn part(&self, number: usize, of: impl Fn(&Named) -> &Range<usize>) -> &[u8] {
        let range = self.spans.get(number).map(|named| of(named).clone());
        range.and_then(|range| self.bytes.get(range)).unwrap_or(&[])
    }

    fn group_by_name(&mut self) {
        let mut distinct = std::mem::take(&mut self.distinct);
        distinct.group(self.spans.len(), |number| {
            self.part(number, |named| &named.name)
        });
        self.distinct = distinct;
    }

    /// The object of [`Ecs::spans`], as grouped. Of those of the same name the last one counts.
    fn named(&self, w: &mut Writer<'_>, key: &LongLiteral) {
        json::object(w, key, |w| {
            for first in self.distinct.firsts() {
                item(w, |w| w.lossy(self.part(first, |named| &named.name)));
                w.byte(b':');
                let last = self.distinct.last(first);
                json::string(w, |w| w.lossy(self.part(last, |named| &named.value)));
            }
        });
    }
}

/// A rule, under the names that the integration gives to its facets. Bytes that are not UTF-8 have a sibling in base64.
fn rule(w: &mut Writer<'_>, rule: Rule<'_>) {
    json::object_item(w, |w| {
        for (facet, key, name) in FACETS {
            let Some(value) = rule.get(*facet).filter(|value| !value.is_empty()) else {
                continue;
            };
            if value.is_utf8() {
                value.write_member(key, w);
            } else {
                w.long_literal(key);
                w.text_member(name, value.bytes());
            }
        }
    });
}

const FACETS: &[(Facet, LongLiteral, &[u8])] = &[
    (Facet::Rules, long_literal(b",\"rules\":\""), b"rules"),
    (
        Facet::Versions,
        long_literal(b",\"ruleVersions\":\""),
        b"ruleVersions",
    ),
    (
        Facet::Messages,
        long_literal(b",\"ruleMessages\":\""),
        b"ruleMessages",
    ),
    (Facet::Tags, long_literal(b",\"ruleTags\":\""), b"ruleTags"),
    (Facet::Data, long_literal(b",\"ruleData\":\""), b"ruleData"),
    (
        Facet::Selectors,
        long_literal(b",\"ruleSelectors\":\""),
        b"ruleSelectors",
    ),
    (
        Facet::Actions,
        long_literal(b",\"ruleActions\":\""),
        b"ruleActions",
    ),
];
