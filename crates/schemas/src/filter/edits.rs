//! Members taken out of documents, and long texts cut short, in place: an edit only ever removes bytes.

use edgesiem_model::DocumentForm;

use super::json;
use super::tree::{ROOT, Tree};

/// Arrays and objects of a document inside of each other, at most. In a valid event there are 127, each of which is five in
/// a log record. What is deeper is left as it is.
const MAX_DEPTH: u32 = 1000;

/// What becomes of a member.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Edit {
    pub drop: bool,
    /// Most bytes of a text.
    pub max_bytes: Option<usize>,
}

/// The edits of one stream.
#[derive(Debug, Default)]
pub(super) struct Edits {
    pub tree: Tree<Edit>,
    scratch: Vec<u8>,
}

impl Edits {
    /// Edits the documents that `out` has from `start` on, and corrects their `ends`.
    pub fn apply(
        &mut self,
        form: DocumentForm,
        out: &mut Vec<u8>,
        start: usize,
        ends: &mut [usize],
    ) {
        let mut editor = Editor {
            tree: &self.tree,
            scratch: &mut self.scratch,
            end: out.len(),
            text: out,
            kept: start,
            written: start,
        };
        let shape = match form {
            DocumentForm::OtlpLogRecord => Shape::Record,
            DocumentForm::Json | DocumentForm::Text => Shape::Object,
        };
        let mut at = start;
        for end in ends {
            editor.end = *end;
            // `None` would mean that the schema wrote no JSON: the rest of it stays as it is.
            let _ = editor.list(shape, ROOT, json::white(editor.text(), at), 0);
            at = *end;
            *end = editor.place(*end);
        }
        editor.end = editor.text.len();
        let end = editor.end;
        editor.cut(end, end);
        let written = editor.written;
        out.truncate(written);
    }
}

/// What is being read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// An object of JSON.
    Object,
    /// An array of JSON.
    Array,
    /// An OTLP `LogRecord`: what is edited are its attributes, by key, and its body.
    Record,
    /// An OTLP array of `KeyValue`.
    KeyValues,
    /// An OTLP `AnyValue`.
    AnyValue,
    /// An OTLP array of `AnyValue`.
    AnyValues,
    /// An object with an array `values` of [`Shape::KeyValues`].
    KeyValueList,
    /// An object with an array `values` of [`Shape::AnyValues`].
    ArrayValue,
}

impl Shape {
    const fn brackets(self) -> (u8, u8) {
        match self {
            Self::Array | Self::KeyValues | Self::AnyValues => (b'[', b']'),
            Self::Object
            | Self::Record
            | Self::AnyValue
            | Self::KeyValueList
            | Self::ArrayValue => (b'{', b'}'),
        }
    }
}

/// An item of an object or an array.
struct Item {
    end: usize,
    drop: bool,
}

impl Item {
    const fn kept(end: usize) -> Self {
        Self { end, drop: false }
    }
}

struct Editor<'a> {
    tree: &'a Tree<Edit>,
    scratch: &'a mut Vec<u8>,
    text: &'a mut Vec<u8>,
    /// Of the document.
    end: usize,
    /// Up to here the text is either moved or cut.
    kept: usize,
    /// Where what comes next is moved to. Never behind `kept`, so that nothing is overwritten before it was read.
    written: usize,
}

