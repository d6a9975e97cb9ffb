//! ClickHouse's exceptions, by what has to happen after them.
//!
//! Source: `src/Common/ErrorCodes.cpp` of ClickHouse. Only codes that an insert can meet are listed; the status decides for the
//! others.

use edgesiem_model::Answer;

/// What an exception is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// A row of this insert.
    Row,
    /// How much is in one insert.
    Amount,
    /// User, password, privileges.
    Access,
    /// Database, table, columns, settings.
    Table,
    /// The state of the server.
    Passing,
}

/// The code of the exception that an answer tells of, if it does.
pub(super) fn code(answer: &Answer<'_>) -> Option<u32> {
    if let Some(header) = answer.head.header("x-clickhouse-exception-code") {
        return header.trim().parse().ok();
    }
    // Older servers, proxies that drop headers, and exceptions after the status was sent.
    let text = String::from_utf8_lossy(answer.body);
    if !text.contains("DB::Exception") && !text.contains("__exception__") {
        return None;
    }
    let (_, code) = text.split_once("Code: ")?;
    let digits = code.bytes().take_while(u8::is_ascii_digit).count();
    code.get(..digits)?.parse().ok()
}

/// What the exception `code` with this text is about; `None` if it is not in the list.
pub(super) fn fault(code: u32, text: &[u8]) -> Option<Fault> {
    Some(match code {
        // CANNOT_PARSE_TEXT, _ESCAPE_SEQUENCE, _QUOTED_STRING, _INPUT_ASSERTION_FAILED, CANNOT_READ_ALL_DATA,
        // CANNOT_PARSE_DATE, _DATETIME, TYPE_MISMATCH, ARGUMENT_OUT_OF_BOUND, CANNOT_CONVERT_TYPE, CANNOT_PARSE_NUMBER
        6 | 25 | 26 | 27 | 33 | 38 | 41 | 53 | 69 | 70 | 72
        // INCORRECT_DATA, TOO_LARGE_ARRAY_SIZE, CANNOT_READ_ARRAY_FROM_TEXT, TOO_LARGE_STRING_SIZE,
        // SIZES_OF_ARRAYS_DOESNT_MATCH, INVALID_PARTITION_VALUE, TOO_DEEP_RECURSION, VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE,
        // CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN, CANNOT_PARSE_UUID, FUNCTION_THROW_IF_VALUE_IS_NON_ZERO, DECIMAL_OVERFLOW
        | 117 | 128 | 130 | 131 | 190 | 248 | 306 | 321 | 349 | 376 | 395 | 407
        // CANNOT_PARSE_DOMAIN_VALUE_FROM_STRING, CANNOT_PARSE_BOOL, VIOLATED_CONSTRAINT, CANNOT_PARSE_IPV4, _IPV6,
        // UNKNOWN_ELEMENT_OF_ENUM
        | 441 | 467 | 469 | 675 | 676 | 691 => Fault::Row,
        // Too many partitions for one insert has the code of too many parts, but fewer rows have fewer partitions.
        252 if is_about_one_insert(text) => Fault::Amount,
        // TOO_MANY_ROWS, TOO_MANY_BYTES, TOO_MANY_ROWS_OR_BYTES
        158 | 307 | 396 => Fault::Amount,
        // READONLY, UNKNOWN_USER, WRONG_PASSWORD, REQUIRED_PASSWORD, IP_ADDRESS_NOT_ALLOWED, DATABASE_ACCESS_DENIED,
        // ACCESS_DENIED, SET_NON_GRANTED_ROLE, AUTHENTICATION_FAILED
        164 | 192..=195 | 291 | 497 | 512 | 516 => Fault::Access,
        // INCORRECT_NUMBER_OF_COLUMNS, THERE_IS_NO_COLUMN, NOT_FOUND_COLUMN_IN_BLOCK, NO_SUCH_COLUMN_IN_TABLE,
        // NUMBER_OF_COLUMNS_DOESNT_MATCH, ILLEGAL_COLUMN, UNKNOWN_IDENTIFIER, NOT_IMPLEMENTED, UNKNOWN_TABLE, SYNTAX_ERROR,
        // UNKNOWN_FORMAT, UNKNOWN_DATABASE, UNKNOWN_SETTING, TABLE_IS_DROPPED, SUPPORT_IS_DISABLED, QUERY_IS_PROHIBITED,
        // SETTING_CONSTRAINT_VIOLATION, INVALID_SETTING_VALUE, READONLY_SETTING
        7 | 8 | 10 | 16 | 20 | 44 | 47 | 48 | 60 | 62 | 73 | 81 | 115 | 218 | 344 | 392 | 452 | 471
        | 472 => Fault::Table,
        // TIMEOUT_EXCEEDED, TOO_SLOW, CANNOT_ALLOCATE_MEMORY, DNS_ERROR, QUOTA_EXCEEDED, TOO_MANY_SIMULTANEOUS_QUERIES,
        // NO_FREE_CONNECTION, CANNOT_FSYNC, SOCKET_TIMEOUT, NETWORK_ERROR, NO_ZOOKEEPER, ABORTED, MEMORY_LIMIT_EXCEEDED,
        // TABLE_IS_READ_ONLY, NOT_ENOUGH_SPACE, UNEXPECTED_ZOOKEEPER_ERROR, TOO_MANY_PARTS, NO_ACTIVE_REPLICAS
        159 | 160 | 173 | 198 | 201..=204 | 209 | 210 | 225 | 236 | 241..=244 | 252 | 254
        // ALL_CONNECTION_TRIES_FAILED, TOO_FEW_LIVE_REPLICAS, UNSATISFIED_QUORUM_FOR_PREVIOUS_WRITE, UNKNOWN_STATUS_OF_INSERT,
        // UNFINISHED, RECEIVED_ERROR_TOO_MANY_REQUESTS, SESSION_IS_LOCKED, QUERY_WAS_CANCELLED, SYSTEM_ERROR,
        // CANNOT_SCHEDULE_TASK, S3_ERROR, KEEPER_EXCEPTION
        | 279 | 285 | 286 | 319 | 341 | 364 | 373 | 394 | 425 | 439 | 499 | 999 => Fault::Passing,
        _ => return None,
    })
}

fn is_about_one_insert(text: &[u8]) -> bool {
    String::from_utf8_lossy(text).contains("partitions for single INSERT block")
}
