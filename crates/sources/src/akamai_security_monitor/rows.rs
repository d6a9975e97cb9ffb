//! Rows of a report, checked on their way from one JSON text into another, without a value of their own: there may be thousands.

use std::fmt;

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::MAX_LIMIT;

/// More columns than two dimensions and any metrics make.
const MAX_COLUMNS: usize = 1000;
/// The longest aggregation that there is: `year`.
const MAX_STEP_S: u64 = 366 * 24 * 3600;
/// The end of the year 9999, in seconds since 1970: no calendar writes a later time.
const LAST_S: u64 = 253_402_300_799;

/// What a column of a report holds. What is of another type than documented is as good as absent.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Column {
    /// `dimension` or `metric`.
    #[serde(
        rename = "type",
        default,
        deserialize_with = "text_or_none",
        skip_serializing_if = "Option::is_none"
    )]
    pub kind: Option<String>,
    /// Name of the dimension or metric.
    #[serde(
        default,
        deserialize_with = "text_or_none",
        skip_serializing_if = "Option::is_none"
    )]
    pub name: Option<String>,
    /// What it is.
    #[serde(
        default,
        deserialize_with = "text_or_none",
        skip_serializing_if = "Option::is_none"
    )]
    pub description: Option<String>,
    /// Place in a row, from 0.
    #[serde(
        default,
        deserialize_with = "count_or_none",
        skip_serializing_if = "Option::is_none"
    )]
    pub index: Option<u64>,
    /// Sum of a metric, as it came.
    #[serde(
        default,
        deserialize_with = "plain_or_none",
        skip_serializing_if = "Option::is_none"
    )]
    pub aggregate: Option<Box<RawValue>>,
    /// Greatest value of a metric, as it came.
    #[serde(
        default,
        deserialize_with = "plain_or_none",
        skip_serializing_if = "Option::is_none"
    )]
    pub peak: Option<Box<RawValue>>,
    /// Unit of a metric.
    #[serde(
        default,
        deserialize_with = "text_or_none",
        skip_serializing_if = "Option::is_none"
    )]
    pub unit: Option<String>,
}

/// What the API says of a report as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Metadata {
    /// Length of a row's time, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aggregation: Option<u64>,
    /// The pack's time zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// Beginning, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub start: Option<u64>,
    /// End, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end: Option<u64>,
    /// The pack's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pack: Option<String>,
}

/// Rows of a report, as they came.
#[derive(Debug, Default)]
pub struct Rows {
    /// What their values are.
    pub columns: Vec<Column>,
    /// What the API says of the whole.
    pub metadata: Metadata,
    /// How many rows there are, at most [`MAX_LIMIT`].
    pub count: u64,
    /// The rows, each as its JSON array of plain values, with commas between them.
    pub json: String,
    /// Whether there are more rows after these; `None` if the API does not say.
    pub has_more: Option<bool>,
}

#[derive(Deserialize)]
struct Wire {
    #[serde(default)]
    columns: Option<Columns>,
    #[serde(default)]
    rows: Option<Joined>,
    #[serde(rename = "metaData", default)]
    metadata: Option<WireMetadata>,
}

/// What is said about the rows. Of all this only `hasMoreData` decides anything: what is of another type than documented, or
/// impossible, is as good as absent, and the rows are shown without it.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct WireMetadata {
    #[serde(deserialize_with = "step_or_none")]
    aggregation: Option<u64>,
    #[serde(deserialize_with = "text_or_none")]
    time_zone: Option<String>,
    #[serde(deserialize_with = "text_or_none")]
    timezone: Option<String>,
    #[serde(deserialize_with = "time_or_none")]
    start_time_in_epoch: Option<u64>,
    #[serde(deserialize_with = "time_or_none")]
    end_time_in_epoch: Option<u64>,
    #[serde(deserialize_with = "text_or_none")]
    report_pack: Option<String>,
    has_more_data: Option<bool>,
}

