//! Text that others wrote, made safe to show.

/// `text` as it may appear in a log line, a terminal or an error: control characters (C0, DEL, C1),
/// line separators and bidirectional overrides are written as `\u{…}`, and at most `max_chars`
/// characters of it are shown, followed by `…` if there were more.
///
/// Attackers write the events and can influence what servers answer; a terminal escape sequence or a
/// forged log line must not survive being reported.
pub fn printable(text: &str, max_chars: usize) -> String {
    let mut out = String::with_capacity(text.len().min(max_chars));
    for (count, character) in text.chars().enumerate() {
        if count >= max_chars {
            out.push('…');
            break;
        }
        if is_unsafe(character) {
            out.extend(character.escape_unicode());
        } else {
            out.push(character);
        }
    }
    out
}

fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character,
            // Bidirectional controls (CVE-2021-42574), line and paragraph separators, BOM, tags.
            '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}'
            | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn what_could_drive_a_terminal_is_escaped_and_length_is_bounded() {
        assert_eq!(
            printable("\u{1b}[31mred\r\n", 100),
            "\\u{1b}[31mred\\u{d}\\u{a}"
        );
        assert_eq!(printable("a\u{202e}b", 100), "a\\u{202e}b");
        assert_eq!(printable("naïve 日本", 100), "naïve 日本");
        assert_eq!(printable("abcdef", 3), "abc…");
        assert_eq!(printable("abc", 3), "abc");
    }
}
