/** The configuration, as `edgesiem.toml` has it. Made by `cargo xtask docs` from config.schema.json; do not edit. */

/** The whole of edgesiem.toml, or the table EDGESIEM of wrangler.toml. */
export interface EdgeSiemConfig {
  /** What is pulled. Each stream stands where it stands, whatever the others do. */
  readonly streams: readonly StreamConfig[];
  /** Where events can go, by names of your own. */
  readonly sinks: Readonly<Record<string, SinkConfig>>;
  /**
   * Where the Worker keeps checkpoints: in a Durable Object for each stream, which is exact, or in Workers KV, which repeats more. Other hosts have a store of their own.
   * @defaultValue "kv"
   */
  readonly store?: "kv" | "durable-object";
  /**
   * Allows http:// to this machine itself, for tests.
   * @defaultValue false
   */
  readonly allow_insecure_loopback?: boolean;
  readonly budget?: BudgetConfig;
  readonly security_monitor?: SecurityMonitor;
}

/** One source, one schema, some sinks. */
export interface StreamConfig {
  /** Name of the stream and of what is kept of it. Under a new name a stream begins anew. */
  readonly id: string;
  readonly source: SourceConfig;
  /** Names of tables in `sinks`. Every one of them gets every event. */
  readonly sinks: readonly string[];
  readonly schema?: SchemaConfig;
  readonly filter?: FilterConfig;
  readonly limits?: LimitsConfig;
  /**
   * Tell the sinks when events may be missing, as an event of type `edgesiem_gap`.
   * @defaultValue false
   */
  readonly emit_gaps?: boolean;
}

/** Akamai's SIEM Integration API, version 1. */
interface AkamaiSiemSource {
  readonly kind: "akamai-siem";
  /** Host of the API client, such as `akab-….luna.akamaiapis.net`. */
  readonly host: string;
  /** Ids of the security configurations, from the SIEM Integration section of each. */
  readonly config_ids: readonly ConfigId[];
  /** The API client's tokens and secret, from its credentials file. */
  readonly client_token: SecretRef;
  /** See `client_token`. */
  readonly client_secret: SecretRef;
  /** See `client_token`. */
  readonly access_token: SecretRef;
  /** Events to ask for at once, 1 to 600,000; 10,000 if it is not set, the API's own default. */
  readonly limit?: number;
  /** Never ask for fewer after a page was cut; 100 if it is not set. */
  readonly min_limit?: number;
  /** Begin a new stream with the events after this offset, such as the one that another connector stored last. */
  readonly start_offset?: string;
  /** Begin a new stream at this time, in epoch seconds, not older than the retention. Without it, a stream begins where the API begins (`offset=NULL`). */
  readonly start_from?: number;
  /** End of the first page's time range, in epoch seconds. The stream goes on from there by offset. */
  readonly start_to?: number;
  /** After an offset expired, how many seconds before the last known event to ask again, up to an hour; 10 if it is not set. */
  readonly recovery_overlap_s?: number;
  /** How long Akamai keeps events, in seconds; 43,200 (12 hours) if it is not set. */
  readonly retention_s?: number;
}

/** Trend Micro Cloud App Security's Log Retrieval API. */
interface TrendMicroCasSource {
  readonly kind: "trend-micro-cas";
  /** Where the customer's Cloud App Security is hosted: `us`, `eu`, `jp`, `au`, `uk`, `ca`, `sg` or `in`, as the address of its console tells. Either this or `host`. */
  readonly region?: CasRegion;
  /** Host of the API, such as `api-eu.tmcas.trendmicro.com`. Either this or `region`. */
  readonly host?: string;
  /** The authentication token, from Administration > Automation and Integration APIs in the console. */
  readonly token: SecretRef;
  /** The day on which the token was created, such as `2026-11-22`. Tokens end after 365 days; with it, `edgesiem check` says so 30 days before. */
  readonly token_created?: string;
  /** `current` is `/v1/siem/security_events`, `legacy` the older `/siem/v1/security_events`; `current` if it is not set. */
  readonly path?: CasPath;
  /** Services to ask for. Without it: `exchange`, `sharepoint`, `onedrive`, `dropbox`, `box`, `googledrive`, `gmail`, `teams`, `exchangeserver`, `salesforce_sandbox`, `salesforce_production`, `teams_chat`. Others, such as `huntingplatform`, are allowed. */
  readonly services?: readonly string[];
  /** Event types to ask for. Without it: `securityrisk`, `virtualanalyzer`, `ransomware`, `dlp`. Others, such as `intelligencealert`, are allowed. */
  readonly events?: readonly string[];
  /** Events to ask for at once: at most 500, or 200 with `path = "legacy"`, which is also what is asked for if it is not set. */
  readonly limit?: number;
  /** Requests a minute, retries included, 1 to 20; 10 if it is not set. All clients of a customer share what is allowed: a replay beside the stream asks as often again. */
  readonly requests_per_minute?: number;
  /** Requests a day, 1,440 to 28,800; 1,440 times `requests_per_minute` if it is not set. */
  readonly requests_per_day?: number;
  /** How many seconds before now a window ends, 0 to 3,600; 60 if it is not set. An event that is listed later than that after it was generated may be missed. */
  readonly settle_s?: number;
  /** How many seconds before its first request a new stream, or a combination that was added, begins; at most 259,200 (72 hours), 86,400 (24 hours) if it is not set. The beginning is rounded down to five minutes. */
  readonly initial_lookback_s?: number;
  /** Begin a new stream at this time instead, in epoch seconds. */
  readonly start_from?: number;
}

/** Where events come from. `kind` says what else there is. */
export type SourceConfig = AkamaiSiemSource | TrendMicroCasSource;

/** How events are written: the name of a schema, or a table with its name and options. `decoded` if it is left out. */
export type SchemaConfig = "decoded" | "raw" | "ecs" | "elastic-integration" | "cef" | "ocsf" | "sentinel" | "otel" | {
  readonly name: "decoded";
} | {
  readonly name: "raw";
} | {
  readonly name: "ecs";
  /**
   * A document for each rule of an event instead of one for the event.
   * @defaultValue false
   */
  readonly expand_rules?: boolean;
  /**
   * Put the line as received into `event.original`.
   * @defaultValue false
   */
  readonly event_original?: boolean;
} | {
  readonly name: "elastic-integration";
  /**
   * Have the pipeline keep the line in `event.original`.
   * @defaultValue false
   */
  readonly preserve_original_event?: boolean;
} | {
  readonly name: "cef";
  /**
   * A document for each rule of an event instead of one for the event.
   * @defaultValue false
   */
  readonly expand_rules?: boolean;
} | {
  readonly name: "ocsf";
  /**
   * A document for each rule of an event instead of one for the event.
   * @defaultValue false
   */
  readonly expand_rules?: boolean;
  /**
   * Write Detection Findings (2004) instead of HTTP Activity (4002).
   * @defaultValue false
   */
  readonly detection_finding?: boolean;
  /**
   * Put the line as received into `raw_data`.
   * @defaultValue false
   */
  readonly raw_data?: boolean;
} | {
  readonly name: "sentinel";
  /**
   * A document for each rule of an event instead of one for the event.
   * @defaultValue false
   */
  readonly expand_rules?: boolean;
} | {
  readonly name: "otel";
  /**
   * A document for each rule of an event instead of one for the event.
   * @defaultValue false
   */
  readonly expand_rules?: boolean;
};

