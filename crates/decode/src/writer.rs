//! Appends JSON text to a buffer, 16 bytes at a time where that is quicker than exact.

mod text;

use std::ops::Range;

use crate::block::Block;

/// Room that [`Writer::need`] leaves beyond what was asked for, so that whole blocks can be written.
const SLACK: usize = 32;
/// Text of at most so many bytes is copied together with what follows it: texts are of any length, and each look at how long one is
/// goes another way than the one before, which costs a processor more than to copy too much.
const WIDE: usize = 64;

/// Text of at most 16 bytes, as a block to be written whole: a copy of any other size would be a call of `memcpy`, which in
/// WebAssembly leaves the compiled code.
#[derive(Clone, Copy, Debug)]
pub struct Literal(Block, usize);

impl Literal {
    /// It, with zeros behind it.
    pub(crate) const fn block(&self) -> Block {
        self.0
    }

    /// Its text.
    pub(crate) fn text(&self) -> &[u8] {
        self.0.get(..self.1).unwrap_or(&[])
    }
}

/// Makes a [`Literal`] of the first 16 bytes of `text`.
#[inline(always)]
pub const fn literal(text: &[u8]) -> Literal {
    let mut block = [0; 16];
    let mut rest = text;
    let mut to: &mut [u8] = &mut block;
    while let ([byte, text_tail @ ..], [slot, block_tail @ ..]) = (rest, to) {
        *slot = *byte;
        (rest, to) = (text_tail, block_tail);
    }
    Literal(block, if text.len() < 16 { text.len() } else { 16 })
}

/// Text of at most 32 bytes.
#[derive(Clone, Copy, Debug)]
pub struct LongLiteral(Block, Block, usize);

/// Makes a [`LongLiteral`] of the first 32 bytes of `text`.
pub const fn long_literal(text: &[u8]) -> LongLiteral {
    let (head, tail) = if text.len() > 16 {
        text.split_at(16)
    } else {
        (text, text.split_at(text.len()).1)
    };
    let (head, tail) = (literal(head), literal(tail));
    LongLiteral(head.0, tail.0, head.1.saturating_add(tail.1))
}

/// Text of at most 96 bytes.
#[derive(Clone, Copy, Debug)]
pub struct WideLiteral([u8; 96], usize);

/// Makes a [`WideLiteral`] of the first 96 bytes of `text`.
pub const fn wide_literal(text: &[u8]) -> WideLiteral {
    let mut bytes = [0; 96];
    let mut rest = text;
    let mut to: &mut [u8] = &mut bytes;
    while let ([byte, text_tail @ ..], [slot, bytes_tail @ ..]) = (rest, to) {
        *slot = *byte;
        (rest, to) = (text_tail, bytes_tail);
    }
    WideLiteral(bytes, if text.len() < 96 { text.len() } else { 96 })
}

/// A buffer that is written to by one event after the other. What is behind its end stays, so that room is filled with zeros
/// only where there was none.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    bytes: Vec<u8>,
    len: usize,
}

impl Kept {
    pub fn clear(&mut self) {
        self.len = 0;
    }

    /// Appends to it. Ends with [`Writer::keep`].
    pub fn writer(&mut self, expected: usize) -> Writer<'_> {
        Writer::over(&mut self.bytes, self.len, expected)
    }

    pub const fn len(&self) -> usize {
        self.len
    }

    pub const fn set_len(&mut self, len: usize) {
        self.len = len;
    }

    /// What was written, and what is behind it and means nothing.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Likewise.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
}

/// Appends to a `Vec`. The bytes from `len` on are scratch; [`Writer::finish`] cuts them off.
///
/// Whole blocks are written into room that is already there, and only the valid bytes are counted.
#[derive(Debug)]
pub struct Writer<'a> {
    /// Where the buffer goes back to.
    home: &'a mut Vec<u8>,
    buffer: Vec<u8>,
    len: usize,
}

#[expect(
    clippy::arithmetic_side_effects,
    reason = "lengths of slices and of a Vec: at most isize::MAX each, so the sum of two does not wrap"
)]
impl<'a> Writer<'a> {
    /// Appends to `buffer`, of which about `expected` more bytes will be needed.
    pub fn new(home: &'a mut Vec<u8>, expected: usize) -> Self {
        let len = home.len();
        Self::over(home, len, expected)
    }

