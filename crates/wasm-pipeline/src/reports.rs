//! Reports on demand, over the caller's network and clock.

use edgesiem::reports::{Bounds, ReportRequest, configured};
use wasm_bindgen::prelude::*;

use crate::error::{from_js, of_config, of_report, to_js};
use crate::host::{CallersHost, JsHost};

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** What reports need of their surroundings: a `PipelineHost` without places and store. */
export interface ReportsHost {
    fetch(url: string, init: RequestInit): Promise<Response>;
    secret(name: string): string | undefined;
    /** Milliseconds since 1970. */
    now(): number;
    /** Waits, also for the API's rate limit. It may come back early when the caller wants to end. */
    sleep(ms: number): Promise<void>;
    /** Why to end now, asked before each request; `undefined` to go on. */
    ending?(): string | undefined;
}

/** The table of `edgesiem.toml`; its other keys, such as `streams`, are not looked at. */
export interface ReportsConfig {
    security_monitor: {
        host: string;
        client_token: { secret: string };
        client_secret: { secret: string };
        access_token: { secret: string };
    };
    allow_insecure_loopback?: boolean | undefined;
}

/** A number, or a text of digits, is an id. Any other text is a name, whose case does not matter. */
export type IdOrName = number | string;

/** What can be asked for. `report-packs` gives `ReportPack[]`, `data-stores` `DataStore[]`, and so on. */
export type ReportRequest =
    | { operation: "report-packs" }
    | { operation: "report-pack"; pack: IdOrName }
    | { operation: "data-stores"; pack: IdOrName }
    | { operation: "data-store"; pack: IdOrName; store: IdOrName }
    | { operation: "data-sources"; pack: IdOrName }
    | { operation: "report"; query: ReportQuery }
    /** What a report would be refused for that shows without asking the API; gives `null`. */
    | { operation: "check"; query: ReportQuery };

/** A report, as it is asked for. */
export interface ReportQuery {
    pack: IdOrName;
    /** Needed only where stores have dimensions or metrics of one name under different ids. */
    store?: IdOrName | undefined;
    /** First minute, `MM/dd/yyyy:HH:mm` or `yyyy-MM-ddTHH:mm`, in the pack's time zone. */
    start: string;
    /** The minute in which it ends, less than four hours later. */
    end: string;
    /** Length of a row's time: seconds that a data store of the pack has, or `day`, `week`, `month` or `year`. */
    aggregation?: number | string | undefined;
    /** At most two, of the same data store as the metrics. */
    dimensions?: readonly IdOrName[] | undefined;
    metrics?: readonly IdOrName[] | undefined;
    /** Which rows; all of them are to hold. */
    filters?: readonly ReportFilter[] | undefined;
    /** In which order; by time, or else by the first metric from the top, if there is none. */
    sort?: readonly ReportSort[] | undefined;
    /** Most rows of one request, 1 to 10,000; 300 if it is not set, or 10,000 with `all`. */
    limit?: number | undefined;
    /** Rows before the first one. */
    offset?: number | undefined;
    /** Asks on while there are more rows, up to 1,000,000 of them or 64 MiB. */
    all?: boolean | undefined;
}

export type DimensionCondition = "in" | "nin" | "contains" | "ncontains" | "starts" | "nstarts" | "ends" | "nends";
export type MetricCondition = "eq" | "neq" | "gt" | "gte" | "lt" | "lte";

export interface ReportFilter {
    by: IdOrName;
    /** Needed only if `by` is both and the condition does not tell. */
    type?: "dimension" | "metric" | undefined;
    condition: DimensionCondition | MetricCondition;
    /** Texts for a dimension, numbers for a metric; either may be written as the other. */
    values: readonly (string | number)[];
}

export interface ReportSort {
    by: IdOrName;
    /** Needed only if `by` is both. */
    type?: "dimension" | "metric" | undefined;
    order: "asc" | "desc";
}

