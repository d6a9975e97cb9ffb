//! The members of an event that schemas know by name.

use crate::scan::{Opening, Scanner, Text};

/// An object of an event whose members are known by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Section {
    /// The event itself.
    Event,
    /// `attackData`.
    AttackData,
    /// `botData`.
    BotData,
    /// `clientData`.
    ClientData,
    /// `geo`.
    Geo,
    /// `httpMessage`.
    HttpMessage,
    /// `identity`.
    Identity,
    /// `userRiskData`.
    UserRiskData,
}

impl Section {
    pub(super) const COUNT: usize = 8;

    /// The section that the member `name` of an event is.
    #[inline]
    pub(super) fn from_member(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"attackData" => Self::AttackData,
            b"botData" => Self::BotData,
            b"clientData" => Self::ClientData,
            b"geo" => Self::Geo,
            b"httpMessage" => Self::HttpMessage,
            b"identity" => Self::Identity,
            b"userRiskData" => Self::UserRiskData,
            _ => return None,
        })
    }

    /// Name of the member of the event that holds it; empty for the event itself.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Event => "",
            Self::AttackData => "attackData",
            Self::BotData => "botData",
            Self::ClientData => "clientData",
            Self::Geo => "geo",
            Self::HttpMessage => "httpMessage",
            Self::Identity => "identity",
            Self::UserRiskData => "userRiskData",
        }
    }
}

macro_rules! members {
    ($($section:ident { $($member:ident $name:literal,)* })*) => {
        /// A member of an event: those of Akamai's description of the SIEM API, version 1, and `identity.ja4`. `custom` is
        /// none of them, because it holds what a customer puts there.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Member {
            $($(#[doc = concat!("One of [`Section::", stringify!($section), "`]; its name there is [`Member::name`].")] $member,)*)*
        }

        impl Member {
            /// All of them, each section's together.
            pub const ALL: &'static [Self] = &[$($(Self::$member,)*)*];

            pub(super) const COUNT: usize = Self::ALL.len();

            /// The member `name` of `section`.
            #[inline(never)]
            pub(super) fn find(section: Section, name: &[u8]) -> Option<Self> {
                match section {
                    $(Section::$section => match name {
                        $($name => Some(Self::$member),)*
                        _ => None,
                    },)*
                }
            }

            /// How each of them begins where it is a text.
            const OPENINGS: [Opening; Self::COUNT] = [$($(Opening::of($name),)*)*];

            /// The object that it is a member of.
            pub const fn section(self) -> Section {
                match self {
                    $($(Self::$member)|* => Section::$section,)*
                }
            }

            /// Its name there.
            pub const fn name(self) -> &'static str {
                match self {
                    $($(Self::$member => const { text($name) },)*)*
                }
            }
        }
    };
}