    /// Appends to the first `len` bytes of `home`.
    fn over(home: &'a mut Vec<u8>, len: usize, expected: usize) -> Self {
        let mut buffer = std::mem::take(home);
        let needed = len + expected + SLACK;
        if buffer.len() < needed {
            // No more than is expected: what is filled here is filled again for the next event.
            buffer.resize(needed, 0);
        }
        Self { home, buffer, len }
    }

    /// Hands the buffer of a [`Kept`] back as it is; how many of its bytes were written, which [`Kept::set_len`] must be told.
    pub(crate) fn keep(self) -> usize {
        *self.home = self.buffer;
        self.len
    }

    /// Hands the buffer back. Without this what was written is lost, and what was there before too.
    pub fn finish(mut self) {
        self.buffer.truncate(self.len);
        *self.home = self.buffer;
    }

    /// Length of the buffer, with what was there before.
    #[inline(always)]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether the buffer is empty.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Forgets what was written since the length was `len`.
    #[inline(always)]
    pub fn back_to(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    #[inline(always)]
    fn need(&mut self, bytes: usize) {
        if self.buffer.len() - self.len < bytes + SLACK {
            self.grow(bytes);
        }
    }

    #[cold]
    fn grow(&mut self, bytes: usize) {
        self.buffer
            .resize(self.len + bytes + SLACK + bytes / 4 + 512, 0);
    }

    /// The first `count` bytes of `block`; at most 16.
    #[inline(always)]
    pub fn block(&mut self, block: Block, count: usize) {
        self.need(16);
        if let Some(to) = self
            .buffer
            .get_mut(self.len..)
            .and_then(<[u8]>::first_chunk_mut)
        {
            *to = block;
        }
        self.len += count.min(16);
    }

    /// Where the next bytes go, as much as there is. What is put there counts once [`Writer::advance`] says so.
    #[inline(always)]
    pub(crate) fn room(&mut self) -> &mut [u8] {
        self.buffer.get_mut(self.len..).unwrap_or(&mut [])
    }

    /// [`Writer::room`] for `bytes` more, and a whole block behind each of them.
    #[inline(always)]
    pub(crate) fn room_for(&mut self, bytes: usize) -> &mut [u8] {
        self.need(bytes);
        self.room()
    }

    /// Counts `bytes` that were put into [`Writer::room`].
    #[inline(always)]
    pub(crate) fn advance(&mut self, bytes: usize) {
        self.len = (self.len + bytes).min(self.buffer.len());
    }

    /// At most 16 bytes that were known when this was compiled.
    #[inline(always)]
    pub fn literal(&mut self, text: &Literal) {
        self.block(text.0, text.1);
    }

    /// At most 32 bytes that were known when this was compiled.
    #[inline(always)]
    pub fn long_literal(&mut self, text: &LongLiteral) {
        self.need(32);
        if let Some((head, tail)) = self
            .buffer
            .get_mut(self.len..)
            .and_then(<[u8]>::first_chunk_mut::<32>)
            .and_then(|to| to.split_first_chunk_mut::<16>())
        {
            *head = text.0;
            if let Some(tail) = tail.first_chunk_mut() {
                *tail = text.1;
            }
        }
        self.len += text.2.min(32);
    }

    /// At most 96 bytes that were known when this was compiled.
    #[inline(always)]
    pub fn wide_literal(&mut self, text: &WideLiteral) {
        self.need(96);
        // In two pieces, because a copy of so many at once would be a call of `memcpy`.
        if let Some((head, tail)) = self
            .room()
            .first_chunk_mut::<96>()
            .and_then(|to| to.split_first_chunk_mut::<64>())
            && let Some((text_head, text_tail)) = text.0.split_first_chunk()
        {
            *head = *text_head;
            if let (Some(tail), Some(text_tail)) =
                (tail.first_chunk_mut::<32>(), text_tail.first_chunk())
            {
                *tail = *text_tail;
            }
        }
        self.len += text.1.min(96);
    }

    /// The first `length` bytes of `rest`. With what follows them at hand, short ones need no look at their length.
    #[inline(always)]
    pub fn stretch(&mut self, rest: &[u8], length: usize) {
        let (Some(wide), ..=WIDE) = (rest.first_chunk::<WIDE>(), length) else {
            return self.copy(rest.get(..length).unwrap_or(rest));
        };
        self.need(WIDE);
        if let Some(to) = self.room().first_chunk_mut() {
            *to = *wide;
        }
        self.len += length;
    }

    /// The first `length` bytes of `rest`, and `closing`.
    #[inline(always)]
    pub fn closed_stretch(&mut self, rest: &[u8], length: usize, closing: &Literal) {
        let (Some(wide), ..=WIDE) = (rest.first_chunk::<WIDE>(), length) else {
            self.copy(rest.get(..length).unwrap_or(rest));
            return self.literal(closing);
        };
        self.need(WIDE + 16);
        let Some(room) = self.room().first_chunk_mut::<{ WIDE + 16 }>() else {
            return;
        };
        if let Some(to) = room.first_chunk_mut() {
            *to = *wide;
        }
        put(room, length, closing.0);
        self.len += length + closing.1.min(16);
    }

    /// Any bytes as they are. Up to 256 are written without `memcpy`, which in WebAssembly leaves the compiled code.
    #[inline(never)]
    pub fn copy(&mut self, bytes: &[u8]) {
        self.short(bytes);
    }

    /// Like [`Writer::copy`], for bytes that are usually few, or whose number is known when this is compiled.
    #[inline]
    pub fn short(&mut self, bytes: &[u8]) {
        self.need(bytes.len());
        let end = self.len + bytes.len();
        if let Some(room) = self.buffer.get_mut(self.len..end) {
            copy_to(room, bytes);
            self.len = end;
        }
    }

    /// A literal, the first `length` bytes of `rest`, and a quote: a member whose value is text that needs no escapes.
    #[inline(always)]
    pub fn text_stretch(&mut self, opening: &LongLiteral, rest: &[u8], length: usize) {
        let (Some(wide), ..=WIDE) = (rest.first_chunk::<WIDE>(), length) else {
            self.long_literal(opening);
            self.copy(rest.get(..length).unwrap_or(rest));
            return self.byte(b'"');
        };
        self.need(WIDE + 48);
        let at = opening.2.min(32);
        let Some(room) = self.room().first_chunk_mut::<{ WIDE + 48 }>() else {
            return;
        };
        if let Some(to) = room.first_chunk_mut() {
            *to = opening.0;
        }
        if let Some(to) = room.get_mut(16..32).and_then(<[u8]>::first_chunk_mut) {
            *to = opening.1;
        }
        if let Some(to) = room.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
            *to = *wide;
        }
        if let Some(to) = room.get_mut(at + length) {
            *to = b'"';
        }
        self.len += at + length + 1;
    }