/**
 * `[streams.filter]`: which events a stream leaves out, and what of the others it leaves out.
 *
 * `include` and `exclude` look at the event as the source sent it, whatever the schema makes of it. `drop` and `truncate` change the document that the schema wrote. An event is left out as a whole, also where each of its rules would have a document.
 */
export interface FilterConfig {
  /** Only events that fulfil at least one of these are delivered. Without any, all are. */
  readonly include?: readonly AlternativeConfig[];
  /** Events that fulfil at least one of these are not delivered, also if `include` names them. */
  readonly exclude?: readonly AlternativeConfig[];
  /**
   * Members of the document that are left out: names with dots between them, `httpMessage.requestHeaders`; in an array those of every element. A name that has dots itself is as good as several. An object that loses all its members stays, empty. Of an OpenTelemetry log record, attributes by their key, and `body`.
   *
   * Not for `cef`, whose documents have no members, and `elastic-integration`, where the receiver reads the whole event; nor for the members with which documents of `ecs` (`event.kind`) and `ocsf` (`metadata.version`) begin.
   */
  readonly drop?: readonly string[];
  /** Members of the document whose text is cut short. For the same schemas. */
  readonly truncate?: readonly TruncateConfig[];
}

/** Memory and concurrency bounds of one stream (`[streams.limits]` in the configuration). */
export interface LimitsConfig {
  /**
   * Longest event, in bytes, that is handled whole. A longer one goes to the dead letters in parts.
   * @defaultValue 2097152
   */
  readonly max_event_bytes?: number;
  /**
   * Most events in one batch.
   * @defaultValue 1000
   */
  readonly max_batch_events?: number;
  /**
   * Most bytes in one request body, uncompressed. A single event may exceed it, alone in its batch.
   * @defaultValue 900000
   */
  readonly max_batch_bytes?: number;
  /**
   * Most POSTs in flight at once, over all sinks of the stream.
   * @defaultValue 4
   */
  readonly max_in_flight?: number;
  /**
   * Most POSTs in flight at once to one sink. After a run was killed, so many batches may come twice to a sink: nobody knows whether they arrived.
   * @defaultValue 1
   */
  readonly max_in_flight_per_sink?: number;
  /**
   * Most bytes of batches in flight or waiting; the source is not read while there are more.
   * @defaultValue 6291456
   */
  readonly max_in_flight_bytes?: number;
  /**
   * Attempts at one batch within a run, the first included.
   * @defaultValue 5
   */
  readonly max_attempts?: number;
  /**
   * Upper bound of a wait that we choose ourselves, in milliseconds.
   * @defaultValue 20000
   */
  readonly max_backoff_ms?: number;
  /**
   * Most dead letters of one page: past that something is wrong with more than single events, and the run stops with the checkpoint unmoved.
   * @defaultValue 100
   */
  readonly max_dead_letters?: number;
  /**
   * Most dead letters that the store keeps, for each optional sink and for all else together. When it is full the stream stands still until somebody replays or deletes some; those of an optional sink are dropped and counted.
   * @defaultValue 10000
   */
  readonly max_stored_dead_letters?: number;
}

/** When a run ends by itself. */
export interface BudgetConfig {
  /**
   * No page is begun later than so many seconds after the start of a run.
   * @defaultValue 600
   */
  readonly wall_s?: number;
  /**
   * Most pages in one run.
   * @defaultValue 100
   */
  readonly max_pages?: number;
  /**
   * Most requests in one run. A page that is under way then is finished by the next run.
   * @defaultValue 9000
   */
  readonly max_requests?: number;
}

/** Akamai Security Monitor's API, version 1, which is asked for reports on demand. */
interface SecurityMonitor {
  /** Host of the API client, such as `akab-….luna.akamaiapis.net`. */
  readonly host: string;
  /** The API client's tokens and secret, from its credentials file. */
  readonly client_token: SecretRef;
  /** See `client_token`. */
  readonly client_secret: SecretRef;
  /** See `client_token`. */
  readonly access_token: SecretRef;
}

/** Splunk HTTP Event Collector. Sends each event as an object of Splunk's HTTP Event Collector, or as a raw line, with or without indexer acknowledgement. */
interface SplunkHecSink {
  readonly kind: "splunk-hec";
  /** The collector, such as `https://http-inputs-acme.splunkcloud.com` or `https://splunk.example:8088`. `/services/collector/event` or `/services/collector/raw` is added unless it is there. */
  readonly url: string;
  /** `event` if it is not set and the url does not end in `/raw`. `raw` sends lines as they are, such as CEF, and Splunk makes events of them by the source type; then there is no place for ids, times and fields. */
  readonly endpoint?: Route;
  /** The HEC token. */
  readonly token: SecretRef;
  /** Index; the token's default if it is not set. */
  readonly index?: string;
  /** Source; the token's default if it is not set. */
  readonly source?: string;
  /** Source type; the token's default if it is not set, because what it should be depends on the stream's source and schema, and the person who made the token for this feed has chosen one. Akamai's app for Splunk searches `akamaisiem`. */
  readonly sourcetype?: string;
  /** Host; the token's default if it is not set. */
  readonly host?: string;
  /** More indexed fields, the same for every event. `edgesiem_id` and `edgesiem_replay` are ours. */
  readonly fields?: Readonly<Record<string, string>>;
  /**
   * Wait for indexer acknowledgement; the token must have it enabled.
   * @defaultValue false
   */
  readonly ack?: boolean;
  /** Seconds to wait for it before the batch is sent again; 300 if it is not set. */
  readonly ack_timeout_s?: number;
  /** Channel of the acknowledgements and of raw lines, a GUID; derived from the sink's name and url if it is not set. */
  readonly channel?: string;
  /**
   * Whether the stream waits for this sink. What an optional sink does not take in time becomes dead letters of its own.
   * @defaultValue true
   */
  readonly required?: boolean;
  /**
   * Most events in one request.
   * @defaultValue 10000
   */
  readonly max_batch_events?: number;
  /**
   * Most bytes of one request, before compression.
   * @defaultValue 1000000
   */
  readonly max_batch_bytes?: number;
  /** Most seconds that one request may take, 1 to 600; 30 if it is not set. */
  readonly timeout_s?: number;
  /**
   * Compress requests: it costs CPU time and saves traffic.
   * @defaultValue false
   */
  readonly gzip?: boolean;
}

