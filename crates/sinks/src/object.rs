//! A batch as an object of a bucket: its key and its bytes.
//!
//! Both depend on the events and the configuration only, so that a repeated delivery is the same object. The key is
//! `PREFIX` `TIME-BATCH` `.ndjson`, such as `akamai/2017/04/04/20170404T105702Z-9f….ndjson.gz`: the time of the first event
//! that has one (1970-01-01 if none has), the batch's key, and the replay's name if it is one.

use edgesiem_model::{BatchView, Check, DocumentForm, Header, Timestamp, plain};

use crate::ndjson;
use crate::wire::gzip;

/// Where objects go unless the configuration says otherwise.
pub(crate) const DEFAULT_PREFIX: &str = "edgesiem/%Y/%m/%d/";

/// Longest prefix, before its placeholders are filled in. A key may have 1024 bytes.
const MAX_PREFIX_BYTES: usize = 512;

/// The beginning of every key.
#[derive(Clone, Debug)]
pub(crate) struct Prefix(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Year,
    Month,
    Day,
    Hour,
}

impl Prefix {
    /// The prefix under the key `prefix`, or the default.
    pub(crate) fn checked(prefix: Option<&String>, check: &mut Check<'_>) -> Option<Self> {
        let prefix = prefix.map_or(DEFAULT_PREFIX, String::as_str);
        match Self::parse(prefix) {
            Ok(prefix) => Some(prefix),
            Err(reason) => {
                check.problem(
                    "prefix",
                    reason,
                    "use letters, digits and -_.=,:@+ between single slashes, and %Y, %m, %d and %H, such as \
                     akamai/year=%Y/month=%m/day=%d/",
                );
                None
            }
        }
    }

    fn parse(text: &str) -> Result<Self, &'static str> {
        if text.len() > MAX_PREFIX_BYTES {
            return Err("the prefix has more than 512 bytes");
        }
        // URLs take such segments for steps up and down, and some clients lose the others.
        let folders = text.strip_suffix('/').unwrap_or(text);
        if !text.is_empty()
            && folders
                .split('/')
                .any(|part| matches!(part, "" | "." | ".."))
        {
            return Err(
                "a part between the slashes of the prefix is empty, or has nothing but dots",
            );
        }
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            let piece = match character {
                '%' => match characters.next() {
                    Some('Y') => Piece::Year,
                    Some('m') => Piece::Month,
                    Some('d') => Piece::Day,
                    Some('H') => Piece::Hour,
                    _ => return Err("the prefix has a placeholder that does not exist"),
                },
                'A'..='Z'
                | 'a'..='z'
                | '0'..='9'
                | '/'
                | '-'
                | '_'
                | '.'
                | '='
                | ','
                | ':'
                | '@'
                | '+' => {
                    plain.push(character);
                    continue;
                }
                _ => return Err("the prefix has a character that not every tool takes in a key"),
            };
            if !plain.is_empty() {
                pieces.push(Piece::Text(std::mem::take(&mut plain)));
            }
            pieces.push(piece);
        }
        if !plain.is_empty() {
            pieces.push(Piece::Text(plain));
        }
        Ok(Self(pieces))
    }
}

/// A batch, ready to be stored.
pub(crate) struct Object {
    /// Its key, without a slash in front.
    pub(crate) key: String,
    /// Content type, encoding and metadata.
    pub(crate) headers: Vec<Header>,
    /// Its bytes, compressed if it says so.
    pub(crate) body: Vec<u8>,
}

/// `batch` as an object.
pub(crate) fn object(prefix: &Prefix, batch: &BatchView<'_>, compressed: bool) -> Object {
    let lines = batch.len().saturating_mul(ndjson::LINE_FEED_BYTES);
    let mut body = Vec::with_capacity(batch.document_bytes().saturating_add(lines));
    for event in batch.events() {
        ndjson::push_line(&mut body, event.document);
    }
    let (extension, content_type) = match batch.form() {
        DocumentForm::Json | DocumentForm::OtlpLogRecord => ("ndjson", "application/x-ndjson"),
        DocumentForm::Text => ("log", "text/plain; charset=utf-8"),
    };
    let mut headers = vec![plain("content-type", content_type)];
    let mut key = key(prefix, batch);
    key.push('.');
    key.push_str(extension);
    if compressed {
        // Both, as the providers' own logs have it: tools go by one or the other.
        headers.push(plain("content-encoding", "gzip"));
        key.push_str(".gz");
        body = gzip(&body);
    }
    if let Some(replay) = batch.replay() {
        headers.push(plain("x-amz-meta-edgesiem-replay", replay));
    }
    Object { key, headers, body }
}

/// The key, without its extension.
fn key(prefix: &Prefix, batch: &BatchView<'_>) -> String {
    let time = batch.events().find_map(|event| event.time);
    let time = time.unwrap_or(Timestamp::default()).to_rfc3339();
    let mut parts = time.split(['-', 'T', ':', '.', 'Z']);
    let [year, month, day, hour, minute, second] =
        std::array::from_fn(|_| parts.next().unwrap_or_default());
    let mut key = String::new();
    for piece in &prefix.0 {
        key.push_str(match piece {
            Piece::Text(text) => text,
            Piece::Year => year,
            Piece::Month => month,
            Piece::Day => day,
            Piece::Hour => hour,
        });
    }
    key.push_str(&format!(
        "{year}{month}{day}T{hour}{minute}{second}Z-{}",
        batch.key()
    ));
    if let Some(replay) = batch.replay() {
        key.push('-');
        key.push_str(replay);
    }
    key
}

#[cfg(test)]
mod tests {
    use super::{Piece, Prefix};

    #[test]
    fn a_prefix_has_placeholders_and_only_what_every_tool_takes() {
        for (text, pieces) in [
            ("", Some(0)),
            ("a/", Some(1)),
            ("a", Some(1)),
            ("%Y/%m/%d/%H/", Some(8)),
            ("waf/year=%Y/", Some(3)),
            ("/a/", None),
            ("a//b/", None),
            ("a/./b", None),
            ("..", None),
            ("/", None),
            ("%y/", None),
            ("100%", None),
            ("a b/", None),
            ("é/", None),
            ("a%2Fb/", None),
        ] {
            let parsed = Prefix::parse(text).ok().map(|prefix| prefix.0.len());
            assert_eq!(parsed, pieces, "{text}");
        }
        assert!(Prefix::parse(&"a".repeat(513)).is_err());
        assert_eq!(
            Prefix::parse("a%Y").unwrap().0,
            [Piece::Text("a".to_owned()), Piece::Year]
        );
    }
}
