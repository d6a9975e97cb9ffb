//! ClickHouse's answers, the token of an insert, and what is refused at start.

use edgesiem_model::{
    Answer, Attempt, Batch, DocumentForm, Event, EventId, HttpRequest, Sink, Timestamp,
};
use serde_json::{Value, json};

use super::answers::{check_nothing_leaks, problem_keys};
use super::{TOKEN, head, name, sink, verdict};

fn config() -> Value {
    json!({"url": "https://clickhouse.example:8443", "table": "akamai", "password": {"secret": "TOKEN"}})
}

const ACCESS: &str = "stop: ClickHouse refused our user";
const TABLE: &str = "stop: the insert does not fit the server";
const OTHER: &str = "stop: the answer is not that of ClickHouse";

#[test]
fn the_code_of_an_exception_decides() {
    let sink = sink("clickhouse", &config());
    let codes = |expected: &'static str, codes: &'static [(u16, u32)]| {
        codes.iter().map(move |code| (*code, expected))
    };
    // The statuses are those that exceptionCodeToHTTPStatus gives.
    let rejected = codes(
        "rejected",
        &[
            (400, 6),
            (400, 25),
            (400, 26),
            (400, 27),
            (500, 33),
            (400, 38),
            (400, 41),
            (400, 53),
            (500, 69),
            (500, 70),
            (400, 72),
            (400, 117),
            (500, 128),
            (500, 131),
            (500, 190),
            (500, 306),
            (400, 321),
            (500, 349),
            (400, 376),
            (500, 395),
            (500, 407),
            (400, 441),
            (500, 467),
            (500, 469),
            (400, 675),
            (400, 676),
            (500, 691),
            // Not in the list: the status decides.
            (400, 36),
        ],
    );
    let access = codes(
        ACCESS,
        &[
            (500, 164),
            (403, 192),
            (403, 193),
            (401, 194),
            (500, 195),
            (500, 291),
            (403, 497),
            (403, 512),
            (403, 516),
            // An older server, which knows only 500.
            (500, 497),
            (500, 516),
        ],
    );
    let table = codes(
        TABLE,
        &[
            (500, 16),
            (500, 20),
            (404, 47),
            (501, 48),
            (404, 60),
            (400, 62),
            (404, 73),
            (404, 81),
            (404, 115),
            (500, 218),
            (500, 452),
            (500, 472),
            (404, 9999),
        ],
    );
    let passing = codes(
        "retry",
        &[
            (408, 159),
            (500, 160),
            (500, 173),
            (500, 198),
            (500, 201),
            (500, 202),
            (503, 209),
            (500, 210),
            (500, 225),
            (500, 236),
            (500, 241),
            (500, 242),
            (500, 243),
            (500, 252),
            (500, 285),
            (500, 319),
            (500, 394),
            (503, 439),
            (500, 499),
            (500, 999),
            (500, 9999),
            (500, 0),
        ],
    );
    let amount = codes(
        "too large",
        &[(500, 158), (500, 307), (500, 396), (413, 229)],
    );
    for ((status, code), expected) in rejected
        .chain(access)
        .chain(table)
        .chain(passing)
        .chain(amount)
    {
        let text = format!("Code: {code}. DB::Exception: why. (NAME) (version 26.9.2.1)\n");
        let number = code.to_string();
        // In the header, and only in the body, as behind a proxy that drops headers.
        for (headers, body) in [
            (
                &[("x-clickhouse-exception-code", number.as_str())][..],
                "why",
            ),
            (&[], text.as_str()),
        ] {
            let verdict = verdict(sink.as_ref(), &head(status, headers), body.as_bytes());
            assert_eq!(name(&verdict), expected, "{status} {code} {headers:?}");
        }
    }
}

#[test]
fn a_status_decides_where_there_is_no_exception() {
    let sink = sink("clickhouse", &config());
    let summary = ("x-clickhouse-summary", "{\"written_rows\":\"1\"}");
    for (status, headers, body, expected) in [
        (200, &[summary][..], "", "accepted"),
        (
            200,
            &[
                ("x-clickhouse-query-id", "x"),
                ("x-clickhouse-exception-code", "0"),
            ],
            "\n",
            "accepted",
        ),
        // A friendly answer of something else.
        (200, &[], "", OTHER),
        (200, &[], "<html>please log in</html>", OTHER),
        (200, &[summary], "Ok.\n", OTHER),
        // Written after the status was sent.
        (
            200,
            &[summary],
            "Code: 241. DB::Exception: Memory limit (total) exceeded. (MEMORY_LIMIT_EXCEEDED)",
            "retry",
        ),
        (
            200,
            &[summary],
            "__exception__\r\nabcdefghijklmnop\r\nCode: 27. DB::Exception: Cannot parse input",
            "rejected",
        ),
        (
            200,
            &[summary, ("x-clickhouse-exception-code", "36")],
            "",
            "retry",
        ),
        // Fewer rows have fewer partitions; parts become fewer by themselves.
        (
            500,
            &[("x-clickhouse-exception-code", "252")],
            "Code: 252. DB::Exception: Too many partitions for single INSERT block (more than 100).",
            "too large",
        ),
        (
            500,
            &[("x-clickhouse-exception-code", "252")],
            "Code: 252. DB::Exception: Too many parts (300). Merges are processing significantly slower than inserts.",
            "retry",
        ),
        (
            302,
            &[],
            "",
            "stop: the sink answered with a redirect, and redirects are never followed",
        ),
        (400, &[], "", "rejected"),
        (401, &[], "", ACCESS),
        (403, &[], "", ACCESS),
        (404, &[], "There is no handle /x", TABLE),
        (408, &[], "", "retry"),
        (
            411,
            &[],
            "",
            "stop: ClickHouse refuses requests of this kind",
        ),
        (413, &[], "", "too large"),
        (429, &[("retry-after", "7")], "", "retry 7000"),
        (500, &[("x-clickhouse-exception-code", "soon")], "", "retry"),
        (502, &[], "<html>", "retry"),
        (503, &[("retry-after", "1")], "", "retry 1000"),
    ] {
        let verdict = verdict(sink.as_ref(), &head(status, headers), body.as_bytes());
        assert_eq!(name(&verdict), expected, "{status} {headers:?} {body}");
    }
}