/** Elasticsearch. Creates each event as a document of a data stream or an index by Elasticsearch's `_bulk` API, with the event's id as `_id`. Text schemas such as `cef` cannot go there. */
interface ElasticsearchSink {
  readonly kind: "elasticsearch";
  /** The cluster, such as `https://acme.es.eu-west-1.aws.elastic.cloud`; a path before that of the API is kept. */
  readonly url: string;
  /** The parts of the data stream's name, `logs-DATASET-NAMESPACE`. If neither this nor `index` is set, it is `logs-akamai.siem-default`, that of Elastic's Akamai integration: where the integration is installed, send it the schema `elastic-integration`, and give other schemas another dataset. */
  readonly data_stream?: DataStream;
  /** An index, alias or data stream by its whole name, instead of `data_stream`. Documents without `@timestamp` (the schemas `raw` and `decoded`) cannot go to a data stream. */
  readonly index?: string;
  /** An ingest pipeline that every event goes through; what the index or its template names if it is not set. */
  readonly pipeline?: string;
  /** An API key, encoded as Kibana shows it first, or as `ID:KEY`. It needs `create_doc` on what the sink writes to, and `auto_configure` if the data stream is not there yet. */
  readonly api_key?: SecretRef;
  /** A user, instead of an API key. */
  readonly user?: string;
  /** The user's password. */
  readonly password?: SecretRef;
  /**
   * The cluster asks nobody who he is. It must be said, so that a forgotten secret is not taken for a decision.
   * @defaultValue false
   */
  readonly unauthenticated?: boolean;
  /** More headers, each a text or the name of a secret, for what stands before the cluster. */
  readonly headers?: Readonly<Record<string, PlainOrSecret>>;
  /**
   * Whether the stream waits for this sink. What an optional sink does not take in time becomes dead letters of its own.
   * @defaultValue true
   */
  readonly required?: boolean;
  /**
   * Most events in one request.
   * @defaultValue 5000
   */
  readonly max_batch_events?: number;
  /**
   * Most bytes of one request, before compression.
   * @defaultValue 5000000
   */
  readonly max_batch_bytes?: number;
  /** Most seconds that one request may take, 1 to 600; 30 if it is not set. */
  readonly timeout_s?: number;
  /**
   * Compress requests: it costs CPU time and saves traffic.
   * @defaultValue false
   */
  readonly gzip?: boolean;
}

/** OpenSearch, Amazon OpenSearch Service and Serverless. Creates each event as a document of an index or a data stream by OpenSearch's `_bulk` API, with the event's id as `_id`; signed for AWS if it is there. Text schemas such as `cef` cannot go there. */
interface OpensearchSink {
  readonly kind: "opensearch";
  /** The cluster, such as `https://search-waf-abc.eu-west-1.es.amazonaws.com`; a path before that of the API is kept. */
  readonly url: string;
  /** An index, alias or data stream by its whole name. Either this or `data_stream` must be set. */
  readonly index?: string;
  /** The parts of a data stream's name, `logs-DATASET-NAMESPACE`. OpenSearch brings no template for such names: without one of yours it makes an ordinary index of it. */
  readonly data_stream?: DataStream;
  /** An ingest pipeline that every event goes through; what the index or its template names if it is not set. */
  readonly pipeline?: string;
  /** Whether events bring their id as `_id`. */
  readonly document_id?: DocumentId;
  /** A user of the cluster. */
  readonly user?: string;
  /** The user's password. */
  readonly password?: SecretRef;
  /** An access key of AWS, for Amazon OpenSearch Service and Serverless, instead of a user. */
  readonly aws?: Aws;
  /**
   * The cluster asks nobody who he is. It must be said, so that a forgotten secret is not taken for a decision.
   * @defaultValue false
   */
  readonly unauthenticated?: boolean;
  /** More headers, each a text or the name of a secret, for what stands before the cluster. */
  readonly headers?: Readonly<Record<string, PlainOrSecret>>;
  /**
   * Whether the stream waits for this sink. What an optional sink does not take in time becomes dead letters of its own.
   * @defaultValue true
   */
  readonly required?: boolean;
  /**
   * Most events in one request.
   * @defaultValue 5000
   */
  readonly max_batch_events?: number;
  /**
   * Most bytes of one request, before compression.
   * @defaultValue 5000000
   */
  readonly max_batch_bytes?: number;
  /** Most seconds that one request may take, 1 to 600; 30 if it is not set. */
  readonly timeout_s?: number;
  /**
   * Compress requests: it costs CPU time and saves traffic.
   * @defaultValue false
   */
  readonly gzip?: boolean;
}

/** Amazon S3 and compatible (R2, MinIO, Ceph, GCS). Stores each batch as one object of newline-delimited documents, compressed or not, under a key with the events' date; signed with AWS Signature Version 4. */
interface S3Sink {
  readonly kind: "s3";
  /** The bucket. */
  readonly bucket: string;
  /** The bucket's region, such as `eu-west-1`. With `endpoint` it may be left out, and is `us-east-1` then, which R2 and MinIO take. */
  readonly region?: string;
  /** The server, if it is not Amazon's, such as `https://ACCOUNT.r2.cloudflarestorage.com`. */
  readonly endpoint?: string;
  /** Where the bucket's name stands; in the host's name at Amazon's servers, in the path at others, unless it is set. */
  readonly addressing?: Addressing;
  /** The beginning of every key, in which `%Y`, `%m`, `%d` and `%H` are the UTC time of the batch's first event; `edgesiem/%Y/%m/%d/` if it is not set. */
  readonly prefix?: string;
  /** The access key's id. */
  readonly access_key_id: PlainOrSecret;
  /** The access key. */
  readonly secret_access_key: SecretRef;
  /** The token that belongs to temporary credentials. */
  readonly session_token?: SecretRef;
  /**
   * Whether an object that is there is left alone (`If-None-Match: *`). `false` is for servers that do not know the condition; a repeated delivery then writes the same object once more.
   * @defaultValue true
   */
  readonly if_none_match?: boolean;
  /** Storage class, such as `STANDARD_IA`; the bucket's default if it is not set. */
  readonly storage_class?: string;
  /** Encryption by the server: `AES256`, `aws:kms` or `aws:kms:dsse`; the bucket's default if it is not set. */
  readonly server_side_encryption?: Encryption;
  /** The key of `aws:kms` and `aws:kms:dsse`, by id or ARN; the account's own if it is not set. */
  readonly kms_key_id?: string;
  /**
   * Send the SHA-256 of each object along for good (`x-amz-checksum-sha256`). Buckets with Object Lock want it; some servers other than Amazon's refuse it.
   * @defaultValue false
   */
  readonly checksum?: boolean;
  /**
   * Whether the stream waits for this sink. What an optional sink does not take in time becomes dead letters of its own.
   * @defaultValue true
   */
  readonly required?: boolean;
  /**
   * Most events in one request.
   * @defaultValue 100000
   */
  readonly max_batch_events?: number;
  /**
   * Most bytes of one request, before compression.
   * @defaultValue 8000000
   */
  readonly max_batch_bytes?: number;
  /** Most seconds that one request may take, 1 to 600; 30 if it is not set. */
  readonly timeout_s?: number;
  /**
   * Compress requests: it costs CPU time and saves traffic.
   * @defaultValue false
   */
  readonly gzip?: boolean;
}