const fn text(name: &'static [u8]) -> &'static str {
    match std::str::from_utf8(name) {
        Ok(name) => name,
        Err(_) => "",
    }
}

members! {
    Event {
        Format b"format",
        Type b"type",
        Version b"version",
    }
    AttackData {
        Rules b"rules",
        RuleVersions b"ruleVersions",
        RuleMessages b"ruleMessages",
        RuleTags b"ruleTags",
        RuleData b"ruleData",
        RuleSelectors b"ruleSelectors",
        RuleActions b"ruleActions",
        ApiId b"apiId",
        ApiKey b"apiKey",
        AppliedAction b"appliedAction",
        ClientIp b"clientIP",
        ClientReputation b"clientReputation",
        ConfigId b"configId",
        PolicyId b"policyId",
        SlowPostAction b"slowPostAction",
        SlowPostRate b"slowPostRate",
    }
    BotData {
        BotScore b"botScore",
        ResponseSegment b"responseSegment",
    }
    ClientData {
        AppBundleId b"appBundleId",
        AppVersion b"appVersion",
        SdkVersion b"sdkVersion",
        TelemetryType b"telemetryType",
    }
    Geo {
        Asn b"asn",
        City b"city",
        Continent b"continent",
        Country b"country",
        RegionCode b"regionCode",
    }
    HttpMessage {
        Bytes b"bytes",
        Host b"host",
        Method b"method",
        Path b"path",
        Port b"port",
        Protocol b"protocol",
        Query b"query",
        RequestHeaders b"requestHeaders",
        RequestId b"requestId",
        ResponseHeaders b"responseHeaders",
        Start b"start",
        Status b"status",
        Tls b"tls",
    }
    Identity {
        Ja4 b"ja4",
        TlsFingerprintV2 b"tlsFingerprintV2",
        TlsFingerprintV3 b"tlsFingerprintV3",
    }
    UserRiskData {
        Allow b"allow",
        EmailDomain b"emailDomain",
        General b"general",
        OriginUserId b"originUserId",
        Risk b"risk",
        Score b"score",
        RiskStatus b"status",
        Trust b"trust",
        Username b"username",
        Uuid b"uuid",
    }
}

/// Which member probably follows which, because events have them in the order of the event before: comparing a name with one
/// is quicker than finding it among all.
#[derive(Debug)]
pub(super) struct Order {
    first: [Option<Member>; Section::COUNT],
    after: [Option<Member>; Member::COUNT],
}

impl Default for Order {
    fn default() -> Self {
        Self {
            first: [None; Section::COUNT],
            after: [None; Member::COUNT],
        }
    }
}

impl Order {
    /// The member that usually comes behind `before` of `section`, or first, if it does so here and is a text, of which the
    /// inside then follows.
    #[inline(always)]
    pub fn usual(
        &self,
        section: Section,
        before: Option<Member>,
        scanner: &mut Scanner<'_>,
    ) -> Option<Member> {
        let usual = match before {
            Some(before) => *self.after.get(before as usize)?,
            None => *self.first.get(section as usize)?,
        }?;
        let opening = Member::OPENINGS.get(usual as usize)?;
        scanner.take_opening(opening).then_some(usual)
    }

    /// The member of `section` whose name is `name` of `line`, behind the member `before` of it, if there was one.
    #[inline(never)]
    pub fn find(
        &mut self,
        section: Section,
        before: Option<Member>,
        line: &[u8],
        name: Text,
    ) -> Option<Member> {
        let found = Member::find(section, &name.value(line))?;
        let usual = match before {
            Some(before) => self.after.get_mut(before as usize),
            None => self.first.get_mut(section as usize),
        };
        *usual? = Some(found);
        Some(found)
    }
}

/// A set of members.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Members(u64);

const _: () = assert!(Member::COUNT <= 64, "a set of members is 64 bits");

impl Members {
    /// Adds one.
    pub const fn insert(&mut self, member: Member) {
        self.0 |= 1 << member as u8;
    }

    /// Whether it has this one.
    pub const fn contains(self, member: Member) -> bool {
        self.0 & (1 << member as u8) != 0
    }

    /// Those of either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Its members, in the order of [`Member::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Member> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            let next = Member::ALL.get(left.trailing_zeros() as usize)?;
            left &= left.wrapping_sub(1);
            Some(*next)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Member, Order, Section};
    use crate::scan::Scanner;

    #[test]
    fn members_are_found_in_any_order_and_only_in_their_section() {
        let mut order = Order::default();
        for value in ["\"text\"", "1"] {
            for step in [1, 1, 3, 5, 7, 1] {
                for section in [Section::Geo, Section::HttpMessage, Section::UserRiskData] {
                    let mut before = None;
                    for n in 0..Member::COUNT {
                        let name = Member::ALL[n * step % Member::COUNT].name();
                        let line = format!("\"{name}\":{value}");
                        let mut scanner = Scanner::new(line.as_bytes(), 0);
                        let usual = order.usual(section, before, &mut scanner);
                        let found = usual.or_else(|| {
                            let text = scanner.member_name().unwrap();
                            scanner.take(b'"');
                            order.find(section, before, line.as_bytes(), text)
                        });
                        let expected = Member::find(section, name.as_bytes());
                        assert_eq!(found, expected, "{section:?} {name}");
                        assert!(found.is_none_or(|member| member.section() == section));
                        assert!(usual.is_none() || value != "1", "a number is no text");
                        let rest = line.get(scanner.at()..).unwrap();
                        assert!(rest.starts_with(value.trim_matches('"')), "{rest}");
                        before = found.or(before);
                    }
                }
            }
        }
    }
}