fn step_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let step = count_or_none(deserializer)?;
    Ok(step.filter(|step| (1..=MAX_STEP_S).contains(step)))
}

fn time_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(count_or_none(deserializer)?.filter(|time| *time <= LAST_S))
}

fn count_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(Value::deserialize(deserializer)?.as_u64())
}

fn text_or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::String(text) => Ok(Some(text)),
        _ => Ok(None),
    }
}

/// A number or a text, as it came. Lists and objects, which may be as deep as somebody likes, are none.
fn plain_or_none<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Box<RawValue>>, D::Error> {
    let value = Box::<RawValue>::deserialize(deserializer)?;
    Ok(Some(value).filter(|value| !value.get().starts_with(['[', '{', 'n'])))
}

/// Puts columns in the order of a row's values, which their places say; as they came if those are not the places from 0 on.
fn in_places(mut columns: Vec<Column>) -> Vec<Column> {
    let mut places: Vec<Option<u64>> = columns.iter().map(|column| column.index).collect();
    places.sort_unstable();
    if places
        .into_iter()
        .eq((0_u64..).take(columns.len()).map(Some))
    {
        columns.sort_by_key(|column| column.index);
    }
    columns
}

impl Rows {
    /// Reads a report.
    ///
    /// # Errors
    /// What is not as it is documented, not printable yet.
    pub(super) fn read(body: &[u8]) -> Result<Self, String> {
        let Wire {
            columns,
            rows,
            metadata,
        } = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        // Somebody else's document must not pass for a report without rows.
        if rows.is_none() && metadata.is_none() {
            return Err("it has neither rows nor metaData".to_owned());
        }
        let (rows, metadata) = (rows.unwrap_or_default(), metadata.unwrap_or_default());
        Ok(Self {
            columns: columns
                .map(|columns| in_places(columns.0))
                .unwrap_or_default(),
            metadata: Metadata {
                aggregation: metadata.aggregation,
                timezone: metadata.time_zone.or(metadata.timezone),
                start: metadata.start_time_in_epoch,
                end: metadata.end_time_in_epoch,
                pack: metadata.report_pack,
            },
            count: rows.count,
            json: rows.json,
            has_more: metadata.has_more_data,
        })
    }
}

struct Columns(Vec<Column>);

impl<'de> Deserialize<'de> for Columns {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Few;

        impl<'de> Visitor<'de> for Few {
            type Value = Columns;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of columns")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Columns, A::Error> {
                let mut columns = Vec::new();
                while let Some(column) = list.next_element()? {
                    if columns.len() == MAX_COLUMNS {
                        return Err(A::Error::custom("it has thousands of columns"));
                    }
                    columns.push(column);
                }
                Ok(Columns(columns))
            }
        }

        deserializer.deserialize_seq(Few)
    }
}

/// Rows with commas between them.
#[derive(Default)]
struct Joined {
    count: u64,
    json: String,
}

impl<'de> Deserialize<'de> for Joined {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Join;

        impl<'de> Visitor<'de> for Join {
            type Value = Joined;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of rows")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut rows: A) -> Result<Joined, A::Error> {
                let mut joined = Joined::default();
                while let Some(row) = rows.next_element::<&RawValue>()? {
                    if joined.count == MAX_LIMIT {
                        return Err(A::Error::custom(format!(
                            "it has more than {MAX_LIMIT} rows"
                        )));
                    }
                    // Also sees to it that there are no lists in lists, which would be no row.
                    serde_json::from_str::<Cells>(row.get()).map_err(A::Error::custom)?;
                    if joined.count > 0 {
                        joined.json.push(',');
                    }
                    joined.json.push_str(row.get());
                    joined.count = joined.count.saturating_add(1);
                }
                Ok(joined)
            }
        }

        deserializer.deserialize_seq(Join)
    }
}

/// The values of a row, which are not kept.
struct Cells;

