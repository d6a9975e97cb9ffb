import type { EventsName, SchemaName } from "../index.ts";

/** Names of the schemas, so that help and completion need not start the core; a test compares them with its own list. */
export const SCHEMAS = ["decoded", "raw", "ecs", "elastic-integration", "cef", "ocsf", "sentinel", "otel"] as const;

/** Those of them that there are for which events. */
export const SCHEMAS_OF: Readonly<Record<EventsName, readonly SchemaName[]>> = {
  "akamai-siem": SCHEMAS,
  "trend-micro-cas": ["decoded", "raw", "ecs", "cef", "ocsf", "otel"],
};

/** Those of Akamai's that have a document for each rule of an event; the same test asks the core. */
export const SCHEMAS_BY_RULE = ["ecs", "cef", "ocsf", "sentinel", "otel"] as const;
