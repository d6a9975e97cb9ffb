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
    /// The documents it follows: title and address.
    pub sources: &'static [(&'static str, &'static str)],
}

const AKAMAI_FORMAT: (&str, &str) = (
    "SIEM Integration: the security events returned by the SIEM API",
    "https://techdocs.akamai.com/siem-integration/reference/api",
);

/// All schemas, in the order of [`crate::NAMES`].
pub const ALL: &[About] = &[
    About {
        name: "decoded",
        title: "Akamai's event, decoded",
        summary: "The event as Akamai sends it, with rules as a list of objects, headers as a list of names and values, and custom fields \
                  readable. All else is copied byte for byte.",
        rest: "Nothing is left out. A value that cannot be decoded stays as it came, and is counted.",
        sources: &[AKAMAI_FORMAT],
    },
    About {
        name: "raw",
        title: "Akamai's event as received",
        summary: "The line as Akamai sends it, byte for byte: for receivers that decode it themselves, such as Google SecOps' own parser.",
        rest: "Nothing is left out.",
        sources: &[AKAMAI_FORMAT],
    },
    About {
        name: "ecs",
        title: "Elastic Common Schema 9.4",
        summary: "Native documents of the Elastic Common Schema, for Elasticsearch, OpenSearch and whatever reads it.",
        rest: "Members without a field of their own are under `akamai.siem`, named as in Elastic's Akamai integration.",
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
        sources: &[(
            "Akamai CEF connector",
            "https://github.com/akamai/siem-cef-connector",
        )],
    },
    About {
        name: "ocsf",
        title: "Open Cybersecurity Schema Framework 1.8.0",
        summary: "HTTP Activity (4002) with the profile security_control, or Detection Finding (2004). Every document is valid by OCSF's \
                  own JSON Schema.",
        rest: "Members without an attribute are under `unmapped`, among them all rules with all their facets.",
        sources: &[(
            "OCSF 1.8.0: HTTP Activity",
            "https://schema.ocsf.io/1.8.0/classes/http_activity",
        )],
    },
    About {
        name: "sentinel",
        title: "The stream of Microsoft's Akamai connector",
        summary: "Records of the stream `Custom-AkamaiSIEMEvent_CL` of Microsoft Sentinel's own solution, which its table, transformation and \
                  parser understand.",
        rest: "Unknown members of the event itself have no column and are left out.",
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
        sources: &[
            (
                "OpenTelemetry logs data model",
                "https://opentelemetry.io/docs/specs/otel/logs/data-model/",
            ),
            ("OTLP", "https://opentelemetry.io/docs/specs/otlp/"),
        ],
    },
];