impl<'de> Deserialize<'de> for Cells {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Plain;

        impl<'de> Visitor<'de> for Plain {
            type Value = Cells;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a row")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut cells: A) -> Result<Cells, A::Error> {
                while let Some(cell) = cells.next_element::<&RawValue>()? {
                    if cell.get().starts_with(['[', '{']) {
                        return Err(A::Error::custom("a value of a row is no plain value"));
                    }
                }
                Ok(Cells)
            }
        }

        deserializer.deserialize_seq(Plain)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Metadata, Rows};

    #[test]
    fn impossible_times_and_steps_are_as_good_as_absent() {
        for metadata in [
            json!({"aggregation": 0}),
            json!({"aggregation": -60}),
            json!({"aggregation": 60.5}),
            json!({"aggregation": "60"}),
            json!({"aggregation": 1_000_000_000_000_000_u64}),
            json!({"startTimeInEpoch": -1_000_000_000_000_000_i64}),
            json!({"startTimeInEpoch": null, "endTimeInEpoch": null, "timeZone": null}),
            json!({"endTimeInEpoch": 1_000_000_000_000_000_u64}),
            json!({"endTimeInEpoch": u64::MAX}),
            json!({"endTimeInEpoch": "soon", "reportPack": ["P"]}),
        ] {
            let body = json!({"rows": [["a"]], "metaData": metadata}).to_string();
            let rows = Rows::read(body.as_bytes()).unwrap();
            assert_eq!(
                (rows.count, rows.metadata),
                (1, Metadata::default()),
                "{body}"
            );
        }
    }

    #[test]
    fn columns_are_in_the_order_of_the_values_of_a_row() {
        for (indexes, order) in [
            (json!([1, 0, 2]), ["b", "a", "c"]),
            (json!([2, 0, 1]), ["b", "c", "a"]),
            (json!([0, 1, 2]), ["a", "b", "c"]),
            // No places of a row: as they came.
            (json!([1, 1, 0]), ["a", "b", "c"]),
            (json!([3, 2, 1]), ["a", "b", "c"]),
            (json!([2, null, 0]), ["a", "b", "c"]),
            (json!([1, -1, 0]), ["a", "b", "c"]),
        ] {
            let columns = ["a", "b", "c"].iter().zip(indexes.as_array().unwrap());
            let columns: Vec<_> = columns
                .map(|(name, index)| json!({"name": name, "index": index}))
                .collect();
            let body = json!({"columns": columns, "rows": []}).to_string();
            let rows = Rows::read(body.as_bytes()).unwrap();
            let names: Vec<_> = rows
                .columns
                .iter()
                .filter_map(|one| one.name.as_deref())
                .collect();
            assert_eq!(names, order, "{body}");
        }
    }

    #[test]
    fn sums_and_peaks_are_plain_values() {
        for (value, expected) in [
            (json!(1234), json!(1234)),
            (json!("1,234"), json!("1,234")),
            (json!([[[]]]), json!(null)),
            (json!({"a": 1}), json!(null)),
            (json!(null), json!(null)),
        ] {
            let body = json!({"columns": [{"aggregate": value, "peak": value}], "rows": []});
            let rows = Rows::read(body.to_string().as_bytes()).unwrap();
            let column = serde_json::to_value(&rows.columns[0]).unwrap();
            assert_eq!(
                (&column["aggregate"], &column["peak"]),
                (&expected, &expected)
            );
        }
    }

    #[test]
    fn columns_of_any_type_are_columns() {
        let body = json!({"columns": [{"type": 1, "name": ["x"], "index": -1, "unit": 5}, {"name": "Time", "index": "0"}], "rows": [["a"]]});
        let rows = Rows::read(body.to_string().as_bytes()).unwrap();
        assert_eq!(
            serde_json::to_value(&rows.columns).unwrap(),
            json!([{}, {"name": "Time"}])
        );
    }
}
