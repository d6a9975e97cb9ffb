//! Takes the events out of an answer as it arrives: `{"security_events":[…],"next_link":"…",…}`, in pieces that may end
//! anywhere. It reads each byte once and keeps one event or one other member at a time.

use serde::de::IgnoredAny;

/// Longest member beside the list of events; real ones have a few hundred bytes.
const MAX_MEMBER_BYTES: usize = 64 * 1024;
const MAX_NAME_BYTES: usize = 1024;

/// A piece of the list of events.
pub(super) enum Piece<'a> {
    /// One element, without the line breaks between its tokens.
    Element(&'a [u8]),
    /// A part of an element that is too long to be kept whole.
    Oversize {
        part: &'a [u8],
        index: u32,
        last: bool,
    },
}

/// The members beside the list of events, each as its JSON text.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Members {
    pub next_link: Option<Vec<u8>>,
    pub last_generated: Option<Vec<u8>>,
    /// Whether there was a list of events, or a null in its place.
    pub has_events: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum At {
    Beginning,
    /// After so many bytes of a byte order mark.
    Mark(usize),
    /// After a byte order mark.
    AfterMark,
    /// After `{`: a name or the end.
    FirstName,
    /// After a comma: a name.
    NextName,
    Name,
    Colon,
    /// Before a member's value.
    Value,
    InValue,
    AfterValue,
    /// After `[`: an element or the end.
    FirstElement,
    /// After a comma: an element.
    NextElement,
    InElement,
    AfterElement,
    End,
}

/// Whose value is being read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Member {
    Events,
    NextLink,
    LastGenerated,
    Other,
}

impl Member {
    fn of(name: &str) -> Self {
        match name {
            "security_events" | "securityEvents" => Self::Events,
            "next_link" | "nextLink" => Self::NextLink,
            "last_log_item_generation_time" | "lastLogItemGenerationTime" => Self::LastGenerated,
            _ => Self::Other,
        }
    }
}

/// Where one value ends: brackets and quotes are counted, nothing else is looked at.
#[derive(Clone, Copy, Default)]
struct Span {
    depth: u64,
    in_text: bool,
    escaped: bool,
}

/// What a value made of the bytes that came.
enum Took {
    /// All of them belong to it, and more may follow.
    All,
    /// So many belong to it; the next byte is a line break between two tokens.
    UpToBreak(usize),
    /// So many belong to it, and it is over.
    UpToEnd(usize),
}

impl Span {
    fn take(&mut self, bytes: &[u8]) -> Took {
        for (at, byte) in bytes.iter().copied().enumerate() {
            let past = at.saturating_add(1);
            if self.in_text {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => {
                        self.in_text = false;
                        if self.depth == 0 {
                            return Took::UpToEnd(past);
                        }
                    }
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => self.in_text = true,
                b'{' | b'[' => self.depth = self.depth.saturating_add(1),
                b'}' | b']' | b',' | b' ' | b'\t' | b'\r' | b'\n' if self.depth == 0 => {
                    return Took::UpToEnd(at);
                }
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    if self.depth == 0 {
                        return Took::UpToEnd(past);
                    }
                }
                b'\r' | b'\n' => return Took::UpToBreak(at),
                _ => {}
            }
        }
        Took::All
    }
}

/// See the module.
pub(super) struct Scanner {
    at: At,
    span: Span,
    member: Member,
    escaped: bool,
    /// The name, member or event that is being read.
    kept: Vec<u8>,
    /// Parts of this event that were handed on already.
    parts: u32,
    max_event_bytes: usize,
    members: Members,
    broken: Option<String>,
}

impl Scanner {
    pub fn new(max_event_bytes: usize) -> Self {
        Self {
            at: At::Beginning,
            span: Span::default(),
            member: Member::Other,
            escaped: false,
            kept: Vec::new(),
            parts: 0,
            max_event_bytes: max_event_bytes.max(1),
            members: Members::default(),
            broken: None,
        }
    }

