//! Patterns of `*` and `?` in time proportional to the text, whatever both say.

/// A pattern: `*` stands for any text, also none, `?` for one character, everything else for itself. There is no escape: use
/// `?` where the text has one of the two.
///
/// What stands before the first and behind the last wildcard is compared; only what is between them is searched, by a set of
/// states that each byte moves at once (the shift-and method: R. Baeza-Yates, G. Gonnet, "A New Approach to Text Searching",
/// 1992), so that there is no backtracking for an attacker to blow up.
#[derive(Debug)]
pub(super) struct Glob {
    before: Box<[u8]>,
    after: Box<[u8]>,
    between: Between,
}

#[derive(Debug)]
enum Between {
    /// No wildcard: `before` is all there is.
    Nothing,
    /// Only `*`.
    Anything,
    States(Box<States>),
}

/// State `n`, bit `n`: the first `n` pieces, each a byte or a `?`, have matched.
#[derive(Debug)]
struct States {
    /// By byte: the states that it moves on.
    moves: [u64; 256],
    /// By whether the byte continues a character: the states that it leaves as they are.
    stays: [u64; 2],
    last: u64,
}

impl Glob {
    /// Most bytes and `?` between the first and the last wildcard.
    pub const MAX_BETWEEN: usize = 63;

    /// `None` if there are more than [`Glob::MAX_BETWEEN`] bytes and `?` between the first and the last wildcard.
    pub fn new(pattern: &str) -> Option<Self> {
        let is_wildcard = |c: char| matches!(c, '*' | '?');
        let (Some(first), Some(last)) = (pattern.find(is_wildcard), pattern.rfind(is_wildcard))
        else {
            return Some(Self {
                before: pattern.as_bytes().into(),
                after: Box::default(),
                between: Between::Nothing,
            });
        };
        let pattern = pattern.as_bytes();
        let end = last.saturating_add(1);
        let between = pattern.get(first..end)?;
        let between = if between.iter().all(|byte| *byte == b'*') {
            Between::Anything
        } else {
            Between::States(Box::new(States::new(between)?))
        };
        Some(Self {
            before: pattern.get(..first)?.into(),
            after: pattern.get(end..)?.into(),
            between,
        })
    }

    /// Whether all of `text`, which should be UTF-8, is as the pattern says.
    pub fn matches(&self, text: &[u8]) -> bool {
        let Some(rest) = text.strip_prefix(&*self.before) else {
            return false;
        };
        let Some(rest) = rest.strip_suffix(&*self.after) else {
            return false;
        };
        match &self.between {
            Between::Nothing => rest.is_empty(),
            Between::Anything => true,
            Between::States(states) => states.match_all(rest),
        }
    }
}

impl States {
    fn new(pattern: &[u8]) -> Option<Self> {
        let mut states = Self {
            moves: [0; 256],
            stays: [0; 2],
            last: 1,
        };
        let mut count = 0_usize;
        for piece in pattern {
            if *piece == b'*' {
                states
                    .stays
                    .iter_mut()
                    .for_each(|stays| *stays |= states.last);
                continue;
            }
            count = count.saturating_add(1);
            if count > Glob::MAX_BETWEEN {
                return None;
            }
            let from = states.last;
            states.last = from << 1;
            for (byte, moves) in (0_u8..=u8::MAX).zip(&mut states.moves) {
                let is_one = if *piece == b'?' {
                    !continues(byte)
                } else {
                    byte == *piece
                };
                if is_one {
                    *moves |= from;
                }
            }
            if *piece == b'?' {
                // The rest of a character of several bytes.
                let [_, stays] = &mut states.stays;
                *stays |= states.last;
            }
        }
        Some(states)
    }

