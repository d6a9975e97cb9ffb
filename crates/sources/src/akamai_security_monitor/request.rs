//! A signed request for one operation.

use edgesiem_model::HttpRequest;
use serde::Serialize;

use super::{Moment, Operation, Resolved, SecurityMonitor};
use crate::percent::encoded;

/// Longest wait for an answer, in milliseconds. Reports are computed when they are asked for.
pub const TIMEOUT_MS: u32 = 120_000;
const PACKS: &str = "/security-monitor/v1/report-packs";

/// Path and query, encoded once: these bytes are signed, and these bytes are sent.
fn target(operation: &Operation<'_>) -> String {
    match operation {
        Operation::ReportPacks => PACKS.to_owned(),
        Operation::ReportPack { pack } => format!("{PACKS}/{pack}"),
        Operation::DataStores { pack } => format!("{PACKS}/{pack}/data-stores"),
        Operation::DataStore { pack, store } => format!("{PACKS}/{pack}/data-stores/{store}"),
        Operation::DataSources { pack } => format!("{PACKS}/{pack}/data-sources"),
        Operation::Rows {
            pack,
            query,
            limit,
            offset,
        } => format!("{PACKS}/{pack}/data?{}", parameters(query, *limit, *offset)),
    }
}

/// In the order of the API's description, without those that are not set.
fn parameters(query: &Resolved, limit: u64, offset: u64) -> String {
    let json = |is_empty: bool, text: String| if is_empty { String::new() } else { text };
    [
        ("startDate", query.start.text()),
        ("endDate", query.end.text()),
        ("aggregation", query.aggregation.clone().unwrap_or_default()),
        ("dimensions", joined(&query.dimensions)),
        ("metrics", joined(&query.metrics)),
        ("limit", limit.to_string()),
        ("offset", offset.to_string()),
        (
            "filterParams",
            json(query.filters.is_empty(), compact(&query.filters)),
        ),
        (
            "sortParams",
            json(query.sort.is_empty(), compact(&query.sort)),
        ),
    ]
    .iter()
    .filter(|(_, value)| !value.is_empty())
    .map(|(name, value)| format!("{name}={}", encoded(value)))
    .collect::<Vec<_>>()
    .join("&")
}

fn joined(ids: &[u64]) -> String {
    let ids: Vec<String> = ids.iter().map(u64::to_string).collect();
    ids.join(",")
}

/// Numbers and texts always have a JSON form.
fn compact(list: &[impl Serialize]) -> String {
    serde_json::to_string(list).unwrap_or_default()
}

pub(super) fn request(
    monitor: &SecurityMonitor,
    operation: &Operation<'_>,
    moment: &Moment,
) -> HttpRequest {
    monitor.client.get(target(operation), moment, TIMEOUT_MS)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Operation, target};
    use crate::akamai_security_monitor::Resolved;
    use crate::akamai_security_monitor::conditions::FilterParam;
    use crate::akamai_security_monitor::minute::Minute;
    use crate::akamai_security_monitor::rules::SortParam;

    fn minute(text: &str) -> Minute {
        Minute::parse(text).unwrap()
    }

    /// The API's own example, byte for byte: its window of a day is what its description forbids.
    #[test]
    fn the_example_of_the_description_is_written_as_it_stands_there() {
        let query = Resolved {
            start: minute("03/22/2014:15:30"),
            end: minute("2014-03-23T15:30"),
            aggregation: Some("month".to_owned()),
            dimensions: vec![958, 956],
            metrics: vec![546, 552, 3],
            filters: vec![
                FilterParam {
                    kind: "dimension",
                    values: vec![json!("GB")],
                    id: 4,
                    condition: "in",
                },
                FilterParam {
                    kind: "metric",
                    values: vec![json!(16)],
                    id: 155,
                    condition: "gt",
                },
            ],
            sort: vec![SortParam {
                kind: "metric",
                order: "asc",
                id: 40,
            }],
            store: None,
        };
        let operation = Operation::Rows {
            pack: 121_234,
            query: &query,
            limit: 300,
            offset: 0,
        };
        assert_eq!(
            target(&operation),
            "/security-monitor/v1/report-packs/121234/data?startDate=03%2F22%2F2014%3A15%3A30&endDate=03%2F23%2F2014%3A15%3A30\
             &aggregation=month&dimensions=958%2C956&metrics=546%2C552%2C3&limit=300&offset=0\
             &filterParams=%5B%7B%22type%22%3A%22dimension%22%2C%22values%22%3A%5B%22GB%22%5D%2C%22id%22%3A4%2C%22condition%22%3A%22in%22%7D\
             %2C%7B%22type%22%3A%22metric%22%2C%22values%22%3A%5B16%5D%2C%22id%22%3A155%2C%22condition%22%3A%22gt%22%7D%5D\
             &sortParams=%5B%7B%22type%22%3A%22metric%22%2C%22order%22%3A%22asc%22%2C%22id%22%3A40%7D%5D"
        );
    }

    #[test]
    fn what_is_not_set_is_left_out_and_hostile_values_stay_values() {
        let mut query = Resolved {
            start: minute("11/13/2014:00:00"),
            end: minute("11/13/2014:00:05"),
            aggregation: None,
            dimensions: Vec::new(),
            metrics: vec![544],
            filters: Vec::new(),
            sort: Vec::new(),
            store: Some(952),
        };
        let rows = |query: &Resolved| {
            let (pack, limit, offset) = (12_332, 5, 10);
            target(&Operation::Rows {
                pack,
                query,
                limit,
                offset,
            })
        };
        let plain = "/security-monitor/v1/report-packs/12332/data?startDate=11%2F13%2F2014%3A00%3A00\
                     &endDate=11%2F13%2F2014%3A00%3A05&metrics=544&limit=5&offset=10";
        assert_eq!(rows(&query), plain);
        query.filters = vec![FilterParam {
            kind: "dimension",
            values: vec![json!("a&b=c#\"é\r\n")],
            id: 957,
            condition: "ncontains",
        }];
        let filtered = rows(&query);
        assert_eq!(
            filtered.strip_prefix(plain),
            Some(
                "&filterParams=%5B%7B%22type%22%3A%22dimension%22%2C%22values%22%3A%5B%22a%26b%3Dc%23%5C%22%C3%A9%5Cr%5Cn%22%5D\
                 %2C%22id%22%3A957%2C%22condition%22%3A%22ncontains%22%7D%5D"
            )
        );
    }

    #[test]
    fn each_of_the_other_operations_has_its_path() {
        let (pack, store) = (12_332, 939);
        for (operation, expected) in [
            (Operation::ReportPacks, ""),
            (Operation::ReportPack { pack }, "/12332"),
            (Operation::DataStores { pack }, "/12332/data-stores"),
            (
                Operation::DataStore { pack, store },
                "/12332/data-stores/939",
            ),
            (Operation::DataSources { pack }, "/12332/data-sources"),
        ] {
            let target = target(&operation);
            assert_eq!(
                target.strip_prefix("/security-monitor/v1/report-packs"),
                Some(expected)
            );
        }
    }
}