    /// `,"`, the first `length` bytes of `rest`, which need no escapes, and `":"`: the beginning of a member whose value is text.
    #[inline(always)]
    pub fn name_stretch(&mut self, rest: &[u8], length: usize) {
        let (Some(head), ..=32) = (rest.first_chunk::<32>(), length) else {
            self.literal(const { &literal(b",\"") });
            self.copy(rest.get(..length).unwrap_or(rest));
            return self.literal(const { &literal(b"\":\"") });
        };
        self.need(48);
        let Some(room) = self.room().first_chunk_mut::<48>() else {
            return;
        };
        if let Some(to) = room.first_chunk_mut() {
            *to = *b",\"";
        }
        if let Some(to) = room.get_mut(2..34).and_then(<[u8]>::first_chunk_mut) {
            *to = *head;
        }
        let end = 2 + length;
        if let Some(to) = room.get_mut(end..end + 4).and_then(<[u8]>::first_chunk_mut) {
            *to = *b"\":\" ";
        }
        self.len += end + 3;
    }

    /// One byte as it is.
    #[inline(always)]
    pub fn byte(&mut self, byte: u8) {
        self.need(1);
        if let Some(to) = self.buffer.get_mut(self.len) {
            *to = byte;
        }
        self.len += 1;
    }

    /// Changes the byte written at `at`.
    #[inline(always)]
    pub fn patch(&mut self, at: usize, byte: u8) {
        if let Some(to) = self.buffer.get_mut(at) {
            *to = byte;
        }
    }

