//! What a host answers for a file, and what is refused at start.

use edgesiem_model::{DocumentForm, InsecureLoopback, Surroundings};
use edgesiem_sinks::{Common, SinkConfig};
use serde_json::json;

use super::answers::problem_keys;
use super::{head, name, sink, verdict};

#[test]
fn a_host_answers_for_a_file_as_a_server_would() {
    let sink = sink("file", &json!({"path": "/var/log/x.ndjson"}));
    let stop = "stop: the file cannot be written";
    for (status, expected) in [
        (200, "accepted"),
        (204, "accepted"),
        (301, stop),
        (400, stop),
        (403, stop),
        (404, stop),
        (410, stop),
        (413, stop),
        (0, stop),
        (500, "retry"),
        (503, "retry"),
        (507, "retry"),
        (600, stop),
    ] {
        let verdict = verdict(sink.as_ref(), &head(status, &[]), b"ENOSPC");
        assert_eq!(name(&verdict), expected, "{status}");
    }
}

#[test]
fn a_path_begins_at_the_root_and_names_a_file() {
    for (path, expected) in [
        ("/var/log/x.ndjson", &[][..]),
        ("C:\\logs\\x.ndjson", &[]),
        ("d:/logs/x.ndjson", &[]),
        ("x.ndjson", &["path"]),
        ("./x.ndjson", &["path"]),
        ("~/x.ndjson", &["path"]),
        ("", &["path"]),
        ("C:x.ndjson", &["path"]),
        ("/", &["path"]),
        ("/var/log/", &["path"]),
        ("C:\\logs\\", &["path"]),
        ("/var/log/a\u{0}b", &["path"]),
        ("/var/log/a\nb", &["path"]),
    ] {
        let config = json!({"path": path});
        assert_eq!(problem_keys("file", &config), expected, "{path:?}");
    }
}

#[test]
fn ids_have_no_place_in_lines_of_text() {
    for (ids, form, takes) in [
        (false, DocumentForm::Json, true),
        (false, DocumentForm::Text, true),
        (true, DocumentForm::Json, true),
        (true, DocumentForm::Text, false),
    ] {
        for (kind, config) in [
            ("file", json!({"path": "/var/log/x", "ids": ids})),
            ("stdout", json!({"ids": ids})),
        ] {
            assert_eq!(sink(kind, &config).takes(form), takes, "{kind} {ids}");
        }
    }
}

fn problems<C: SinkConfig>(config: serde_json::Value) -> String {
    let around = Surroundings {
        secrets: &|_| None,
        insecure: InsecureLoopback::Refuse,
        places: &[],
    };
    let config: C = serde_json::from_value(config).unwrap();
    let problems = config.resolve("sink", &Common::default(), around);
    let problems = problems.err().unwrap_or_default();
    let shown: Vec<String> = problems.iter().map(ToString::to_string).collect();
    shown.join("\n")
}

#[test]
fn a_host_without_the_place_refuses_the_sink_and_says_what_to_do() {
    let way_out = "key: kind. What to do: run the `edgesiem` command for this sink, or choose a sink that is reached over the network";
    assert_eq!(
        problems::<edgesiem_sinks::file::Config>(json!({"path": "/var/log/x"})),
        format!("there are no files here; {way_out}")
    );
    assert_eq!(
        problems::<edgesiem_sinks::stdout::Config>(json!({})),
        format!("there is no standard output here; {way_out}")
    );
}