impl Editor<'_> {
    fn text(&self) -> &[u8] {
        self.text.get(..self.end).unwrap_or(&[])
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text().get(at).copied()
    }

    /// Where what is at `at` will be.
    const fn place(&self, at: usize) -> usize {
        self.written.saturating_add(at.saturating_sub(self.kept))
    }

    /// Takes out what is between the two.
    fn cut(&mut self, from: usize, to: usize) {
        if from < self.kept || to < from || to > self.text.len() {
            return;
        }
        if self.written < self.kept {
            self.text.copy_within(self.kept..from, self.written);
        }
        self.written = self.place(from);
        self.kept = to;
    }

    /// Edits the object or the array at `at`, and gives its end.
    fn list(&mut self, shape: Shape, node: usize, at: usize, depth: u32) -> Option<usize> {
        let (open, close) = shape.brackets();
        if depth > MAX_DEPTH || self.byte(at)? != open {
            return None;
        }
        let mut start = json::white(self.text(), at.checked_add(1)?);
        if self.byte(start)? == close {
            return start.checked_add(1);
        }
        let mut before = start;
        let mut any_kept = false;
        loop {
            let item = self.item(shape, node, start, depth.saturating_add(1))?;
            let next = json::white(self.text(), item.end);
            let is_last = match self.byte(next)? {
                b',' => false,
                byte if byte == close => true,
                _ => return None,
            };
            let behind = next.checked_add(1)?;
            let following = json::white(self.text(), behind);
            match (item.drop, any_kept) {
                // With the comma before it.
                (true, true) => self.cut(before, item.end),
                // With the comma behind it, if there is one.
                (true, false) if is_last => self.cut(start, item.end),
                (true, false) => self.cut(start, following),
                (false, _) => any_kept = true,
            }
            if is_last {
                return Some(behind);
            }
            before = item.end;
            start = following;
        }
    }

    fn item(&mut self, shape: Shape, node: usize, at: usize, depth: u32) -> Option<Item> {
        match shape {
            Shape::Array => self.value(node, at, depth).map(Item::kept),
            Shape::AnyValues => self.list(Shape::AnyValue, node, at, depth).map(Item::kept),
            Shape::KeyValues => self.key_value(node, at, depth),
            Shape::Object => {
                let (name, value) = json::name(self.text(), at)?;
                match self.child(node, name) {
                    Some((_, true)) => self.dropped(value),
                    Some((child, false)) => self.value(child, value, depth).map(Item::kept),
                    None => json::value(self.text(), value).map(Item::kept),
                }
            }
            Shape::Record => self.record_member(node, at, depth),
            Shape::AnyValue | Shape::KeyValueList | Shape::ArrayValue => {
                let (name, value) = json::name(self.text(), at)?;
                let inner = match (shape, self.text().get(name)?) {
                    (Shape::AnyValue, b"stringValue") => {
                        return self.string(node, value).map(Item::kept);
                    }
                    (Shape::AnyValue, b"kvlistValue") => Shape::KeyValueList,
                    (Shape::AnyValue, b"arrayValue") => Shape::ArrayValue,
                    (Shape::KeyValueList, b"values") => Shape::KeyValues,
                    (Shape::ArrayValue, b"values") => Shape::AnyValues,
                    _ => return json::value(self.text(), value).map(Item::kept),
                };
                self.list(inner, node, value, depth).map(Item::kept)
            }
        }
    }

    fn record_member(&mut self, node: usize, at: usize, depth: u32) -> Option<Item> {
        let (name, value) = json::name(self.text(), at)?;
        match self.text().get(name.clone())? {
            b"attributes" => self
                .list(Shape::KeyValues, node, value, depth)
                .map(Item::kept),
            b"body" => match self.child(node, name) {
                Some((_, true)) => self.dropped(value),
                Some((child, false)) => self
                    .list(Shape::AnyValue, child, value, depth)
                    .map(Item::kept),
                None => json::value(self.text(), value).map(Item::kept),
            },
            _ => json::value(self.text(), value).map(Item::kept),
        }
    }

    /// `{"key":"…","value":{…}}`; any other is left as it is.
    fn key_value(&mut self, node: usize, at: usize, depth: u32) -> Option<Item> {
        let Some((child, value)) = self.key_and_value(node, at) else {
            return json::value(self.text(), at).map(Item::kept);
        };
        if child.1 {
            return self.dropped(at);
        }
        let end = self.list(Shape::AnyValue, child.0, value, depth)?;
        let end = json::white(self.text(), end);
        if self.byte(end)? == b'}' {
            end.checked_add(1).map(Item::kept)
        } else {
            None
        }
    }

    /// What is to be done with the attribute at `at`, and where its value is.
    fn key_and_value(&mut self, node: usize, at: usize) -> Option<((usize, bool), usize)> {
        let text = self.text();
        let (name, key) = json::name(text, json::white(text, at.checked_add(1)?))?;
        if text.get(name)? != b"key" || text.get(key) != Some(&b'"') {
            return None;
        }
        let end = json::string(text, key)?;
        let comma = json::white(text, end);
        let (name, value) = json::name(text, json::white(text, comma.checked_add(1)?))?;
        if text.get(comma) != Some(&b',') || text.get(name)? != b"value" {
            return None;
        }
        let child = self.child(node, key.checked_add(1)?..end.checked_sub(1)?)?;
        Some((child, value))
    }

    /// The value at `at` is dropped.
    fn dropped(&self, at: usize) -> Option<Item> {
        let end = json::value(self.text(), at)?;
        Some(Item { end, drop: true })
    }

    /// The node of the member whose name is in `name`, and whether the member is dropped.
    fn child(&mut self, node: usize, name: std::ops::Range<usize>) -> Option<(usize, bool)> {
        let source = self.text.get(name)?;
        let name = json::unescaped(source, self.scratch);
        let child = self.tree.child(node, name, |edit| edit.drop)?;
        Some((child, self.tree.leaf(child)?.drop))
    }

    fn value(&mut self, node: usize, at: usize, depth: u32) -> Option<usize> {
        match self.byte(at)? {
            b'{' if self.tree.has_children(node) => self.list(Shape::Object, node, at, depth),
            b'[' => self.list(Shape::Array, node, at, depth),
            b'"' => self.string(node, at),
            _ => json::value(self.text(), at),
        }
    }

    fn string(&mut self, node: usize, at: usize) -> Option<usize> {
        let end = json::string(self.text(), at)?;
        if let Some(most) = self.tree.leaf(node)?.max_bytes {
            let source = json::inside(self.text(), at, end)?;
            if let Some(length) = json::cut(source, most) {
                let from = at.saturating_add(1).saturating_add(length);
                self.cut(from, end.saturating_sub(1));
            }
        }
        Some(end)
    }
}
