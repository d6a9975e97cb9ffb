//! Text of an `.edgerc` file. No specification of it exists; this reads what any of Akamai's clients reads,
//! as far as they do not contradict each other.

use crate::Credentials;
use crate::credentials::{Fields, invalid_value};
use crate::environment::{MAX_BODY_FORM, parse_max_body};
use crate::error::{CredentialsError, CredentialsErrorKind, Origin, shown};

/// Reads the credentials in `section` of the text of an `.edgerc` file.
///
/// - A line is empty, a comment (`#` or `;`), `[section]`, or `key = value` or `key: value`, separated at
///   the first `=` or `:` because secrets end in `=`.
/// - Keys may be written with `-` or `_` and in any case: `host`, `client_token`, `client_secret`,
///   `access_token`, `max_body` (also `max_size`), `headers_to_sign` (also `headers`; `None` for none),
///   `account_key`. Other keys are ignored. The last of several wins, also over repeated sections.
/// - A value may be in `"…"` or `'…'`, with `\` before a quote or a backslash inside; otherwise it ends
///   before white space that is followed by `#` or `;`.
///
/// # Errors
/// [`CredentialsError`] if a section heading cannot be read (what follows it could belong to any section),
/// the section does not exist, lacks keys or has a line or value that cannot be read. Lines of other
/// sections are not judged.
pub fn parse_edgerc(text: &str, section: &str) -> Result<Credentials, CredentialsError> {
    let mut found = Found::default();
    let mut sections: Vec<&str> = Vec::new();
    let mut inside = false;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if let Some(heading) = line.strip_prefix('[') {
            let name = section_name(heading).ok_or_else(|| {
                syntax(
                    number,
                    "starts a section, but is not of the form [name]",
                    "close the section's name with ] and put nothing but a comment behind it",
                )
            })?;
            inside = name == section;
            if sections.len() < MAX_SHOWN_SECTIONS && !sections.contains(&name) {
                sections.push(name);
            }
            found.exists |= inside;
        } else if inside {
            found.take(number, line)?;
        }
    }
    if !found.exists {
        return Err(no_section(section, &sections));
    }
    found.credentials(section)
}

/// How many sections an error lists.
const MAX_SHOWN_SECTIONS: usize = 20;

/// The name in `name] ; comment`.
fn section_name(heading: &str) -> Option<&str> {
    let (name, rest) = heading.split_once(']')?;
    let rest = rest.trim_start();
    (rest.is_empty() || rest.starts_with(['#', ';'])).then(|| name.trim())
}

/// Values of one section.
#[derive(Default)]
struct Found {
    exists: bool,
    host: String,
    client_token: String,
    client_secret: String,
    access_token: String,
    max_body: Option<(usize, String)>,
    headers_to_sign: String,
    account_key: Option<String>,
}

impl Found {
    fn take(&mut self, number: usize, line: &str) -> Result<(), CredentialsError> {
        let Some((key, rest)) = line.split_once(['=', ':']) else {
            return Err(syntax(
                number,
                "is not of the form key = value",
                "write key = value, or start the line with # if it is a comment",
            ));
        };
        let value = value(rest).ok_or_else(|| {
            syntax(
                number,
                "has a quote that is not closed, or text behind the closing quote",
                "put the value between two quotes of the same kind, or use none",
            )
        })?;
        match key.trim().to_ascii_lowercase().replace('-', "_").as_str() {
            "host" => self.host = value,
            "client_token" => self.client_token = value,
            "client_secret" => self.client_secret = value,
            "access_token" => self.access_token = value,
            "max_body" | "max_size" => self.max_body = Some((number, value)),
            "headers_to_sign" | "headers" => self.headers_to_sign = value,
            "account_key" => self.account_key = Some(value),
            _ => {}
        }
        Ok(())
    }

