//! Which events are left out: conditions on members of the event as received.

use edgesiem_decode::{Decoder, EventReader, EventView, Facet, Headers};
use edgesiem_model::{EventFacts, Unreadable};

use super::glob::Glob;
use super::json;
use super::tree::{ROOT, Tree};

/// An object that is the event has depth 0, and a valid one no value below 127.
const MAX_DEPTH: u32 = 127;

/// What a value must be.
#[derive(Debug)]
pub(super) enum Test {
    /// One of these texts, sorted.
    OneOf(Vec<Box<[u8]>>),
    /// Text that begins with this.
    Prefix(Box<[u8]>),
    /// Text like this.
    Glob(Glob),
    /// Anything but null.
    Exists,
    /// Missing or null.
    Missing,
}

impl Test {
    fn accepts(&self, text: &[u8]) -> bool {
        match self {
            Self::OneOf(texts) => texts.binary_search_by(|one| (**one).cmp(text)).is_ok(),
            Self::Prefix(prefix) => text.starts_with(prefix),
            Self::Glob(glob) => glob.matches(text),
            Self::Exists | Self::Missing => true,
        }
    }

    const fn is_about_existence(&self) -> bool {
        matches!(self, Self::Exists | Self::Missing)
    }
}

/// Where a condition looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target<'a> {
    /// A member that is not encoded.
    Line(Vec<&'a str>),
    /// A member of `custom`, or itself.
    Custom(Vec<&'a str>),
    /// What every rule has of this.
    Facet(Facet),
    /// The values of a header of the request.
    RequestHeader(&'a str),
    /// The values of a header of the response.
    ResponseHeader(&'a str),
}

/// Conditions that must all hold, by number.
type Alternative = Vec<usize>;

/// Decides which events are left out. Keeps scratch memory between them.
#[derive(Debug, Default)]
pub(super) struct Events {
    /// Whose they are.
    source: crate::Events,
    tests: Vec<Test>,
    line: Tree<Vec<usize>>,
    custom: Option<Tree<Vec<usize>>>,
    facets: Vec<(Facet, usize)>,
    /// Lower-case name, whether it is the response's.
    headers: Vec<(Box<[u8]>, bool, usize)>,
    include: Vec<Alternative>,
    exclude: Vec<Alternative>,
    /// By condition: whether a value was found that its test accepts.
    hits: Vec<bool>,
    pending: Vec<(usize, usize)>,
    scratch: Vec<u8>,
    reader: EventReader,
    decoder: Decoder,
}

impl Events {
    /// For events of that source, without a condition.
    pub fn of(source: crate::Events) -> Self {
        Self {
            source,
            ..Self::default()
        }
    }

    /// Whose events they are.
    pub fn source(&self) -> crate::Events {
        self.source
    }

    /// Adds a condition and gives its number.
    pub fn condition(&mut self, target: &Target<'_>, test: Test) -> usize {
        let number = self.tests.len();
        self.tests.push(test);
        self.hits.push(false);
        match target {
            Target::Line(path) => {
                self.line
                    .at(path)
                    .into_iter()
                    .for_each(|to| to.push(number));
            }
            Target::Custom(path) => {
                let custom = self.custom.get_or_insert_default();
                custom.at(path).into_iter().for_each(|to| to.push(number));
            }
            Target::Facet(facet) => self.facets.push((*facet, number)),
            Target::RequestHeader(name) => {
                self.headers.push((name.as_bytes().into(), false, number))
            }
            Target::ResponseHeader(name) => {
                self.headers.push((name.as_bytes().into(), true, number))
            }
        }
        number
    }

    /// An event that fulfils one of these is wanted; if there is none, all are.
    pub fn include(&mut self, alternative: Alternative) {
        self.include.push(alternative);
    }

    /// An event that fulfils one of these is not wanted.
    pub fn exclude(&mut self, alternative: Alternative) {
        self.exclude.push(alternative);
    }

    /// Whether no event is ever left out.
    pub fn is_empty(&self) -> bool {
        self.include.is_empty() && self.exclude.is_empty()
    }

    /// What is known of the event if it is left out, and `None` if it is to be converted.
    ///
    /// # Errors
    /// [`Unreadable`] if the line is no event. Some such lines are only found out by the conversion.
    pub fn left_out(&mut self, line: &[u8]) -> Result<Option<EventFacts>, Unreadable> {
        self.hits.fill(false);
        let mut facts = None;
        let has_encoded =
            self.custom.is_some() || !self.facets.is_empty() || !self.headers.is_empty();
        if has_encoded {
            let event = self.reader.read(line).map_err(crate::unreadable)?;
            facts = Some(event.facts());
            let mut found = Found {
                tests: &self.tests,
                hits: &mut self.hits,
                pending: &mut self.pending,
                scratch: &mut self.scratch,
            };
            for (facet, number) in &self.facets {
                found.facet(&event, *facet, *number);
            }
            for (name, is_response, number) in &self.headers {
                let headers = if *is_response {
                    event.response_headers()
                } else {
                    event.request_headers()
                };
                found.header(headers, name, *number);
            }
            if let (Some(tree), Some(json)) = (&self.custom, event.custom()) {
                found.walk(json, tree);
            }
        }
        if !self.line.is_empty() {
            let mut found = Found {
                tests: &self.tests,
                hits: &mut self.hits,
                pending: &mut self.pending,
                scratch: &mut self.scratch,
            };
            found.walk(line, &self.line);
        }
        if self.is_wanted() {
            return Ok(None);
        }
        let facts = match (self.source, facts) {
            (crate::Events::AkamaiSiem, Some(facts)) => crate::facts(facts),
            (crate::Events::AkamaiSiem, None) => {
                crate::facts(self.decoder.check(line).map_err(crate::unreadable)?)
            }
            (crate::Events::TrendMicroCas, _) => crate::trend_micro::facts(line)?,
        };
        Ok(Some(EventFacts {
            undecoded: 0,
            filtered: true,
            ..facts
        }))
    }

    fn is_wanted(&self) -> bool {
        let holds = |alternative: &Alternative| {
            alternative.iter().all(|number| {
                let hit = self.hits.get(*number).copied().unwrap_or(false);
                hit != matches!(self.tests.get(*number), Some(Test::Missing))
            })
        };
        (self.include.is_empty() || self.include.iter().any(holds))
            && !self.exclude.iter().any(holds)
    }
}

/// What one event fulfils.
struct Found<'a> {
    tests: &'a [Test],
    hits: &'a mut [bool],
    /// Members of the objects that are being read: what to look for in the value, and where it is.
    pending: &'a mut Vec<(usize, usize)>,
    scratch: &'a mut Vec<u8>,
}

impl Found<'_> {
    fn value(&mut self, number: usize, text: &[u8]) {
        if let (Some(test), Some(hit)) = (self.tests.get(number), self.hits.get_mut(number)) {
            *hit = *hit || test.accepts(text);
        }
    }

    /// Decoded bytes are text as documents have it: U+FFFD where they are not UTF-8.
    fn decoded(&mut self, number: usize, value: edgesiem_decode::Decoded<'_>) {
        if value.is_utf8() {
            return self.value(number, value.bytes());
        }
        let mut scratch = std::mem::take(self.scratch);
        scratch.clear();
        for chunk in value.bytes().utf8_chunks() {
            scratch.extend_from_slice(chunk.valid().as_bytes());
            if !chunk.invalid().is_empty() {
                scratch.extend_from_slice("\u{fffd}".as_bytes());
            }
        }
        self.value(number, &scratch);
        *self.scratch = scratch;
    }

    fn facet(&mut self, event: &EventView<'_>, facet: Facet, number: usize) {
        for item in event.rules().iter().filter_map(|rule| rule.get(facet)) {
            self.decoded(number, item);
        }
        if let Some(untouched) = event.untouched(facet.member()) {
            self.value(number, &untouched.text());
        }
    }

    fn header(&mut self, headers: Headers<'_>, name: &[u8], number: usize) {
        for header in headers.iter() {
            if header
                .name
                .is_some_and(|found| found.bytes().eq_ignore_ascii_case(name))
            {
                self.decoded(number, header.value);
            }
        }
    }

    fn walk(&mut self, text: &[u8], tree: &Tree<Vec<usize>>) {
        self.pending.clear();
        let start = json::white(text, 0);
        // `None`: the text is no event, which those who validate it will say.
        let _ = Walk {
            found: self,
            text,
            tree,
        }
        .value(ROOT, start, 0);
    }
}

struct Walk<'a, 'f> {
    found: &'a mut Found<'f>,
    text: &'a [u8],
    tree: &'a Tree<Vec<usize>>,
}

impl<'a> Walk<'a, '_> {
    fn numbers(&self, node: usize) -> &'a [usize] {
        self.tree.leaf(node).map_or(&[], Vec::as_slice)
    }

    /// Looks at the value at `at`, and gives its end.
    fn value(&mut self, node: usize, at: usize, depth: u32) -> Option<usize> {
        if depth > MAX_DEPTH {
            return None;
        }
        match self.text.get(at)? {
            b'{' => {
                self.exists(node);
                if self.tree.has_children(node) {
                    self.object(node, at, depth)
                } else {
                    json::value(self.text, at)
                }
            }
            b'[' => {
                self.exists(node);
                self.array(node, at, depth)
            }
            b'"' => {
                let end = json::string(self.text, at)?;
                let source = json::inside(self.text, at, end)?;
                if let [first, rest @ ..] = self.numbers(node) {
                    let mut scratch = std::mem::take(self.found.scratch);
                    let text = json::unescaped(source, &mut scratch);
                    self.found.value(*first, text);
                    for number in rest {
                        self.found.value(*number, text);
                    }
                    *self.found.scratch = scratch;
                }
                Some(end)
            }
            // null is like nothing.
            b'n' => json::value(self.text, at),
            _ => {
                let end = json::value(self.text, at)?;
                let source = self.text.get(at..end)?;
                for number in self.numbers(node) {
                    self.found.value(*number, source);
                }
                Some(end)
            }
        }
    }

    /// An array or an object is there.
    fn exists(&mut self, node: usize) {
        for number in self.numbers(node) {
            if self
                .found
                .tests
                .get(*number)
                .is_some_and(Test::is_about_existence)
            {
                self.found.value(*number, &[]);
            }
        }
    }

    fn array(&mut self, node: usize, at: usize, depth: u32) -> Option<usize> {
        let mut at = json::white(self.text, at.checked_add(1)?);
        if self.text.get(at) == Some(&b']') {
            return at.checked_add(1);
        }
        loop {
            at = self.value(node, at, depth.saturating_add(1))?;
            at = json::white(self.text, at);
            match self.text.get(at)? {
                b',' => at = json::white(self.text, at.checked_add(1)?),
                b']' => return at.checked_add(1),
                _ => return None,
            }
        }
    }

    /// Of members of the same name the last one counts, as everywhere, and which that is shows only at the end.
    fn object(&mut self, node: usize, at: usize, depth: u32) -> Option<usize> {
        let first = self.found.pending.len();
        let mut at = json::white(self.text, at.checked_add(1)?);
        if self.text.get(at) == Some(&b'}') {
            return at.checked_add(1);
        }
        let end = loop {
            let (name, value) = json::name(self.text, at)?;
            let name = json::unescaped(self.text.get(name)?, self.found.scratch);
            if let Some(child) = self.tree.child(node, name, |_| false) {
                let mut begun = self.found.pending.iter_mut().skip(first);
                match begun.find(|(same, _)| *same == child) {
                    Some((_, at)) => *at = value,
                    None => self.found.pending.push((child, value)),
                }
            }
            at = json::white(self.text, json::value(self.text, value)?);
            match self.text.get(at)? {
                b',' => at = json::white(self.text, at.checked_add(1)?),
                b'}' => break at.checked_add(1)?,
                _ => return None,
            }
        };
        while self.found.pending.len() > first {
            let (child, at) = self.found.pending.pop()?;
            self.value(child, at, depth.saturating_add(1))?;
        }
        Some(end)
    }
}