/** Cloudflare R2, bound to the Worker. Stores each batch as one object of newline-delimited documents in a bucket that is bound to the Worker, without credentials and without leaving Cloudflare. */
interface R2Sink {
  readonly kind: "r2";
  /** The binding's name, as `[[r2_buckets]]` in wrangler.toml has it. */
  readonly binding: string;
  /** The beginning of every key, in which `%Y`, `%m`, `%d` and `%H` are the UTC time of the batch's first event; `edgesiem/%Y/%m/%d/` if it is not set. */
  readonly prefix?: string;
  /**
   * Whether the stream waits for this sink. What an optional sink does not take in time becomes dead letters of its own.
   * @defaultValue true
   */
  readonly required?: boolean;
  /**
   * Most events in one request.
   * @defaultValue 100000
   */
  readonly max_batch_events?: number;
  /**
   * Most bytes of one request, before compression.
   * @defaultValue 8000000
   */
  readonly max_batch_bytes?: number;
  /** Most seconds that one request may take, 1 to 600; 30 if it is not set. */
  readonly timeout_s?: number;
  /**
   * Compress requests: it costs CPU time and saves traffic.
   * @defaultValue false
   */
  readonly gzip?: boolean;
}

/** Microsoft Sentinel (Azure Monitor Logs Ingestion API). Sends each batch as a JSON array to a stream of a data collection rule, with access tokens of Microsoft Entra. Made for the schema `sentinel`; any schema of JSON objects works with a rule that declares its members. */
interface SentinelSink {
  readonly kind: "sentinel";
  /** Where the rule takes logs: `logsIngestion` of the data collection rule, or a data collection endpoint, such as `https://edgesiem-abcd.westeurope-1.ingest.monitor.azure.com`. */
  readonly endpoint: string;
  /** Immutable id of the data collection rule: `dcr-` and 32 hexadecimal digits. */
  readonly dcr_id: string;
  /** Stream of the rule, such as `Custom-AkamaiSIEMEvent_CL`. */
  readonly stream: string;
  /** Directory (tenant) id or domain of the application in Microsoft Entra. */
  readonly tenant_id: string;
  /** Application (client) id. */
  readonly client_id: string;
  /** Value, not id, of the application's client secret. */
  readonly client_secret: SecretRef;
  /** Which of Microsoft's clouds it is; `public` if it is not set. */
  readonly cloud?: Cloud;
  /** Server that gives access tokens, such as `https://login.microsoftonline.com`; the cloud's own if it is not set. */
  readonly authority_url?: string;
  /**
   * Whether the stream waits for this sink. What an optional sink does not take in time becomes dead letters of its own.
   * @defaultValue true
   */
  readonly required?: boolean;
  /**
   * Most events in one request.
   * @defaultValue 1000
   */
  readonly max_batch_events?: number;
  /**
   * Most bytes of one request, before compression.
   * @defaultValue 900000
   */
  readonly max_batch_bytes?: number;
  /** Most seconds that one request may take, 1 to 600; 30 if it is not set. */
  readonly timeout_s?: number;
  /**
   * Compress requests: it costs CPU time and saves traffic.
   * @defaultValue false
   */
  readonly gzip?: boolean;
}

/** Google Security Operations (Chronicle API). Imports each batch as raw logs of one log type, with access tokens of a service account. Made for the schemas `raw` and `cef`, which the parser of the log type `AKAMAI_WAF` reads. */
interface GoogleSecopsSink {
  readonly kind: "google-secops";
  /** Where the instance is, such as `us`, `eu` or `europe-west2`. */
  readonly region: string;
  /** Id or number of the Google Cloud project of the instance. */
  readonly project: string;
  /** Id of the instance, which is also called customer id. */
  readonly instance: string;
  /** Key file of a service account, whole, as Google gives it. */
  readonly credentials: SecretRef;
  /** Log type, which chooses the parser; `AKAMAI_WAF` if it is not set, which reads the schemas `raw` and `cef`. */
  readonly log_type?: string;
  /** Forwarder that the logs are counted for: its id, or its whole name beginning with `projects/`. */
  readonly forwarder?: string;
  /** Namespace of the assets in the logs. */
  readonly namespace?: string;
  /** More labels, the same for every log. `edgesiem_id` and `edgesiem_replay` are ours. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Version of the API; `v1beta` if it is not set. */
  readonly api_version?: ApiVersion;
  /** Server, such as `https://chronicle.eu.rep.googleapis.com`; `https://REGION-chronicle.googleapis.com` if it is not set. */
  readonly url?: string;
  /**
   * Whether the stream waits for this sink. What an optional sink does not take in time becomes dead letters of its own.
   * @defaultValue true
   */
  readonly required?: boolean;
  /**
   * Most events in one request.
   * @defaultValue 1000
   */
  readonly max_batch_events?: number;
  /**
   * Most bytes of one request, before compression.
   * @defaultValue 900000
   */
  readonly max_batch_bytes?: number;
  /** Most seconds that one request may take, 1 to 600; 30 if it is not set. */
  readonly timeout_s?: number;
  /**
   * Compress requests: it costs CPU time and saves traffic.
   * @defaultValue false
   */
  readonly gzip?: boolean;
}

/** OpenTelemetry Protocol (OTLP/HTTP logs). Sends each batch as one export request to an OpenTelemetry collector or a backend that speaks its protocol, in Protocol Buffers or JSON. Made for the schema `otel`; documents of any other become the body of a log record. */
interface OtlpSink {
  readonly kind: "otlp";
  /** The receiver, such as `https://collector.example:4318`. `/v1/logs` is added unless the path ends with it or there is a query. */
  readonly url: string;
  /** How requests are written; `protobuf` if it is not set. */
  readonly encoding?: Encoding;
  /** Attributes of the resource, all of them texts; `service.name` is `edgesiem` if it is not set. */
  readonly resource?: Readonly<Record<string, string>>;
  /** Name of the instrumentation scope; `edgesiem` if it is not set. */
  readonly scope_name?: string;
  /** Version of the instrumentation scope. */
  readonly scope_version?: string;
  /** More headers, each a text or the name of a secret. Those that carry a credential, by their name, can only be secrets, and those that change what a request is cannot be set. */
  readonly headers?: Readonly<Record<string, PlainOrSecret>>;
  /**
   * Whether the stream waits for this sink. What an optional sink does not take in time becomes dead letters of its own.
   * @defaultValue true
   */
  readonly required?: boolean;
  /**
   * Most events in one request.
   * @defaultValue 1000
   */
  readonly max_batch_events?: number;
  /**
   * Most bytes of one request, before compression.
   * @defaultValue 900000
   */
  readonly max_batch_bytes?: number;
  /** Most seconds that one request may take, 1 to 600; 30 if it is not set. */
  readonly timeout_s?: number;
  /**
   * Compress requests: it costs CPU time and saves traffic.
   * @defaultValue false
   */
  readonly gzip?: boolean;
}

