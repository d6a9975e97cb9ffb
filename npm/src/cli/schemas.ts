/** Names of the schemas, so that help and completion need not start the core; a test compares them with its own list. */
export const SCHEMAS = ["decoded", "raw", "ecs", "elastic-integration", "cef", "ocsf", "sentinel", "otel"] as const;