/** A collection of reports with one time zone. */
export interface ReportPack {
    id: number;
    /** Not unique. */
    name?: string;
    /** Such as `GMT` or `EST5EDT`. */
    timezone?: string;
    /** Not in the list of all packs, like the lists below. */
    dimensions?: ReportField[];
    metrics?: ReportField[];
    [more: string]: unknown;
}

/** A dimension or a metric. */
export interface ReportField {
    id: number;
    name?: string;
    [more: string]: unknown;
}

/** Dimensions and metrics that can be combined. */
export interface DataStore {
    id: number;
    name?: string;
    dimensions: ReportField[];
    metrics: ReportField[];
    aggregationInSeconds?: number;
    maxQueryDurationInMinutes?: number;
    purgeIntervalInDays?: number;
    [more: string]: unknown;
}

/** The policies whose events are counted. */
export interface DataSource {
    id: number;
    name?: string;
    /** Ids of the policies. */
    values: unknown[];
    [more: string]: unknown;
}

export interface Report {
    /** Id of its pack. */
    pack: number;
    /** Id of its data store, if only one has all that was asked for. */
    store?: number;
    /** What the values of a row are; none if there is no data. */
    columns: ReportColumn[];
    /** As they came, in order. The API writes all values as texts, also numbers; a time is in seconds since 1970. */
    rows: ReportCell[][];
    /** What the API says of the whole. `start` and `end`: seconds since 1970; `aggregation`: seconds. */
    metadata: { aggregation?: number; timezone?: string; start?: number; end?: number; pack?: string };
    /** Rows before the first one. */
    offset: number;
    /** Whether there are rows after the last one. */
    more: boolean;
    /** Requests that were sent for it, also those for names and those that failed. */
    requests: number;
}

export type ReportCell = string | number | boolean | null;

export interface ReportColumn {
    /** `dimension` or `metric`. */
    type?: string;
    name?: string;
    description?: string;
    /** Place in a row, from 0. */
    index?: number;
    /** Sum and greatest value of a metric, as they came: texts, by the documentation. */
    aggregate?: unknown;
    peak?: unknown;
    unit?: string;
}
"#;

/// Reports of Akamai Security Monitor. An object keeps to five requests a minute and remembers names: keep one for all that is
/// asked for.
#[wasm_bindgen]
pub struct Reports {
    host: CallersHost,
    reports: edgesiem::reports::Reports,
}

#[wasm_bindgen]
impl Reports {
    /// Throws an error with `code` `config` and every problem in `problems`.
    #[wasm_bindgen(constructor)]
    pub fn new(
        #[wasm_bindgen(unchecked_param_type = "ReportsConfig")] config: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "ReportsHost")] host: JsHost,
    ) -> Result<Self, JsValue> {
        let host = CallersHost::new(host)?;
        let value = from_js("config", config)?;
        let monitor = configured(&value, &|name| host.secret(name))
            .and_then(|monitor| monitor.ok_or_else(|| vec![edgesiem::reports::not_configured()]))
            .map_err(|problems| of_config(&problems))?;
        Ok(Self {
            host,
            reports: edgesiem::reports::Reports::new(monitor, Bounds::default()),
        })
    }

    /// Does what is asked for. Calls may overlap; they share the rate limit. Rejects with an error that has `code`, `userAction`,
    /// `retryable` and `context`; `invalid_report` has every broken rule in `problems`.
    #[wasm_bindgen(
        unchecked_return_type = "ReportPack | ReportPack[] | DataStore | DataStore[] | DataSource[] | Report"
    )]
    pub async fn perform(
        &self,
        #[wasm_bindgen(unchecked_param_type = "ReportRequest")] request: JsValue,
    ) -> Result<JsValue, JsValue> {
        let asked = ReportRequest::from_json(from_js("request", &request)?);
        let asked = asked.map_err(|error| of_report(&error))?;
        let reported = self.reports.perform(&self.host, asked).await;
        to_js(&reported.map_err(|error| of_report(&error))?)
    }
}