/** Axiom. Sends events as lines of JSON to a dataset through Axiom's ingest API. */
interface AxiomSink {
  readonly kind: "axiom";
  /** The API: `https://api.axiom.co` if it is not set. For an edge deployment its own address, such as `https://eu-central-1.aws.edge.axiom.co`. */
  readonly url?: string;
  /** The dataset; it must exist. */
  readonly dataset: string;
  /** An API token that may ingest into the dataset, or a personal access token together with `org_id`. */
  readonly token: SecretRef;
  /** The organization, which only personal access tokens need. */
  readonly org_id?: string;
  /**
   * Whether the stream waits for this sink. What an optional sink does not take in time becomes dead letters of its own.
   * @defaultValue true
   */
  readonly required?: boolean;
  /**
   * Most events in one request.
   * @defaultValue 1000
   */
  readonly max_batch_events?: number;
  /**
   * Most bytes of one request, before compression.
   * @defaultValue 900000
   */
  readonly max_batch_bytes?: number;
  /** Most seconds that one request may take, 1 to 600; 30 if it is not set. */
  readonly timeout_s?: number;
  /**
   * Compress requests: it costs CPU time and saves traffic.
   * @defaultValue false
   */
  readonly gzip?: boolean;
}

/** Better Stack. Sends events as lines of JSON to an HTTP source of Better Stack Logs. */
interface BetterStackSink {
  readonly kind: "better-stack";
  /** The source's ingesting host, such as `https://s1234567.eu-nbg-2.betterstackdata.com`. */
  readonly url: string;
  /** The source token. */
  readonly token: SecretRef;
  /**
   * Whether the stream waits for this sink. What an optional sink does not take in time becomes dead letters of its own.
   * @defaultValue true
   */
  readonly required?: boolean;
  /**
   * Most events in one request.
   * @defaultValue 1000
   */
  readonly max_batch_events?: number;
  /**
   * Most bytes of one request, before compression.
   * @defaultValue 900000
   */
  readonly max_batch_bytes?: number;
  /** Most seconds that one request may take, 1 to 600; 30 if it is not set. */
  readonly timeout_s?: number;
  /**
   * Compress requests: it costs CPU time and saves traffic.
   * @defaultValue false
   */
  readonly gzip?: boolean;
}

/** ClickHouse. Inserts events into a table over ClickHouse's HTTP interface, a column for each member or the whole document in one. */
interface ClickhouseSink {
  readonly kind: "clickhouse";
  /** The server's HTTP interface, such as `https://clickhouse.example:8443`. */
  readonly url: string;
  /** The database; the user's default database if it is not set. */
  readonly database?: string;
  /** The table. */
  readonly table: string;
  /** The user; `default` if it is not set. */
  readonly user?: string;
  /** The user's password; none if it is not set. */
  readonly password?: SecretRef;
  /** A String column that gets each document whole. If it is not set, a document's members are columns. */
  readonly column?: string;
  /** A String column for the event's id: 32 hexadecimal digits. This and the next two must not be names of members of the documents, or ClickHouse refuses the rows for having one twice. */
  readonly id_column?: string;
  /** A DateTime64 column for the event's time. Events without one get the column's default. */
  readonly time_column?: string;
  /** A String column for the name of the replay that an event was sent in. Live events get the column's default. */
  readonly replay_column?: string;
  /**
   * Refuse events with members that the table has no column for, instead of what the server does by default, which is to leave such members out.
   * @defaultValue false
   */
  readonly refuse_unknown_fields?: boolean;
  /**
   * Let the server gather inserts before it writes them (`async_insert`). It still answers only when the events are written.
   * @defaultValue false
   */
  readonly async_insert?: boolean;
  /**
   * Whether the stream waits for this sink. What an optional sink does not take in time becomes dead letters of its own.
   * @defaultValue true
   */
  readonly required?: boolean;
  /**
   * Most events in one request.
   * @defaultValue 10000
   */
  readonly max_batch_events?: number;
  /**
   * Most bytes of one request, before compression.
   * @defaultValue 900000
   */
  readonly max_batch_bytes?: number;
  /** Most seconds that one request may take, 1 to 600; 30 if it is not set. */
  readonly timeout_s?: number;
  /**
   * Compress requests: it costs CPU time and saves traffic.
   * @defaultValue false
   */
  readonly gzip?: boolean;
}

/** file (command only). Appends events to a file, one a line, and counts them as delivered when the file is safe on disk. In the command, not in a Worker. */
interface FileSink {
  readonly kind: "file";
  /** The file, from the root on. Its folder must exist. */
  readonly path: string;
  /**
   * Begin each object with the event's id, and the replay's name if it is part of one. Only for JSON.
   * @defaultValue false
   */
  readonly ids?: boolean;
  /**
   * Whether the stream waits for this sink. What an optional sink does not take in time becomes dead letters of its own.
   * @defaultValue true
   */
  readonly required?: boolean;
  /**
   * Most events in one request.
   * @defaultValue 1000
   */
  readonly max_batch_events?: number;
  /**
   * Most bytes of one request, before compression.
   * @defaultValue 900000
   */
  readonly max_batch_bytes?: number;
  /** Most seconds that one request may take, 1 to 600; 30 if it is not set. */
  readonly timeout_s?: number;
  /**
   * Compress requests: it costs CPU time and saves traffic.
   * @defaultValue false
   */
  readonly gzip?: boolean;
}

/** Honeycomb. Sends batches of events to a dataset through Honeycomb's Events API. */
interface HoneycombSink {
  readonly kind: "honeycomb";
  /** The instance: `https://api.honeycomb.io` if it is not set, `https://api.eu1.honeycomb.io` for the EU's. */
  readonly url?: string;
  /** The dataset; it is made when the first event comes, if the key allows that. */
  readonly dataset: string;
  /** The key: an ingest key, or a configuration key with permission to send events. */
  readonly api_key: SecretRef;
  /**
   * Whether the stream waits for this sink. What an optional sink does not take in time becomes dead letters of its own.
   * @defaultValue true
   */
  readonly required?: boolean;
  /**
   * Most events in one request.
   * @defaultValue 1000
   */
  readonly max_batch_events?: number;
  /**
   * Most bytes of one request, before compression.
   * @defaultValue 900000
   */
  readonly max_batch_bytes?: number;
  /** Most seconds that one request may take, 1 to 600; 30 if it is not set. */
  readonly timeout_s?: number;
  /**
   * Compress requests: it costs CPU time and saves traffic.
   * @defaultValue false
   */
  readonly gzip?: boolean;
}

