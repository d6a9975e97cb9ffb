//! A byte stream becomes lines.

/// One line of the stream, without its line feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RawLine<'a> {
    /// A line without the JSON white space around it, never empty.
    Whole(&'a [u8]),
    /// A part of a line that is longer than the bound. The parts come in order and together are the line from its
    /// first byte that is not white space on; all but the last are as long as the bound.
    Part {
        /// Bytes of this part.
        bytes: &'a [u8],
        /// Number of this part, from 0.
        index: u32,
        /// Whether the line ends here.
        last: bool,
    },
}

/// What [`LineFramer::feed`] finds.
pub(crate) enum Piece<'c, 'f> {
    /// A line that lies within the chunk.
    Chunk(&'c [u8]),
    /// A line that began in an earlier chunk. Its bytes may be taken; the framer clears what is left.
    Carry(&'f mut Vec<u8>),
    /// See [`RawLine::Part`].
    Part {
        bytes: &'f [u8],
        index: u32,
        last: bool,
    },
}

/// Splits a byte stream into lines that end with a line feed; the last one may do without.
///
/// A line that lies within one chunk is handed out as a slice of it. Blank lines are passed over, and so is the white
/// space around a line, of which real responses have some. No byte is searched twice, and at most
/// `max_line_bytes` are kept between two chunks. A line's length, for that bound, is counted from its first byte that is not
/// white space to the line feed. How the stream is cut into chunks makes no difference to what is handed out.
///
/// ```
/// use edgesiem_decode::{LineFramer, RawLine};
///
/// let mut lines = Vec::new();
/// let mut framer = LineFramer::new(1024);
/// let mut collect = |line: RawLine<'_>| {
///     if let RawLine::Whole(bytes) = line {
///         lines.push(String::from_utf8_lossy(bytes).into_owned());
///     }
/// };
/// framer.push(b"{\"a\":1}\r\n\n  {\"b\"", &mut collect);
/// framer.push(b":2}", &mut collect);
/// framer.finish(&mut collect);
/// assert_eq!(lines, [r#"{"a":1}"#, r#"{"b":2}"#]);
/// ```
#[derive(Debug)]
pub struct LineFramer {
    /// The beginning of the line that the last chunk did not end, from its first byte that is not white space on; in an
    /// oversize line, the part that is not handed out yet.
    carry: Vec<u8>,
    /// Parts of the current line that were handed out; it is oversize if there are any.
    parts: u32,
    max_line_bytes: usize,
}

impl LineFramer {
    /// A line longer than `max_line_bytes` (at least 1) is handed out in parts.
    pub const fn new(max_line_bytes: usize) -> Self {
        let max_line_bytes = if max_line_bytes == 0 {
            1
        } else {
            max_line_bytes
        };
        Self {
            carry: Vec::new(),
            parts: 0,
            max_line_bytes,
        }
    }

    /// Takes the next bytes of the stream and hands out every line that they complete.
    pub fn push(&mut self, chunk: &[u8], lines: &mut dyn FnMut(RawLine<'_>)) {
        self.feed(chunk, &mut |piece| hand_out(piece, lines));
    }

    /// The stream ended: hands out the last line if no line feed did. After that the framer is as new.
    pub fn finish(&mut self, lines: &mut dyn FnMut(RawLine<'_>)) {
        self.close(&mut |piece| hand_out(piece, lines));
    }

    /// Memory held between two chunks, in bytes.
    pub const fn capacity(&self) -> usize {
        self.carry.capacity()
    }

    pub(crate) fn feed<'c>(&mut self, chunk: &'c [u8], pieces: &mut impl FnMut(Piece<'c, '_>)) {
        let mut rest = chunk;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let (line, tail) = rest.split_at(end);
            rest = tail.get(1..).unwrap_or(&[]);
            if self.carry.is_empty() && self.parts == 0 {
                let line = line.trim_start_json();
                if line.len() <= self.max_line_bytes {
                    let line = line.trim_end_json();
                    if !line.is_empty() {
                        pieces(Piece::Chunk(line));
                    }
                    continue;
                }
            }
            self.extend(line, pieces);
            self.close(pieces);
        }
        self.extend(rest, pieces);
    }

    /// Adds to the current line. A full buffer is handed out as a part only when one more byte comes, because until then the
    /// line may still end.
    fn extend<'c>(&mut self, bytes: &'c [u8], pieces: &mut impl FnMut(Piece<'c, '_>)) {
        let begun = !self.carry.is_empty() || self.parts > 0;
        let mut rest = if begun {
            bytes
        } else {
            bytes.trim_start_json()
        };
        while !rest.is_empty() {
            let room = self.max_line_bytes.saturating_sub(self.carry.len());
            if room == 0 {
                pieces(Piece::Part {
                    bytes: &self.carry,
                    index: self.parts,
                    last: false,
                });
                self.parts = self.parts.saturating_add(1);
                self.carry.clear();
            } else if self.carry.is_empty() && rest.len() > room {
                let (part, tail) = rest.split_at(room);
                pieces(Piece::Part {
                    bytes: part,
                    index: self.parts,
                    last: false,
                });
                self.parts = self.parts.saturating_add(1);
                rest = tail;
            } else {
                let (fits, tail) = rest.split_at(rest.len().min(room));
                self.reserve(fits.len());
                self.carry.extend_from_slice(fits);
                rest = tail;
            }
        }
    }

    /// Doubles like a `Vec`, but not past the bound.
    fn reserve(&mut self, bytes: usize) {
        let needed = self.carry.len().saturating_add(bytes);
        if needed > self.carry.capacity() {
            let wanted = self
                .carry
                .capacity()
                .saturating_mul(2)
                .max(needed)
                .min(self.max_line_bytes);
            self.carry
                .reserve_exact(wanted.saturating_sub(self.carry.len()));
        }
    }

    /// Ends the current line.
    pub(crate) fn close<'c>(&mut self, pieces: &mut impl FnMut(Piece<'c, '_>)) {
        if self.parts > 0 {
            pieces(Piece::Part {
                bytes: &self.carry,
                index: self.parts,
                last: true,
            });
        } else {
            let length = self.carry.trim_end_json().len();
            self.carry.truncate(length);
            if length > 0 {
                pieces(Piece::Carry(&mut self.carry));
            }
        }
        self.carry.clear();
        self.parts = 0;
    }
}

fn hand_out(piece: Piece<'_, '_>, lines: &mut dyn FnMut(RawLine<'_>)) {
    match piece {
        Piece::Chunk(line) => lines(RawLine::Whole(line)),
        Piece::Carry(line) => lines(RawLine::Whole(line)),
        Piece::Part { bytes, index, last } => lines(RawLine::Part { bytes, index, last }),
    }
}

/// The white space of RFC 8259 section 2, which leaves out the form feed.
trait TrimJson {
    fn trim_start_json(&self) -> &Self;
    fn trim_end_json(&self) -> &Self;
}

impl TrimJson for [u8] {
    fn trim_start_json(&self) -> &Self {
        let mut rest = self;
        while let [b' ' | b'\t' | b'\r' | b'\n', tail @ ..] = rest {
            rest = tail;
        }
        rest
    }

    fn trim_end_json(&self) -> &Self {
        let mut rest = self;
        while let [head @ .., b' ' | b'\t' | b'\r' | b'\n'] = rest {
            rest = head;
        }
        rest
    }
}
