//! Reads a page: events, then the context line that says where the next one begins.

use edgesiem_decode::{Item, MultiJsonReader};
use edgesiem_model::{Incomplete, Limits, Line, PageEnd, PageReader, PageRequest};

use super::cursor::Position;

/// Longest offset that is believed. Real ones have some 130 characters; a URL has to carry it.
const MAX_OFFSET_BYTES: usize = 4096;

pub(super) struct Reader {
    lines: MultiJsonReader,
    limit: u64,
    /// The offset that this page was asked with.
    asked: Option<String>,
}

impl Reader {
    pub(super) fn new(page: &PageRequest<'_>, limits: &Limits) -> Self {
        let asked = match Position::read(page.cursor) {
            Ok(Position::Offset(offset)) => Some(offset),
            _ => None,
        };
        Self {
            lines: MultiJsonReader::new(limits.max_event_bytes),
            limit: page.limit.into(),
            asked,
        }
    }
}

fn line(item: Item<'_>) -> Line<'_> {
    match item {
        Item::Event(event) => Line::Event(event),
        Item::Oversize { part, index, last } => Line::Oversize { part, index, last },
    }
}

impl PageReader for Reader {
    fn push(&mut self, chunk: &[u8], lines: &mut dyn FnMut(Line<'_>)) {
        self.lines.push(chunk, &mut |item| lines(line(item)));
    }

    fn finish(&mut self, lines: &mut dyn FnMut(Line<'_>)) -> Result<PageEnd, Incomplete> {
        let context = self
            .lines
            .finish(&mut |item| lines(line(item)))
            .map_err(|truncated| Incomplete(truncated.to_string()))?;
        if context.offset.len() > MAX_OFFSET_BYTES {
            return Err(Incomplete(format!(
                "the context line's offset has {} bytes, more than a URL should carry",
                context.offset.len()
            )));
        }
        let full =
            context.limit.is_some() || context.total.is_some_and(|total| total >= self.limit);
        // A server that answers with the offset it was asked for has nothing new, whatever it counts.
        let moved = self.asked.as_ref() != Some(&context.offset);
        Ok(PageEnd {
            next: Position::Offset(context.offset).to_cursor(),
            // Nothing was counted, so there is nothing more, whatever limit the server names.
            more: full && moved && context.total != Some(0),
        })
    }
}