/** Kafka REST Proxy. Produces a record for each event through Confluent's REST Proxy, Confluent Cloud or Redpanda's HTTP Proxy. */
interface KafkaRestSink {
  readonly kind: "kafka-rest";
  /** The proxy, such as `https://rest-proxy.example:8082`. For Confluent Cloud and Confluent Server with `/kafka` at the end, such as `https://pkc-12345.eu-west-1.aws.confluent.cloud/kafka`. */
  readonly url: string;
  /** The topic. */
  readonly topic: string;
  /** Version of the API: `v2` if it is not set, `v3` for Confluent Cloud. */
  readonly api?: Api;
  /** The cluster's id, which only `v3` needs. */
  readonly cluster_id?: string;
  /** How documents go through the proxy: `json` if it is not set. Text schemas such as CEF need `base64`. */
  readonly encoding?: Encoding2;
  /** User or API key, together with `password`. */
  readonly user?: string;
  /** Password or API secret. */
  readonly password?: SecretRef;
  /** Bearer token, instead of user and password. */
  readonly token?: SecretRef;
  /**
   * Whether the stream waits for this sink. What an optional sink does not take in time becomes dead letters of its own.
   * @defaultValue true
   */
  readonly required?: boolean;
  /**
   * Most events in one request.
   * @defaultValue 1000
   */
  readonly max_batch_events?: number;
  /**
   * Most bytes of one request, before compression.
   * @defaultValue 900000
   */
  readonly max_batch_bytes?: number;
  /** Most seconds that one request may take, 1 to 600; 30 if it is not set. */
  readonly timeout_s?: number;
  /**
   * Compress requests: it costs CPU time and saves traffic.
   * @defaultValue false
   */
  readonly gzip?: boolean;
}

/** standard output (command only). Writes events to standard output, one a line, for pipes and for a first look. In the command, not in a Worker. */
interface StdoutSink {
  readonly kind: "stdout";
  /**
   * Begin each object with the event's id, and the replay's name if it is part of one. Only for JSON.
   * @defaultValue false
   */
  readonly ids?: boolean;
  /**
   * Whether the stream waits for this sink. What an optional sink does not take in time becomes dead letters of its own.
   * @defaultValue true
   */
  readonly required?: boolean;
  /**
   * Most events in one request.
   * @defaultValue 1000
   */
  readonly max_batch_events?: number;
  /**
   * Most bytes of one request, before compression.
   * @defaultValue 900000
   */
  readonly max_batch_bytes?: number;
  /** Most seconds that one request may take, 1 to 600; 30 if it is not set. */
  readonly timeout_s?: number;
  /**
   * Compress requests: it costs CPU time and saves traffic.
   * @defaultValue false
   */
  readonly gzip?: boolean;
}

/** Standard Webhooks. Sends each batch as one signed message after the Standard Webhooks specification to any address. */
interface WebhookSink {
  readonly kind: "webhook";
  /** Where to POST, or the secret that has it. Its path may be a credential in itself; it is never put into an error. */
  readonly url: PlainOrSecret;
  /** `whsec_` and the base64 of 24 to 64 bytes, as the specification has it. */
  readonly signing_secret?: SecretRef;
  /** The secret before it. While it is set, every message carries a signature of each, so that the receiver can change over at any time. */
  readonly previous_signing_secret?: SecretRef;
  /**
   * Send without signatures. It must be said, so that a forgotten secret is not taken for a decision.
   * @defaultValue false
   */
  readonly unsigned?: boolean;
  /** More headers, each a text or the name of a secret. Those that carry a credential, by their name, can only be secrets, and those that change what a request is cannot be set. */
  readonly headers?: Readonly<Record<string, PlainOrSecret>>;
  /**
   * Whether the stream waits for this sink. What an optional sink does not take in time becomes dead letters of its own.
   * @defaultValue true
   */
  readonly required?: boolean;
  /**
   * Most events in one request.
   * @defaultValue 1000
   */
  readonly max_batch_events?: number;
  /**
   * Most bytes of one request, before compression.
   * @defaultValue 900000
   */
  readonly max_batch_bytes?: number;
  /** Most seconds that one request may take, 1 to 600; 30 if it is not set. */
  readonly timeout_s?: number;
  /**
   * Compress requests: it costs CPU time and saves traffic.
   * @defaultValue false
   */
  readonly gzip?: boolean;
}

/** Datadog. Sends each event as a log to Datadog's log intake (API v2); members of JSON documents become attributes. */
interface DatadogSink {
  readonly kind: "datadog";
  /** The API key. */
  readonly api_key: SecretRef;
  /** Datadog's site: `us1`, `us3`, `us5`, `eu`, `uk1`, `ap1`, `ap2`, `gov` or `gov-us2`, or its domain, such as `datadoghq.eu`; `us1` if neither it nor `url` is set. */
  readonly site?: string;
  /** Another intake than a site's, such as a proxy or an Observability Pipelines Worker, with its path unless that is `/api/v2/logs`. */
  readonly url?: string;
  /** Attribute `ddsource`: the integration whose pipeline parses the logs. It decides much at Datadog, so it has no default. */
  readonly ddsource?: string;
  /** Attribute `service`. */
  readonly service?: string;
  /** Attribute `hostname`. */
  readonly hostname?: string;
  /** Attribute `ddtags`: tags such as `env:prod`. */
  readonly tags?: readonly string[];
  /**
   * Whether the stream waits for this sink. What an optional sink does not take in time becomes dead letters of its own.
   * @defaultValue true
   */
  readonly required?: boolean;
  /**
   * Most events in one request.
   * @defaultValue 1000
   */
  readonly max_batch_events?: number;
  /**
   * Most bytes of one request, before compression.
   * @defaultValue 900000
   */
  readonly max_batch_bytes?: number;
  /** Most seconds that one request may take, 1 to 600; 30 if it is not set. */
  readonly timeout_s?: number;
  /**
   * Compress requests: it costs CPU time and saves traffic.
   * @defaultValue false
   */
  readonly gzip?: boolean;
}

/** Sumo Logic. Sends events as lines to an HTTP Logs and Metrics Source of a hosted collector. */
interface SumoLogicSink {
  readonly kind: "sumo-logic";
  /** The source's address, which is its credential, or the secret that has it. */
  readonly url: PlainOrSecret;
  /** Source category (`X-Sumo-Category`); the source's own if it is not set. */
  readonly category?: string;
  /** Source host (`X-Sumo-Host`); the source's own if it is not set. */
  readonly host?: string;
  /** Source name (`X-Sumo-Name`); the source's own if it is not set. */
  readonly source?: string;
  /** Fields of every message (`X-Sumo-Fields`). `edgesiem_replay` is ours. */
  readonly fields?: Readonly<Record<string, string>>;
  /**
   * Send JSON documents as they are, without `edgesiem_id`.
   * @defaultValue false
   */
  readonly verbatim?: boolean;
  /**
   * Send messages of more than 65,536 bytes, which Sumo Logic slices.
   * @defaultValue false
   */
  readonly allow_slicing?: boolean;
  /**
   * Whether the stream waits for this sink. What an optional sink does not take in time becomes dead letters of its own.
   * @defaultValue true
   */
  readonly required?: boolean;
  /**
   * Most events in one request.
   * @defaultValue 1000
   */
  readonly max_batch_events?: number;
  /**
   * Most bytes of one request, before compression.
   * @defaultValue 900000
   */
  readonly max_batch_bytes?: number;
  /** Most seconds that one request may take, 1 to 600; 30 if it is not set. */
  readonly timeout_s?: number;
  /**
   * Compress requests: it costs CPU time and saves traffic.
   * @defaultValue false
   */
  readonly gzip?: boolean;
}

