//! Attributes of our own in a log record that is JSON already. The rest of it stays byte for byte as the schema wrote it.

/// Where attributes can be put in, and what must come before and after them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Splice {
    /// Byte of the document before which they go.
    pub(super) at: usize,
    pub(super) before: &'static str,
    pub(super) after: &'static str,
}

/// Finds the place in `document`, which is valid JSON; `None` if it is no object.
pub(super) fn splice(document: &[u8]) -> Option<Splice> {
    let mut scan = Scan::default();
    let mut bytes = document.iter().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => {
                let end = string_end(&mut bytes)?;
                scan.text = document.get(at.checked_add(1)?..end)?;
                scan.members = true;
            }
            b':' if scan.depth == 1 => scan.in_attributes = scan.text == b"attributes",
            b',' if scan.depth == 1 => scan.in_attributes = false,
            b'{' | b'[' => scan.open(at, *byte)?,
            b'}' | b']' => {
                if let Some(found) = scan.close(document, at)? {
                    return Some(found);
                }
            }
            _ if scan.depth == 0 && !byte.is_ascii_whitespace() => return None,
            _ => {}
        }
    }
    None
}

#[derive(Default)]
struct Scan<'a> {
    depth: usize,
    /// The last text that was read.
    text: &'a [u8],
    /// Whether the record has a member.
    members: bool,
    /// Whether the member `attributes` of the record is being read.
    in_attributes: bool,
    /// Where its list began.
    list: Option<usize>,
}

impl Scan<'_> {
    fn open(&mut self, at: usize, byte: u8) -> Option<()> {
        if self.depth == 0 && byte != b'{' {
            return None;
        }
        if self.depth == 1 && self.in_attributes && byte == b'[' {
            self.list = Some(at);
        }
        self.depth = self.depth.saturating_add(1);
        Some(())
    }

    fn close(&mut self, document: &[u8], at: usize) -> Option<Option<Splice>> {
        self.depth = self.depth.checked_sub(1)?;
        let splice = match (self.depth, self.list) {
            (1, Some(start)) => {
                let items = document.get(start.checked_add(1)?..at)?;
                Splice {
                    at,
                    before: if items.trim_ascii().is_empty() {
                        ""
                    } else {
                        ","
                    },
                    after: "",
                }
            }
            (0, _) => Splice {
                at,
                before: if self.members {
                    ",\"attributes\":["
                } else {
                    "\"attributes\":["
                },
                after: "]",
            },
            _ => return Some(None),
        };
        Some(Some(splice))
    }
}

/// Where the string ends whose first quote was read.
fn string_end<'a>(bytes: &mut impl Iterator<Item = (usize, &'a u8)>) -> Option<usize> {
    loop {
        match bytes.next()? {
            (end, b'"') => return Some(end),
            (_, b'\\') => {
                bytes.next()?;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::splice;

    #[test]
    fn attributes_are_put_in_without_touching_the_rest() {
        for (document, expected) in [
            (r#"{}"#, Some(r#"{"attributes":[X]}"#)),
            (" { }\n", Some(" { \"attributes\":[X]}\n")),
            (r#"{"a":1}"#, Some(r#"{"a":1,"attributes":[X]}"#)),
            (r#"{"attributes":[]}"#, Some(r#"{"attributes":[X]}"#)),
            (
                r#"{"attributes": [ ] ,"b":[]}"#,
                Some(r#"{"attributes": [ X] ,"b":[]}"#),
            ),
            (
                r#"{"b":{"attributes":[1]},"attributes":[{"key":"a]\"}","value":{"arrayValue":{"values":[]}}}],"c":2}"#,
                Some(
                    r#"{"b":{"attributes":[1]},"attributes":[{"key":"a]\"}","value":{"arrayValue":{"values":[]}}},X],"c":2}"#,
                ),
            ),
            (
                r#"{"b":"attributes","c":[]}"#,
                Some(r#"{"b":"attributes","c":[],"attributes":[X]}"#),
            ),
            ("[]", None),
            ("\"a\"", None),
            ("1", None),
            ("", None),
            ("{", None),
            ("{\"a", None),
            ("}", None),
        ] {
            let made = splice(document.as_bytes()).map(|found| {
                let (head, tail) = document.split_at(found.at);
                format!("{head}{}X{}{tail}", found.before, found.after)
            });
            assert_eq!(made.as_deref(), expected, "{document}");
        }
    }
}
