//! What documentation says of a schema. Its page is made from this, its options and a sample.

/// A schema, in words.
#[derive(Clone, Copy, Debug)]
pub struct About {
    /// Name in the configuration.
    pub name: &'static str,
    /// What it is called elsewhere.
    pub title: &'static str,
    /// What its documents are, and for whom.
    pub summary: &'static str,
    /// Where members go that have no place in it, and what is left out.
    pub rest: &'static str,
    /// What it makes of events of Trend Micro Cloud App Security; `None` if it has no place for them.
    pub trend_micro: Option<&'static str>,
    /// The documents it follows: title and address.
    pub sources: &'static [(&'static str, &'static str)],
}

const AKAMAI_FORMAT: (&str, &str) = (
    "SIEM Integration: the security events returned by the SIEM API",
    "https://techdocs.akamai.com/siem-integration/reference/api",
);

const CAS_FORMAT: (&str, &str) = (
    "Cloud App Security: Get Security Logs",
    "https://docs.trendmicro.com/en-us/enterprise/cloud-app-security-integration-api-online-help/supported-cloud-app-/log-retrieval-api/get-security-logs.aspx",
);

/// All schemas, in the order of [`crate::NAMES`].
pub const ALL: &[About] = &[
    About {
        name: "decoded",
        title: "Akamai's event, decoded",
        summary: "The event as Akamai sends it, with rules as a list of objects, headers as a list of names and values, and custom fields \
                  readable. All else is copied byte for byte.",
        rest: "Nothing is left out. A value that cannot be decoded stays as it came, and is counted.",
        trend_micro: Some(
            "The event as it came, with times in `message` as RFC 3339 in UTC (a time without a zone is in UTC), and `mail_message_sender`, \
             `mail_message_recipient` and `triggered_dlp_template` as lists, whatever form they came in. All else is copied byte for byte.",
        ),
        sources: &[AKAMAI_FORMAT, CAS_FORMAT],
    },
    About {
        name: "raw",
        title: "Akamai's event as received",
        summary: "The line as Akamai sends it, byte for byte: for receivers that decode it themselves, such as Google SecOps' own parser.",
        rest: "Nothing is left out.",
        trend_micro: Some("The element of `security_events` as it came, in one line."),
        sources: &[AKAMAI_FORMAT, CAS_FORMAT],
    },
    About {
        name: "ecs",
        title: "Elastic Common Schema 9.4",
        summary: "Native documents of the Elastic Common Schema, for Elasticsearch, OpenSearch and whatever reads it.",
        rest: "Members without a field of their own are under `akamai.siem`, named as in Elastic's Akamai integration.",
        trend_micro: Some(
            "Mails are under `email`, with addresses only; files under `file`; what was found is `threat.indicator.name`, malicious code also \
             `threat.software`; the policy is `rule.name`, its filter `rule.category`. What has no field is under `trend_micro.cas`, and members that \
             nobody knows under `trend_micro.cas.unmapped`, which an index template should map as `flattened`. `event.severity` is 21, 47 or 73 by the \
             risk level, and absent without one. Of the options there is `event_original`.",
        ),
        sources: &[(
            "Elastic Common Schema",
            "https://www.elastic.co/docs/reference/ecs",
        )],
    },
    About {
        name: "elastic-integration",
        title: "The input of Elastic's Akamai integration",
        summary: "The line as received in `message`, from where the ingest pipeline of Elastic's own Akamai integration takes it.",
        rest: "The pipeline does the mapping; nothing is left out.",
        trend_micro: None,
        sources: &[(
            "Akamai integration",
            "https://www.elastic.co/docs/reference/integrations/akamai",
        )],
    },
    About {
        name: "cef",
        title: "ArcSight Common Event Format",
        summary: "Lines with the keys and labels of Akamai's own CEF connector, for whatever parsed those. Header lines and rule data are \
                  decoded without the connector's mistakes, and nothing in a line is unescaped.",
        rest: "Members that the connector's mapping does not have are left out.",
        trend_micro: Some(
            "The header and keys of Trend Micro's own `format=cef`, with the bar behind the severity that theirs lacks, and times in milliseconds. \
             Its example has no keys for names of threats, files and templates. These are ours: `cs1` to `cs6` with labels, `fname`, `fileHash` (SHA-1), and \
             of the keys that begin with `TrendMicroCas` those that end in `MailSubject`, `MailFileName`, `FileSha256`, `FileUploadTime` and `DetectionTime`. Members that nobody knows are left out.",
        ),
        sources: &[
            (
                "Akamai CEF connector",
                "https://github.com/akamai/siem-cef-connector",
            ),
            (
                "Trend Micro: Content Mapping Between Log Output and CEF Syslog Type",
                "https://docs.trendmicro.com/en-us/documentation/article/cloud-app-security-v1ecs-integration-api-online-help-content-mapping-betw",
            ),
        ],
    },
    About {
        name: "ocsf",
        title: "Open Cybersecurity Schema Framework 1.8.0",
        summary: "HTTP Activity (4002) with the profile security_control, or Detection Finding (2004). Every document is valid by OCSF's \
                  own JSON Schema.",
        rest: "Members without an attribute are under `unmapped`, among them all rules with all their facets.",
        trend_micro: Some(
            "The class follows from the event: what Data Loss Prevention found is a Data Security Finding (2006); what a security risk scan found in \
             a mail that has an address is an Email Activity (4009), Scan; all else is a Detection Finding (2004) whose evidence is the mail or the file. \
             The severity is what the risk level says, Unknown without one; the actor is a violator and nobody else. \
             Members without an attribute are under `unmapped`, and those that do not fit or that nobody knows under `unmapped.members`. Of the options there is `raw_data`.",
        ),
        sources: &[
            (
                "OCSF 1.8.0: HTTP Activity",
                "https://schema.ocsf.io/1.8.0/classes/http_activity",
            ),
            (
                "OCSF 1.8.0: Email Activity",
                "https://schema.ocsf.io/1.8.0/classes/email_activity",
            ),
            (
                "OCSF 1.8.0: Data Security Finding",
                "https://schema.ocsf.io/1.8.0/classes/data_security_finding",
            ),
        ],
    },
    About {
        name: "sentinel",
        title: "The stream of Microsoft's Akamai connector",
        summary: "Records of the stream `Custom-AkamaiSIEMEvent_CL` of Microsoft Sentinel's own solution, which its table, transformation and \
                  parser understand.",
        rest: "Unknown members of the event itself have no column and are left out.",
        trend_micro: None,
        sources: &[(
            "Microsoft Sentinel solutions",
            "https://github.com/Azure/Azure-Sentinel/tree/master/Solutions",
        )],
    },
    About {
        name: "otel",
        title: "OpenTelemetry log records",
        summary: "A LogRecord of OTLP's JSON encoding with attributes after the semantic conventions; the sink `otlp` sends it as JSON or \
                  protobuf, other sinks as it is.",
        rest: "Members without an attribute of the conventions are under `akamai.siem`; the body is the line as received.",
        trend_micro: Some(
            "Attributes `user`, `file` and `security_rule` where the conventions have them; all else under `trend_micro.cas` with the names of the \
             event's members; the body is the event as received.",
        ),
        sources: &[
            (
                "OpenTelemetry logs data model",
                "https://opentelemetry.io/docs/specs/otel/logs/data-model/",
            ),
            ("OTLP", "https://opentelemetry.io/docs/specs/otlp/"),
        ],
    },
];