/** Grafana Loki. Pushes events as lines of one stream to Loki or Grafana Cloud Logs, each with its id as structured metadata. */
interface LokiSink {
  readonly kind: "loki";
  /** Loki, such as `https://logs-prod-eu-west-0.grafana.net`. `/loki/api/v1/push` is added unless it is there. */
  readonly url: string;
  /** Labels of the stream; `{ job = "edgesiem" }` if there are none. `mode` is ours. */
  readonly labels?: Readonly<Record<string, string>>;
  /** Tenant (`X-Scope-OrgID`), for a Loki of one's own that has several. */
  readonly tenant?: string;
  /** User and token, as Grafana Cloud wants them. */
  readonly basic?: Basic;
  /** A token in the header `authorization`, for gateways that want one. */
  readonly bearer?: SecretRef;
  /**
   * Leave out structured metadata, for a Loki before version 3 or one that disallows it. Lines then carry no ids.
   * @defaultValue false
   */
  readonly without_metadata?: boolean;
  /** Longest line that Loki takes (`limits_config.max_line_size`), in bytes, 1,024 to 10,000,000; 262,144, which is Loki's default, if it is not set. Measured with the escapes of JSON. */
  readonly max_line_bytes?: number;
  /**
   * Whether the stream waits for this sink. What an optional sink does not take in time becomes dead letters of its own.
   * @defaultValue true
   */
  readonly required?: boolean;
  /**
   * Most events in one request.
   * @defaultValue 1000
   */
  readonly max_batch_events?: number;
  /**
   * Most bytes of one request, before compression.
   * @defaultValue 900000
   */
  readonly max_batch_bytes?: number;
  /** Most seconds that one request may take, 1 to 600; 30 if it is not set. */
  readonly timeout_s?: number;
  /**
   * Compress requests: it costs CPU time and saves traffic.
   * @defaultValue false
   */
  readonly gzip?: boolean;
}

/** New Relic Logs. Sends each event as a log to New Relic's Log API; members of JSON documents become attributes. */
interface NewRelicSink {
  readonly kind: "new-relic";
  /** The license key (INGEST - LICENSE). */
  readonly license_key: SecretRef;
  /** Where the account's data is; `us` if neither it nor `url` is set. */
  readonly region?: Region;
  /** Another address than a region's, such as a proxy, with its path unless that is `/log/v1`. */
  readonly url?: string;
  /** Attribute `logtype`, by which New Relic finds parsing rules. */
  readonly logtype?: string;
  /** More attributes, the same for every log. `edgesiem_id` and `edgesiem_replay` are ours. */
  readonly attributes?: Readonly<Record<string, string>>;
  /**
   * Whether the stream waits for this sink. What an optional sink does not take in time becomes dead letters of its own.
   * @defaultValue true
   */
  readonly required?: boolean;
  /**
   * Most events in one request.
   * @defaultValue 1000
   */
  readonly max_batch_events?: number;
  /**
   * Most bytes of one request, before compression.
   * @defaultValue 900000
   */
  readonly max_batch_bytes?: number;
  /** Most seconds that one request may take, 1 to 600; 30 if it is not set. */
  readonly timeout_s?: number;
  /**
   * Compress requests: it costs CPU time and saves traffic.
   * @defaultValue false
   */
  readonly gzip?: boolean;
}

/** CrowdStrike Falcon LogScale. Sends events to LogScale's HEC endpoint, or to a HEC connector of Falcon Next-Gen SIEM. */
interface LogscaleSink {
  readonly kind: "logscale";
  /** The cluster, such as `https://cloud.us.humio.com`, or the whole address of a connector, which ends in `/services/collector`. `/api/v1/ingest/hec` is added unless one of the two is there. */
  readonly url: string;
  /** The ingest token, or the connector's API key. */
  readonly token: SecretRef;
  /** Parser (`#type`), such as `json` or `PACKAGESCOPE/PACKAGENAME:PARSERNAME`; the token's if it is not set. */
  readonly sourcetype?: string;
  /** Field `@source`. */
  readonly source?: string;
  /** Field `@host`. */
  readonly host?: string;
  /** Repository; the token's if it is not set, and only clusters of one's own allow another. */
  readonly index?: string;
  /** More fields, the same for every event; a name that begins with `#` is a tag. `edgesiem_id` and `edgesiem_replay` are ours. */
  readonly fields?: Readonly<Record<string, string>>;
  /**
   * Whether the stream waits for this sink. What an optional sink does not take in time becomes dead letters of its own.
   * @defaultValue true
   */
  readonly required?: boolean;
  /**
   * Most events in one request.
   * @defaultValue 1000
   */
  readonly max_batch_events?: number;
  /**
   * Most bytes of one request, before compression.
   * @defaultValue 900000
   */
  readonly max_batch_bytes?: number;
  /** Most seconds that one request may take, 1 to 600; 30 if it is not set. */
  readonly timeout_s?: number;
  /**
   * Compress requests: it costs CPU time and saves traffic.
   * @defaultValue false
   */
  readonly gzip?: boolean;
}

/** Cribl Stream and Cribl Edge. Sends events to an HTTP/S (Bulk API) source: the document in `_raw`, its time in `_time`. */
interface CriblSink {
  readonly kind: "cribl";
  /** The source, such as `https://default.main.acme.cribl.cloud:10080`. `/cribl/_bulk` is added unless there is a path that ends in `/_bulk`. */
  readonly url: string;
  /** The auth token; a source without one takes events from anybody. */
  readonly token?: SecretRef;
  /** Fields of every event, such as `sourcetype`. `_raw`, `_time`, `edgesiem_id` and `edgesiem_replay` are ours. */
  readonly fields?: Readonly<Record<string, string>>;
  /**
   * Whether the stream waits for this sink. What an optional sink does not take in time becomes dead letters of its own.
   * @defaultValue true
   */
  readonly required?: boolean;
  /**
   * Most events in one request.
   * @defaultValue 1000
   */
  readonly max_batch_events?: number;
  /**
   * Most bytes of one request, before compression.
   * @defaultValue 900000
   */
  readonly max_batch_bytes?: number;
  /** Most seconds that one request may take, 1 to 600; 30 if it is not set. */
  readonly timeout_s?: number;
  /**
   * Compress requests: it costs CPU time and saves traffic.
   * @defaultValue false
   */
  readonly gzip?: boolean;
}

