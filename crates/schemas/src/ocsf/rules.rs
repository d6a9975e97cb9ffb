//! What triggered, and what OCSF has no attribute for.

use edgesiem_decode::{Facet, LongLiteral, Member, Rule, Writer, long_literal};

use super::Document;
use crate::convert::RuleChoice;
use crate::json::{self, key, text_key};
use crate::leftovers::Leftovers;

impl Document<'_, '_> {
    /// Number of the rule that the document is about, or of the one that decided.
    fn decisive(&self) -> Option<usize> {
        match self.rules {
            RuleChoice::All => self.action.decisive_rule(self.event),
            RuleChoice::One(number) => Some(number),
        }
    }

    /// `policy` and `firewall_rule`.
    pub(super) fn control(&self, w: &mut Writer<'_>) {
        json::object(w, key!("policy"), |w| {
            self.text(w, text_key!("uid"), Member::PolicyId);
        });
        let rule = self
            .decisive()
            .and_then(|number| self.event.rules().get(number));
        if let Some(rule) = rule.filter(|rule| has_name(*rule)) {
            json::object(w, key!("firewall_rule"), |w| {
                named(w, rule);
                w.short(b",\"type\":\"WAF\"");
                let selector = rule.get(Facet::Selectors);
                json::decoded(w, text_key!("match_location"), selector);
                if let Some(data) = rule.get(Facet::Data).filter(|data| !data.is_empty()) {
                    w.short(b",\"match_details\":[\"");
                    data.write(w);
                    w.short(b"\"]");
                }
            });
        }
    }

    /// `finding_info`.
    pub(super) fn finding_info(&self, w: &mut Writer<'_>) {
        json::object(w, key!("finding_info"), |w| {
            json::text_with(w, text_key!("uid"), |w| {
                match self.event.get(Member::RequestId) {
                    Some(id) => id.write(w),
                    None => w.short(b"unknown"),
                }
                if let RuleChoice::One(number) = self.rules {
                    w.byte(b'/');
                    json::digits(w, u64::try_from(number).unwrap_or(u64::MAX));
                }
            });
            if let Some(ms) = self.event.facts().start_ms {
                json::number(w, key!("created_time"), ms);
            }
            let decisive = self.decisive();
            let rule = decisive.and_then(|number| self.event.rules().get(number));
            if let Some(rule) = rule {
                json::decoded(w, text_key!("title"), rule.get(Facet::Messages));
            }
            if let Some(rule) = rule.filter(|rule| has_name(*rule)) {
                json::object(w, key!("analytic"), |w| analytic(w, rule));
            }
            json::array(w, key!("related_analytics"), |w| {
                for (number, rule) in self.rules.of(self.event) {
                    if Some(number) != decisive && has_name(rule) {
                        json::object_item(w, |w| analytic(w, rule));
                    }
                }
            });
        });
    }

    /// `unmapped`.
    pub(super) fn unmapped(&self, leftovers: &mut Leftovers, w: &mut Writer<'_>) {
        json::object(w, key!("unmapped"), |w| {
            json::array(w, key!("rules"), |w| {
                for (_, one) in self.rules.of(self.event) {
                    rule(w, one);
                }
            });
            for (member, opening) in HOMELESS {
                if let Some(value) = self.event.get(*member) {
                    value.write_member(opening, w);
                }
            }
            if let Some(custom) = self.event.custom() {
                w.long_literal(key!("custom"));
                w.short(custom);
            }
            leftovers.read(self.event, self.misfits);
            json::object(w, key!("members"), |w| {
                for (path, value) in leftovers.iter() {
                    w.short(b",\"");
                    w.lossy(path);
                    w.short(b"\":\"");
                    w.lossy(value);
                    w.byte(b'"');
                }
            });
        });
    }
}

/// A rule has a place in OCSF if it has an identifier or a name.
fn has_name(rule: Rule<'_>) -> bool {
    [Facet::Rules, Facet::Messages]
        .into_iter()
        .any(|facet| rule.get(facet).is_some_and(|item| !item.is_empty()))
}

fn named(w: &mut Writer<'_>, rule: Rule<'_>) {
    json::decoded(w, text_key!("uid"), rule.get(Facet::Rules));
    json::decoded(w, text_key!("name"), rule.get(Facet::Messages));
    json::decoded(w, text_key!("category"), rule.get(Facet::Tags));
    json::decoded(w, text_key!("version"), rule.get(Facet::Versions));
}

fn analytic(w: &mut Writer<'_>, rule: Rule<'_>) {
    named(w, rule);
    w.short(b",\"type_id\":1,\"type\":\"Rule\"");
}

/// A rule as the `decoded` schema has it, without empty facets.
fn rule(w: &mut Writer<'_>, rule: Rule<'_>) {
    json::object_item(w, |w| {
        for (facet, opening, name) in FACETS {
            let Some(value) = rule.get(*facet).filter(|value| !value.is_empty()) else {
                continue;
            };
            if value.is_utf8() {
                value.write_member(opening, w);
            } else {
                w.long_literal(opening);
                w.text_member(name, value.bytes());
            }
        }
    });
}

macro_rules! facets {
    ($($facet:ident $name:literal,)*) => {
        &[$((
            Facet::$facet,
            long_literal(concat!(",\"", $name, "\":\"").as_bytes()),
            $name.as_bytes(),
        ),)*]
    };
}

const FACETS: &[(Facet, LongLiteral, &[u8])] = facets! {
    Rules "rule",
    Versions "ruleVersion",
    Messages "ruleMessage",
    Tags "ruleTag",
    Data "ruleData",
    Selectors "ruleSelector",
    Actions "ruleAction",
};

macro_rules! homeless {
    ($($member:ident $path:literal,)*) => {
        &[$((Member::$member, const {
            assert!($path.len() <= 27, "a literal has 32 bytes");
            long_literal(concat!(",\"", $path, "\":\"").as_bytes())
        }),)*]
    };
}

/// Members that OCSF has no attribute for.
const HOMELESS: &[(Member, LongLiteral)] = homeless! {
    ClientReputation "attackData.clientReputation",
    ApiId "attackData.apiId",
    ApiKey "attackData.apiKey",
    SlowPostAction "attackData.slowPostAction",
    SlowPostRate "attackData.slowPostRate",
    BotScore "botData.botScore",
    ResponseSegment "botData.responseSegment",
    AppBundleId "clientData.appBundleId",
    AppVersion "clientData.appVersion",
    SdkVersion "clientData.sdkVersion",
    TelemetryType "clientData.telemetryType",
    TlsFingerprintV2 "identity.tlsFingerprintV2",
    TlsFingerprintV3 "identity.tlsFingerprintV3",
    Allow "userRiskData.allow",
    EmailDomain "userRiskData.emailDomain",
    General "userRiskData.general",
    OriginUserId "userRiskData.originUserId",
    Risk "userRiskData.risk",
    Score "userRiskData.score",
    RiskStatus "userRiskData.status",
    Trust "userRiskData.trust",
    Username "userRiskData.username",
    Uuid "userRiskData.uuid",
};
