//! What an event says of a mail.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::event::{Event, Field};

/// Members that only events about a mail have.
pub(super) const FIELDS: [Field; 7] = [
    Field::MailId,
    Field::MailSender,
    Field::MailRecipient,
    Field::MailSubmitTime,
    Field::MailDeliveryTime,
    Field::MailSubject,
    Field::MailFileName,
];

/// Whether the event is about a mail.
pub(super) fn is_mail(event: &Event<'_>) -> bool {
    FIELDS.iter().any(|field| match field {
        Field::MailSender | Field::MailRecipient => !event.list(*field).is_empty(),
        other => event.text(*other).is_some(),
    })
}

/// The address of a mailbox, such as `"Ann" <ann@example.com>`: what is between the last angle brackets, or all of it.
pub(super) fn address(mailbox: &str) -> &str {
    let trimmed = mailbox.trim();
    trimmed
        .strip_suffix('>')
        .and_then(|rest| rest.rsplit_once('<'))
        .map(|(_, address)| address.trim())
        .filter(|address| !address.is_empty())
        .unwrap_or(trimmed)
}

/// Whether a mailbox says no more than its address.
pub(super) fn is_address_only(mailbox: &str) -> bool {
    let address = address(mailbox);
    mailbox == address
        || mailbox
            .strip_prefix('<')
            .and_then(|rest| rest.strip_suffix('>'))
            == Some(address)
}

/// A message's id without the angle brackets that stand around it in a mail (RFC 5322 section 3.6.4), if it has no others.
pub(super) fn message_id(text: &str) -> &str {
    text.strip_prefix('<')
        .and_then(|rest| rest.strip_suffix('>'))
        .filter(|id| !id.is_empty() && !id.contains(['<', '>']))
        .unwrap_or(text)
}

/// Mailboxes, each once.
pub(super) fn distinct<'a>(texts: impl Iterator<Item = Cow<'a, str>>) -> Vec<Cow<'a, str>> {
    let mut seen = BTreeSet::new();
    texts
        .filter(|text| !text.is_empty() && seen.insert(text.clone()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{address, is_address_only, message_id};

    #[test]
    fn the_address_of_a_mailbox_is_found() {
        for (mailbox, expected, only) in [
            ("a@example.com", "a@example.com", true),
            ("<a@example.com>", "a@example.com", true),
            ("\"Ann\" <a@example.com>", "a@example.com", false),
            ("\"<x>\" < a@example.com >", "a@example.com", false),
            (" a@example.com ", "a@example.com", false),
            ("<>", "<>", true),
            ("", "", true),
            ("no address", "no address", true),
            ("a > b <", "a > b <", true),
        ] {
            assert_eq!(address(mailbox), expected, "{mailbox}");
            assert_eq!(is_address_only(mailbox), only, "{mailbox}");
        }
    }

    #[test]
    fn an_id_loses_its_angle_brackets_and_nothing_else() {
        for (text, expected) in [
            ("<a@example.com>", "a@example.com"),
            ("a@example.com", "a@example.com"),
            ("<>", "<>"),
            ("<a><b>", "<a><b>"),
            ("<<a>>", "<<a>>"),
            ("<a", "<a"),
            (" <a>", " <a>"),
        ] {
            assert_eq!(message_id(text), expected, "{text}");
        }
    }
}