/** Panther. Sends events as lines to an HTTP source, with any of Panther's four kinds of authentication. */
interface PantherSink {
  readonly kind: "panther";
  /** The source, such as `https://logs.acme.runpanther.net/http/0a1b…`, or the secret that has it. */
  readonly url: PlainOrSecret;
  /** A secret in a header of its own. */
  readonly shared_secret?: SharedSecret;
  /** A keyed hash of the body in a header. */
  readonly hmac?: Hmac;
  /** A token in the header `authorization`. */
  readonly bearer?: SecretRef;
  /** User and password in the header `authorization`. */
  readonly basic?: Basic2;
  /**
   * Send JSON documents as they are, without `edgesiem_id`.
   * @defaultValue false
   */
  readonly verbatim?: boolean;
  /**
   * Whether the stream waits for this sink. What an optional sink does not take in time becomes dead letters of its own.
   * @defaultValue true
   */
  readonly required?: boolean;
  /**
   * Most events in one request.
   * @defaultValue 1000
   */
  readonly max_batch_events?: number;
  /**
   * Most bytes of one request, before compression.
   * @defaultValue 900000
   */
  readonly max_batch_bytes?: number;
  /** Most seconds that one request may take, 1 to 600; 30 if it is not set. */
  readonly timeout_s?: number;
  /**
   * Compress requests: it costs CPU time and saves traffic.
   * @defaultValue false
   */
  readonly gzip?: boolean;
}

/** Where events go. `kind` says what else there is. */
export type SinkConfig = SplunkHecSink | ElasticsearchSink | OpensearchSink | S3Sink | R2Sink | SentinelSink | GoogleSecopsSink | OtlpSink | AxiomSink | BetterStackSink | ClickhouseSink | FileSink | HoneycombSink | KafkaRestSink | StdoutSink | WebhookSink | DatadogSink | SumoLogicSink | LokiSink | NewRelicSink | LogscaleSink | CriblSink | PantherSink;

/** Id of a security configuration, as a number or as its digits. */
type ConfigId = number | string;

export interface SecretRef {
  readonly secret: string;
}

/** Where a customer's Cloud App Security is hosted. */
type CasRegion = "us" | "eu" | "jp" | "au" | "uk" | "ca" | "sg" | "in";

/** Which path of the API is asked. */
type CasPath = "current" | "legacy";

/** One of `include` or `exclude`: a condition, or several that must all hold. */
interface AlternativeConfig {
  /**
   * The member of the event that the condition is about: names with dots between them, `attackData.appliedAction`. In an array every element is looked at, and one is enough. Of members of the same name the last one counts.
   *
   * Encoded values are decoded: `attackData.rules`, `ruleVersions`, `ruleMessages`, `ruleTags`, `ruleData`, `ruleSelectors` and `ruleActions` are lists, an item a rule; `httpMessage.requestHeaders.NAME` and `httpMessage.responseHeaders.NAME` are the values of the header NAME, in whatever case; `custom` has its strings decoded.
   *
   * A member that is missing or null fulfils nothing but `exists = false`.
   */
  readonly member?: string;
  /** Its text is this. Numbers and truth values are compared by their text: 403 equals "403" and not 403.0. Upper and lower case differ, here and in all others. */
  readonly equals?: ConditionText;
  /** Its text is one of these. */
  readonly in?: readonly ConditionText[];
  /** Its text begins with this. */
  readonly prefix?: ConditionText;
  /** Its text is like this: `*` stands for any text, `?` for one character. */
  readonly glob?: ConditionText;
  /** Whether there is such a member, and it is not null. */
  readonly exists?: boolean;
  /** Conditions that must all hold, in the place of `member` and its test. */
  readonly all?: readonly AlternativeConfig[];
}

type ConditionText = string | number | boolean;

/** A member of the document whose text is cut short. */
interface TruncateConfig {
  /** The member, as in `drop`. Of an array each text is cut; numbers, truth values and objects are left as they are. */
  readonly member: string;
  /** Most bytes of the text, as UTF-8 and without JSON's escapes, 1 to 16,777,216. It is cut between two characters, and nothing says that it was. */
  readonly max_bytes: number;
}

/** An endpoint of the collector. */
type Route = "event" | "raw";

/** Names the parts of a data stream, `logs-DATASET-NAMESPACE`. */
interface DataStream {
  /**
   * What the events are; `akamai.siem`, that of Elastic's Akamai integration, if it is not set.
   * @defaultValue "akamai.siem"
   */
  readonly dataset?: string;
  /**
   * Whose they are; `default` if it is not set.
   * @defaultValue "default"
   */
  readonly namespace?: string;
}

/** A text that stands in the configuration or is kept by the host as a secret. */
type PlainOrSecret = string | SecretRef;

/** Who chooses the `_id`s. */
type DocumentId = "event-id" | "none";

/** An access key, and what requests are signed for. */
interface Aws {
  /** The region of the domain or collection, such as `eu-west-1`. */
  readonly region: string;
  /** `es` for a domain of the Service, `aoss` for a collection of Serverless. */
  readonly service?: Service;
  /** The access key's id. */
  readonly access_key_id: PlainOrSecret;
  /** The access key. */
  readonly secret_access_key: SecretRef;
  /** The token that belongs to temporary credentials. */
  readonly session_token?: SecretRef;
}

/** What requests are signed for. */
type Service = "es" | "aoss";

/** Where the bucket's name stands. */
type Addressing = "virtual-hosted" | "path";

/** Encryption by the server. */
type Encryption = "AES256" | "aws:kms" | "aws:kms:dsse";

/** A cloud of Microsoft's. */
type Cloud = "public" | "us-government" | "china";

/** A version of the Chronicle API. */
type ApiVersion = "v1alpha" | "v1beta" | "v1";

/** An encoding of OTLP/HTTP. */
type Encoding = "protobuf" | "json";

/** A version of the API. */
type Api = "v2" | "v3";

/** How documents go through the proxy. */
type Encoding2 = "json" | "base64";

/** User and password. */
interface Basic {
  /** The user: a number in Grafana Cloud. */
  readonly username: string;
  /** The password or token. */
  readonly password: SecretRef;
}

/** Where the data of a New Relic account is kept. */
type Region = "us" | "eu";

/** Panther's "shared secret". */
interface SharedSecret {
  /** Name of the header. */
  readonly header: string;
  /** Its value. */
  readonly secret: SecretRef;
}

/** Panther's "HMAC", with SHA-256. */
interface Hmac {
  /** Name of the header. */
  readonly header: string;
  /** The key. */
  readonly key: SecretRef;
}

/** Panther's "basic". */
interface Basic2 {
  /** The user. */
  readonly username: string;
  /** The password. */
  readonly password: SecretRef;
}