    fn match_all(&self, text: &[u8]) -> bool {
        let mut reached = 1_u64;
        let [stays, stays_within] = self.stays;
        for byte in text {
            let moves = self.moves.get(usize::from(*byte)).copied().unwrap_or(0);
            let stays = if continues(*byte) {
                stays_within
            } else {
                stays
            };
            reached = (reached & moves) << 1 | reached & stays;
            if reached == 0 {
                return false;
            }
        }
        reached & self.last != 0
    }
}

/// Whether the byte is one of a character but not its first.
const fn continues(byte: u8) -> bool {
    byte & 0xc0 == 0x80
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Glob;

    fn naive(pattern: &[char], text: &[char]) -> bool {
        match (pattern, text) {
            ([], []) => true,
            (['*', rest @ ..], _) => {
                naive(rest, text) || !text.is_empty() && naive(pattern, &text[1..])
            }
            (['?', rest @ ..], [_, tail @ ..]) => naive(rest, tail),
            ([one, rest @ ..], [same, tail @ ..]) => one == same && naive(rest, tail),
            _ => false,
        }
    }

    #[test]
    fn wildcards_stand_for_any_text_and_for_one_character() {
        for (pattern, matching, others) in [
            ("", &[""][..], &["a"][..]),
            ("abc", &["abc"], &["", "ab", "abcd", "ABC"]),
            ("*", &["", "a", "é\n"], &[]),
            ("***", &["", "abc"], &[]),
            ("?", &["a", "é", "€", "😀"], &["", "ab", "éé"]),
            (
                "/static/*.css",
                &["/static/.css", "/static/a/b.css"],
                &["/static.css", "/static/a.css?x", "/STATIC/a.css"],
            ),
            ("ab*ba", &["abba", "abxba"], &["aba", "ab", "abb"]),
            (
                "*bot*",
                &["bot", "a bot!", "botbot"],
                &["bo", "b.ot", "BOT"],
            ),
            ("a?c*e?", &["abcef", "aéc123e😀"], &["ace", "abce"]),
            ("*a*b*c*", &["abc", "xaxbxcx"], &["acb", "ab"]),
            ("?*?", &["ab", "éé", "abc"], &["", "a", "é"]),
            ("[a-z]{1}", &["[a-z]{1}"], &["a"]),
        ] {
            let glob = Glob::new(pattern).unwrap();
            for (texts, expected) in [(matching, true), (others, false)] {
                for text in texts {
                    assert_eq!(glob.matches(text.as_bytes()), expected, "{pattern} {text}");
                }
            }
        }
    }

    #[test]
    fn only_what_is_between_wildcards_is_bounded() {
        let long = "x".repeat(500);
        let pattern = format!("{long}*{long}");
        assert!(Glob::new(&pattern).unwrap().matches(pattern.as_bytes()));
        let most = "x".repeat(Glob::MAX_BETWEEN);
        let glob = Glob::new(&format!("*{most}*")).unwrap();
        assert!(glob.matches(long.as_bytes()));
        assert!(!glob.matches(&most.as_bytes()[1..]));
        assert!(Glob::new(&format!("*{most}x*")).is_none());
    }

    #[test]
    fn a_pattern_that_makes_others_backtrack_takes_one_pass() {
        // Backtracking would take 2^21 to the power of the number of stars.
        let glob = Glob::new(&format!("{}b", "a*".repeat(40))).unwrap();
        assert!(!glob.matches(&vec![b'a'; 1 << 21]));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

        #[test]
        fn a_pattern_matches_what_the_definition_says(pattern in "[ab?*é]{0,9}", text in "[ab?*é€]{0,9}") {
            let found = Glob::new(&pattern).unwrap().matches(text.as_bytes());
            let chars = |text: &str| text.chars().collect::<Vec<_>>();
            prop_assert_eq!(found, naive(&chars(&pattern), &chars(&text)));
        }

        #[test]
        fn any_pattern_and_any_bytes_do_no_harm(pattern in ".{0,40}", bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            if let Some(glob) = Glob::new(&pattern) {
                let _ = glob.matches(&bytes);
            }
        }
    }
}