#[test]
fn health_is_that_of_server_and_credentials() {
    let sink = sink("clickhouse", &config());
    let ours = [("x-clickhouse-format", "TabSeparated")];
    for (status, headers, body, expected) in [
        (200, &ours[..], "1\n", "well"),
        (200, &[], "1\n", "the answer is not that of ClickHouse"),
        (200, &ours, "<html>", "the answer is not that of ClickHouse"),
        (
            403,
            &ours,
            "Code: 516. DB::Exception: edgesiem: Authentication failed",
            "ClickHouse refused our user",
        ),
        (
            500,
            &ours,
            "Code: 202. DB::Exception: Too many simultaneous queries",
            "the sink is there, and does not take events at the moment",
        ),
        (
            503,
            &[],
            "",
            "the sink is there, and does not take events at the moment",
        ),
    ] {
        let head = head(status, headers);
        let answer = Answer {
            head: &head,
            body: body.as_bytes(),
            now: Timestamp::from_secs(784_111_777),
        };
        let shown = match sink.health_verdict(&answer) {
            Ok(()) => "well".to_owned(),
            Err(error) => error.message().to_owned(),
        };
        assert_eq!(shown, expected, "{status} {body}");
    }
}

fn of(documents: &[&str], replay: Option<&str>) -> Batch {
    let mut batch = Batch::default();
    batch.set_replay(replay.map(Into::into));
    for (line, document) in (0_u64..).zip(documents) {
        let id = EventId::from_bytes(u128::from(line).to_be_bytes());
        batch.push(&Event {
            id,
            line_id: id,
            line,
            time: None,
            raw: b"",
            document: document.as_bytes(),
        });
    }
    batch
}

fn token(sink: &dyn Sink, batch: &Batch) -> String {
    let request: HttpRequest = sink.request(&batch.view(), &Attempt::at(Timestamp::from_secs(1)));
    let (_, token) = request
        .target
        .split_once("insert_deduplication_token=")
        .unwrap();
    token.to_owned()
}

#[test]
fn a_token_stands_for_these_rows_alone() {
    let plain = sink("clickhouse", &config());
    let column = {
        let mut config = config();
        config["column"] = json!("raw");
        sink("clickhouse", &config)
    };
    let tokens = [
        token(plain.as_ref(), &of(&["{\"a\":1}"], None)),
        // The same event under another schema.
        token(plain.as_ref(), &of(&["{\"b\":1}"], None)),
        // Under another configuration.
        token(column.as_ref(), &of(&["{\"a\":1}"], None)),
        // Sent again on request, twice.
        token(plain.as_ref(), &of(&["{\"a\":1}"], Some("r1"))),
        token(plain.as_ref(), &of(&["{\"a\":1}"], Some("r2"))),
        // The same rows of other events.
        token(plain.as_ref(), &of(&["{\"a\":1}", "{\"a\":1}"], None)),
    ];
    let unique: std::collections::BTreeSet<&String> = tokens.iter().collect();
    assert_eq!(unique.len(), tokens.len(), "{tokens:?}");
    assert_eq!(tokens[0], token(plain.as_ref(), &of(&["{\"a\":1}"], None)));
}

#[test]
fn text_needs_a_column_of_its_own() {
    let mut with_column = config();
    with_column["column"] = json!("raw");
    for (config, form, takes) in [
        (config(), DocumentForm::Json, true),
        (config(), DocumentForm::OtlpLogRecord, true),
        (config(), DocumentForm::Text, false),
        (with_column.clone(), DocumentForm::Json, true),
        (with_column, DocumentForm::Text, true),
    ] {
        assert_eq!(sink("clickhouse", &config).takes(form), takes, "{config}");
    }
}

#[test]
fn no_password_is_shown() {
    check_nothing_leaks(sink("clickhouse", &config()).as_ref(), &[TOKEN]);
}

#[test]
fn problems_are_named_by_their_keys_and_no_name_gets_into_sql() {
    for (config, expected) in [
        (config(), &[][..]),
        (json!({"url": "https://h.example", "table": "a.b-c_1"}), &[]),
        (
            json!({
                "url": "https://h.example/?database=x", "database": "a\"b", "table": "t; DROP TABLE t", "user": "a\nb",
                "password": {"secret": "NOT_SET"}, "column": "a\\b", "id_column": "", "time_column": "t\u{e9}",
            }),
            &[
                "url",
                "user",
                "password",
                "database",
                "table",
                "column",
                "id_column",
                "time_column",
            ],
        ),
        (
            json!({"url": "https://h.example", "table": "t", "column": "a", "id_column": "b", "time_column": "a", "replay_column": "b"}),
            &["time_column", "replay_column"],
        ),
    ] {
        assert_eq!(problem_keys("clickhouse", &config), expected, "{config}");
    }
}