    /// Inserts `text` before what was written since the length was `at`, replacing `cut` bytes there.
    pub fn replace(&mut self, at: usize, cut: usize, text: &[u8]) {
        let tail = at + cut;
        if tail > self.len {
            return;
        }
        self.need(text.len());
        self.buffer.copy_within(tail..self.len, at + text.len());
        if let Some(to) = self.buffer.get_mut(at..at + text.len()) {
            to.copy_from_slice(text);
        }
        self.len = self.len - cut + text.len();
    }

    /// What was written from `range.start` to `range.end` once more; both count the buffer from its beginning.
    pub fn repeat(&mut self, range: Range<usize>) {
        let Range { start, end } = range;
        let length = end.saturating_sub(start);
        self.need(length);
        let Some((written, room)) = self.buffer.split_at_mut_checked(self.len) else {
            return;
        };
        if let (Some(bytes), Some(room)) = (written.get(start..end), room.get_mut(..length)) {
            copy_to(room, bytes);
            self.len += length;
        }
    }

    /// What is in the buffer from `start` on.
    pub fn written(&self, start: usize) -> &[u8] {
        self.buffer.get(start..self.len).unwrap_or(&[])
    }
}

/// Puts a block at `at`, if there is room for it.
#[inline(always)]
pub(crate) fn put(room: &mut [u8], at: usize, block: Block) {
    if let Some(to) = room.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
        *to = block;
    }
}

/// Copies `bytes` to `room`, which is as long. Up to 256 without `memcpy`: as two pieces that may overlap, because the compiler
/// makes `memcpy` of a loop.
#[inline]
#[expect(
    clippy::arithmetic_side_effects,
    reason = "more than 128 bytes in that case"
)]
fn copy_to(room: &mut [u8], bytes: &[u8]) {
    match bytes.len() {
        257.. => room.copy_from_slice(bytes),
        129.. => {
            let middle = bytes.len() - 128;
            if let (Some(to), Some(from)) = (room.get_mut(..128), bytes.get(..128)) {
                ends::<64>(to, from);
            }
            if let (Some(to), Some(from)) = (room.get_mut(middle..), bytes.get(middle..)) {
                ends::<64>(to, from);
            }
        }
        65.. => ends::<64>(room, bytes),
        33.. => ends::<32>(room, bytes),
        16.. => ends::<16>(room, bytes),
        8.. => ends::<8>(room, bytes),
        4.. => ends::<4>(room, bytes),
        2.. => ends::<2>(room, bytes),
        _ => ends::<1>(room, bytes),
    }
}

/// The first and the last `N` bytes of `from`, in the same places of `to`, if both have so many.
#[inline(always)]
fn ends<const N: usize>(to: &mut [u8], from: &[u8]) {
    if let (Some(to), Some(from)) = (to.first_chunk_mut::<N>(), from.first_chunk()) {
        *to = *from;
    }
    if let (Some(to), Some(from)) = (to.last_chunk_mut::<N>(), from.last_chunk()) {
        *to = *from;
    }
}

#[cfg(test)]
mod tests {
    use super::Writer;

    pub(super) fn written(write: impl FnOnce(&mut Writer<'_>)) -> String {
        let mut out = b"before ".to_vec();
        let mut writer = Writer::new(&mut out, 0);
        write(&mut writer);
        writer.finish();
        String::from_utf8(out)
            .unwrap()
            .strip_prefix("before ")
            .unwrap()
            .to_owned()
    }

    #[test]
    fn bytes_are_copied_whatever_their_number() {
        let text: String = ('!'..='~').cycle().take(600).collect();
        for length in 0..text.len() {
            let part = text.get(..length).unwrap();
            let copied = written(|writer| {
                writer.copy(part.as_bytes());
                writer.byte(b'|');
                let start = "before ".len();
                writer.repeat(start..start + length);
            });
            assert_eq!(copied, format!("{part}|{part}"), "{length}");
        }
        let again = written(|writer| writer.repeat("before".len().."before ".len()));
        assert_eq!(again, " ");
    }

    #[test]
    fn what_was_written_can_be_taken_back_and_mended() {
        let json = written(|writer| {
            writer.copy(b"{\"name\":\"no colon\"");
            writer.replace("before ".len(), 8, b"[\"ra");
            let len = writer.len();
            writer.copy(&[b'x'; 1000]);
            writer.back_to(len);
            writer.byte(b'}');
        });
        assert_eq!(json, "[\"ra\"no colon\"}");
    }
}
