//! `akamai.siem`: what ECS has no field for, under the names of Elastic's Akamai integration where it has them.

use std::ops::Range;

use edgesiem_decode::{
    Decoded, Facet, Headers, LongLiteral, Member, Rule, Value, Writer, literal, long_literal,
};

use super::fields::item;
use super::{Document, Ecs, MAX_LONG};
use crate::json::{self, key, text_key};

/// A member of an object whose names come from the event: parts of [`Ecs::bytes`].
#[derive(Clone, Debug)]
pub(super) struct Named {
    name: Range<usize>,
    value: Range<usize>,
}

impl Ecs {
    pub(super) fn akamai(&mut self, document: &mut Document<'_, '_>, w: &mut Writer<'_>) {
        json::object(w, key!("akamai"), |w| {
            json::object(w, key!("siem"), |w| self.siem(document, w));
        });
    }

    fn siem(&mut self, document: &mut Document<'_, '_>, w: &mut Writer<'_>) {
        let event = document.event;
        document.text(w, text_key!("config_id"), Member::ConfigId);
        document.text(w, text_key!("policy_id"), Member::PolicyId);
        document.text(w, text_key!("applied_action"), Member::AppliedAction);
        document.text(w, text_key!("client_reputation"), Member::ClientReputation);
        document.text(w, text_key!("api_id"), Member::ApiId);
        document.text(w, text_key!("api_key"), Member::ApiKey);
        document.text(w, text_key!("slow_post_action"), Member::SlowPostAction);
        document.number(w, key!("slow_post_rate"), Member::SlowPostRate, MAX_LONG);
        document.text(w, text_key!("version"), Member::Version);
        let chosen = document.rules.of(event);
        json::array(w, key!("rules"), |w| {
            chosen.clone().for_each(|(_, one)| rule(w, one));
        });
        for (key, facet) in [
            (key!("rule_actions"), Facet::Actions),
            (key!("rule_tags"), Facet::Tags),
        ] {
            let items = chosen.clone().filter_map(|(_, rule)| rule.get(facet));
            self.lower_case(w, key, items);
        }
        json::object(w, key!("bot"), |w| {
            document.number(w, key!("score"), Member::BotScore, MAX_LONG);
            document.number(
                w,
                key!("response_segment"),
                Member::ResponseSegment,
                MAX_LONG,
            );
        });
        json::object(w, key!("client_data"), |w| {
            document.text(w, text_key!("app_bundle_id"), Member::AppBundleId);
            document.text(w, text_key!("app_version"), Member::AppVersion);
            document.text(w, text_key!("sdk_version"), Member::SdkVersion);
            document.number(w, key!("telemetry_type"), Member::TelemetryType, MAX_LONG);
        });
        json::object(w, key!("identity"), |w| {
            document.text(w, text_key!("ja4"), Member::Ja4);
            document.text(w, text_key!("tls_fingerprint_v2"), Member::TlsFingerprintV2);
            document.text(w, text_key!("tls_fingerprint_v3"), Member::TlsFingerprintV3);
        });
        json::object(w, key!("user_risk"), |w| {
            document.text(w, text_key!("uuid"), Member::Uuid);
            document.text(w, text_key!("origin_user_id"), Member::OriginUserId);
            document.text(w, text_key!("email_domain"), Member::EmailDomain);
            document.number(w, key!("status"), Member::RiskStatus, MAX_LONG);
            document.number(w, key!("score"), Member::Score, MAX_LONG);
            document.number(w, key!("allow"), Member::Allow, MAX_LONG);
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
    fn headers(&mut self, w: &mut Writer<'_>, headers: Headers<'_>) {
        let name = |number| headers.get(number).and_then(|header| header.name);
        let bytes = |number| name(number).map_or(&b""[..], |name| name.bytes());
        let is_plain = |number| {
            name(number).is_some_and(|name| {
                !name.is_empty() && (name.is_plain() || !name.bytes().contains(&0))
            })
        };
        self.distinct.group(headers.len(), bytes);
        let value = |w: &mut Writer<'_>, number| {
            if let Some(header) = headers.get(number) {
                header.value.write(w);
            }
        };
        let mut unnamed = false;
        json::object(w, key!("headers"), |w| {
            for first in self.distinct.firsts() {
                if !is_plain(first) {
                    unnamed = true;
                    continue;
                }
                w.literal(const { &literal(b",\"") });
                if let Some(name) = name(first) {
                    name.write(w);
                }
                if self.distinct.next(first).is_none() {
                    w.literal(const { &literal(b"\":\"") });
                    value(w, first);
                    w.byte(b'"');
                    continue;
                }
                w.literal(const { &literal(b"\":") });
                json::block(w, *b"[]", |w| {
                    let same = |number: &usize| self.distinct.next(*number);
                    for number in std::iter::successors(Some(first), same) {
                        item(w, |w| value(w, number));
                    }
                });
            }
        });
        if unnamed {
            json::array(w, key!("unnamed_headers"), |w| {
                for number in (0..headers.len()).filter(|number| !is_plain(*number)) {
                    item(w, |w| {
                        if let Some(name) = name(number) {
                            name.write(w);
                            w.short(b": ");
                        }
                        value(w, number);
                    });
                }
            });
        }
    }

    /// A list of strings in lower case, each once, without empty ones.
    fn lower_case<'t>(
        &mut self,
        w: &mut Writer<'_>,
        key: &LongLiteral,
        items: impl Iterator<Item = Decoded<'t>>,
    ) {
        self.bytes.clear();
        self.spans.clear();
        let mut is_plain = true;
        for item in items {
            let start = self.bytes.len();
            is_plain &= item.is_plain();
            self.bytes.extend_from_slice(item.bytes());
            if let Some(item) = self.bytes.get_mut(start..) {
                item.make_ascii_lowercase();
            }
            self.spans.push(Named {
                name: start..self.bytes.len(),
                value: 0..0,
            });
        }
        self.group_by_name();
        json::array(w, key, |w| {
            for first in self.distinct.firsts() {
                let text = self.part(first, |named| &named.name);
                if !text.is_empty() {
                    item(w, |w| {
                        if is_plain {
                            w.short(text)
                        } else {
                            w.lossy(text)
                        }
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
            let colon = part.iter().position(|byte| *byte == b':');
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
        !self.bytes.contains(&0)
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