    pub fn push(&mut self, chunk: &[u8], pieces: &mut dyn FnMut(Piece<'_>)) {
        let mut rest = chunk;
        while self.broken.is_none() && !rest.is_empty() {
            let taken = match self.at {
                At::InValue => self.in_value(rest),
                At::InElement => self.in_element(rest, pieces),
                At::Name => self.in_name(rest),
                _ => self.between(rest),
            };
            rest = rest.get(taken..).unwrap_or_default();
        }
    }

    /// What stands beside the events.
    ///
    /// # Errors
    /// What keeps it from being a whole answer.
    pub fn finish(&mut self) -> Result<Members, String> {
        match (self.broken.take(), self.at) {
            (Some(reason), _) => Err(reason),
            (None, At::Beginning) => Err("the answer is empty".to_owned()),
            (None, At::End) if self.members.has_events => Ok(std::mem::take(&mut self.members)),
            (None, At::End) => Err("the answer has no security_events".to_owned()),
            (None, _) => Err("the answer ends in the middle".to_owned()),
        }
    }

    fn break_off(&mut self, reason: impl Into<String>) {
        self.kept = Vec::new();
        self.broken.get_or_insert(reason.into());
    }

    /// White space, or one byte between a name and a value or between two of them; says how many bytes it took.
    fn between(&mut self, bytes: &[u8]) -> usize {
        let is_white = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n');
        let white = bytes.iter().take_while(is_white).count();
        if white > 0 {
            return white;
        }
        let Some(byte) = bytes.first() else { return 0 };
        let (next, taken) = match (self.at, byte) {
            (At::Beginning | At::AfterMark, b'{') => (At::FirstName, 1),
            (At::Beginning, 0xef) => (At::Mark(1), 1),
            (At::Mark(1), 0xbb) => (At::Mark(2), 1),
            (At::Mark(_), 0xbf) => (At::AfterMark, 1),
            (At::FirstName | At::NextName, b'"') => {
                self.escaped = false;
                (At::Name, 1)
            }
            (At::FirstName | At::AfterValue, b'}') => (At::End, 1),
            (At::Colon, b':') => (At::Value, 1),
            (At::Value, b'[') if self.member == Member::Events => {
                self.members.has_events = true;
                (At::FirstElement, 1)
            }
            (At::Value, b'}' | b']' | b',') => (At::End, 0),
            // The value's first byte is read as part of it.
            (At::Value, _) => (At::InValue, 0),
            (At::AfterValue, b',') => (At::NextName, 1),
            (At::FirstElement | At::AfterElement, b']') => (At::AfterValue, 1),
            (At::AfterElement, b',') => (At::NextElement, 1),
            (At::FirstElement | At::NextElement, byte) if !matches!(byte, b'}' | b']' | b',') => {
                (At::InElement, 0)
            }
            _ => (At::End, 0),
        };
        if taken == 0 && next == At::End {
            self.break_off("the answer is not JSON, or not an object with security_events");
            return 0;
        }
        self.span = Span::default();
        self.at = next;
        taken
    }

    fn in_name(&mut self, bytes: &[u8]) -> usize {
        let mut taken = 0_usize;
        let mut is_over = false;
        for byte in bytes {
            if !self.escaped && *byte == b'"' {
                is_over = true;
                break;
            }
            self.escaped = !self.escaped && *byte == b'\\';
            taken = taken.saturating_add(1);
        }
        if self.kept.len().saturating_add(taken) > MAX_NAME_BYTES {
            self.break_off(format!(
                "a member's name has more than {MAX_NAME_BYTES} bytes"
            ));
            return 0;
        }
        self.kept.extend(bytes.iter().take(taken));
        if !is_over {
            return taken;
        }
        let quoted = [b"\"", self.kept.as_slice(), b"\""].concat();
        match serde_json::from_slice::<String>(&quoted) {
            Ok(name) => {
                self.member = Member::of(&name);
                self.kept.clear();
                self.at = At::Colon;
            }
            Err(_) => self.break_off("a member's name is not JSON"),
        }
        taken.saturating_add(1)
    }

    fn in_value(&mut self, bytes: &[u8]) -> usize {
        let (kept, passed, is_over) = match self.span.take(bytes) {
            Took::All => (bytes.len(), 0, false),
            Took::UpToBreak(kept) => (kept, 1, false),
            Took::UpToEnd(kept) => (kept, 0, true),
        };
        if self.kept.len().saturating_add(kept) > MAX_MEMBER_BYTES {
            self.break_off(format!(
                "a member beside security_events has more than {MAX_MEMBER_BYTES} bytes"
            ));
            return 0;
        }
        self.kept.extend(bytes.iter().take(kept));
        if is_over {
            self.value();
        }
        kept.saturating_add(passed)
    }

    /// A member is whole.
    fn value(&mut self) {
        self.at = At::AfterValue;
        let text = std::mem::take(&mut self.kept);
        if serde_json::from_slice::<IgnoredAny>(&text).is_err() {
            return self.break_off("a member beside security_events is not JSON");
        }
        let place = match self.member {
            Member::Other => return,
            Member::Events if text == b"null" => {
                self.members.has_events = true;
                return;
            }
            Member::Events => return self.break_off("security_events is not a list"),
            Member::NextLink => &mut self.members.next_link,
            Member::LastGenerated => &mut self.members.last_generated,
        };
        let leads_nowhere = |text: &[u8]| matches!(text, b"null" | b"\"\"" | b"\"null\"");
        match place {
            // Both spellings of a link, of which one is left empty.
            Some(_) if self.member == Member::NextLink && leads_nowhere(&text) => {}
            Some(before) if self.member == Member::NextLink && leads_nowhere(before) => {
                *before = text;
            }
            // Whoever reads the first and whoever reads the last would go on elsewhere.
            Some(before) if *before != text => {
                self.break_off("a member comes twice, with different values");
            }
            _ => *place = Some(text),
        }
    }

    fn in_element(&mut self, bytes: &[u8], pieces: &mut dyn FnMut(Piece<'_>)) -> usize {
        let (kept, passed, is_over) = match self.span.take(bytes) {
            Took::All => (bytes.len(), 0, false),
            Took::UpToBreak(kept) => (kept, 1, false),
            Took::UpToEnd(kept) => (kept, 0, true),
        };
        self.keep(bytes.get(..kept).unwrap_or_default(), pieces);
        if is_over {
            pieces(match self.parts {
                0 => Piece::Element(&self.kept),
                index => Piece::Oversize {
                    part: &self.kept,
                    index,
                    last: true,
                },
            });
            self.kept.clear();
            self.parts = 0;
            self.at = At::AfterElement;
        }
        kept.saturating_add(passed)
    }

    /// Adds to the event, and hands on a part of it whenever no more may be kept.
    fn keep(&mut self, mut bytes: &[u8], pieces: &mut dyn FnMut(Piece<'_>)) {
        loop {
            let room = self.max_event_bytes.saturating_sub(self.kept.len());
            let Some((fitting, rest)) = bytes
                .split_at_checked(room)
                .filter(|(_, rest)| !rest.is_empty())
            else {
                self.kept.extend_from_slice(bytes);
                return;
            };
            self.kept.extend_from_slice(fitting);
            pieces(Piece::Oversize {
                part: &self.kept,
                index: self.parts,
                last: false,
            });
            self.parts = self.parts.saturating_add(1);
            self.kept.clear();
            bytes = rest;
        }
    }
}