    fn credentials(&self, section: &str) -> Result<Credentials, CredentialsError> {
        let origin = Origin::Section(section);
        let max_body = self.max_body.as_ref().map(|(line, text)| {
            parse_max_body(text)
                .ok_or_else(|| invalid_value(&origin, "max_body", MAX_BODY_FORM, Some(*line)))
        });
        // Python's client writes an absent list as the word None.
        let headers: Vec<_> = self
            .headers_to_sign
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty() && !name.eq_ignore_ascii_case("none"))
            .collect();
        let fields = Fields {
            host: &self.host,
            client_token: &self.client_token,
            client_secret: &self.client_secret,
            access_token: &self.access_token,
            max_body: max_body.transpose()?,
            headers_to_sign: &headers,
            account_key: self.account_key.as_deref(),
        };
        Credentials::check(&fields, &origin)
    }
}

/// The value in what follows a separator; `None` if its quotes are wrong.
fn value(rest: &str) -> Option<String> {
    let trimmed = rest.trim();
    match trimmed.chars().next() {
        Some(quote @ ('"' | '\'')) => quoted(trimmed, quote),
        _ => Some(unquoted(rest).trim().to_owned()),
    }
}

fn unquoted(rest: &str) -> &str {
    let mut after_space = false;
    for (at, character) in rest.char_indices() {
        if after_space && matches!(character, '#' | ';') {
            return rest.get(..at).unwrap_or(rest);
        }
        after_space = character.is_whitespace();
    }
    rest
}

fn quoted(text: &str, quote: char) -> Option<String> {
    let mut value = String::new();
    let mut characters = text.chars().skip(1).peekable();
    loop {
        match characters.next()? {
            '\\' => match characters.next_if(|next| matches!(next, '"' | '\'' | '\\')) {
                Some(escaped) => value.push(escaped),
                None => value.push('\\'),
            },
            end if end == quote => break,
            other => value.push(other),
        }
    }
    let behind = characters.find(|character| !character.is_whitespace());
    behind
        .is_none_or(|character| matches!(character, '#' | ';'))
        .then_some(value)
}

fn syntax(line: usize, what: &str, user_action: &str) -> CredentialsError {
    CredentialsError::new(
        CredentialsErrorKind::Syntax,
        Some(line),
        format!("line {line} of the .edgerc {what}"),
        user_action.to_owned(),
    )
}

fn no_section(wanted: &str, sections: &[&str]) -> CredentialsError {
    let wanted = shown(wanted);
    let known: Vec<_> = sections
        .iter()
        .map(|name| format!("[{}]", shown(name)))
        .collect();
    let (known, user_action) = if known.is_empty() {
        (
            "it has no section at all".to_owned(),
            format!("write [{wanted}] above the credentials"),
        )
    } else {
        let more = if known.len() == MAX_SHOWN_SECTIONS {
            " and maybe more"
        } else {
            ""
        };
        (
            format!("it has {}{more}", known.join(", ")),
            "name one of the sections that exist".to_owned(),
        )
    };
    CredentialsError::new(
        CredentialsErrorKind::NoSection,
        None,
        format!("the .edgerc has no section [{wanted}]; {known}"),
        user_action,
    )
}

#[cfg(test)]
mod tests {
    use super::value;

    #[test]
    fn a_value_ends_where_a_comment_starts_and_quotes_protect_it() {
        for (rest, expected) in [
            (" abc= ", Some("abc=")),
            ("", Some("")),
            (" a;b#c ; comment", Some("a;b#c")),
            (" a # comment", Some("a")),
            (" # comment", Some("")),
            ("#value", Some("#value")),
            (" \"a ; b\" ; comment", Some("a ; b")),
            (" 'a \"#\" b'# comment", Some("a \"#\" b")),
            (r#" "a\"b\\c\d" "#, Some(r#"a"b\c\d"#)),
            (r" 'a\'b'", Some("a'b")),
            (" \"\"", Some("")),
            (" a\"b\"", Some("a\"b\"")),
            (" \"open", None),
            (r#" "open\""#, None),
            (" \"a\" b", None),
        ] {
            assert_eq!(value(rest).as_deref(), expected, "{rest}");
        }
    }
}
