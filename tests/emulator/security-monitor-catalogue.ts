/**
 * What the emulated account has: report packs, their data stores with dimensions and metrics, and data sources.
 * Names and ids are those of Akamai's documentation where it has them.
 */

export interface Dimension {
  id: number;
  name: string;
  description: string;
  /** What the table calls it. */
  column: DimensionColumn;
}

export interface Metric {
  id: number;
  name: string;
  description: string;
  column: MetricColumn;
}

export type DimensionColumn = "time" | "client" | "country" | "city" | "host" | "policy";
export type MetricColumn = "contributing" | "warned" | "denied" | "triggered";

export interface DataStore {
  id: number;
  name: string;
  type: "standard" | "custom";
  description: string;
  dimensions: readonly Dimension[];
  metrics: readonly Metric[];
  aggregationInSeconds: number;
  purgeIntervalInDays: number;
  maxQueryDurationInMinutes: number;
}

export interface DataSource {
  id: number;
  name: string;
  type: string;
  dsType: string;
  values: readonly string[];
  configPath: null;
}

export interface ReportPack {
  id: number;
  name: string;
  isActive: boolean;
  type: string;
  /** IANA name; start and end of a report are in this time zone. */
  timezone: string;
  dataStores: readonly DataStore[];
  dataSources: readonly DataSource[];
}

const dimension = (id: number, name: string, column: DimensionColumn, description: string): Dimension => ({ id, name, column, description });
const metric = (id: number, name: string, column: MetricColumn, description: string): Metric => ({ id, name, column, description });

export const TIME = dimension(43, "Time", "time", "Time as per time zone specified in the report");
export const CLIENT_IP = dimension(956, "Client IP", "client", "SD Dimension");
export const COUNTRY = dimension(957, "Country", "country", "Country from which viewer requested media");
export const CITY = dimension(958, "City", "city", "City from which viewer requested media");
const HOSTNAME = dimension(961, "Hostname", "host", "Host that was asked for");
/** Its id is that of a metric too: the two are told apart by `type` only. */
export const POLICY = dimension(3, "Policy", "policy", "Firewall policy");

export const RULES_TRIGGERED = metric(3, "Rules Triggered", "triggered", "Number of rules triggered");
export const REQUESTS_DENIED = metric(544, "Requests Denied", "denied", "Number of request denied");
export const CONTRIBUTING_RULES = metric(546, "Contributing Rules", "contributing", "Contributing Rules");
export const REQUESTS_WARNED = metric(552, "Requests Warned", "warned", "Number of request warned");

const CLIENTS: DataStore = {
  id: 939,
  name: "sample data store",
  type: "standard",
  description: "sample data store description",
  dimensions: [CITY, CLIENT_IP, COUNTRY, TIME],
  metrics: [CONTRIBUTING_RULES, REQUESTS_WARNED, REQUESTS_DENIED, RULES_TRIGGERED],
  aggregationInSeconds: 60,
  purgeIntervalInDays: 8,
  maxQueryDurationInMinutes: 1440,
};

const TIME_ONLY: DataStore = {
  id: 952,
  name: "Time only cubes for security_monitor",
  type: "standard",
  description: "Time only cubes for security_monitor",
  dimensions: [TIME],
  metrics: [REQUESTS_WARNED, RULES_TRIGGERED],
  aggregationInSeconds: 60,
  purgeIntervalInDays: 8,
  maxQueryDurationInMinutes: 1440,
};

/** Coarser, and stricter about the window than the four hours of all. */
const HOSTS: DataStore = {
  id: 960,
  name: "hosts and policies",
  type: "custom",
  description: "Hosts and policies, every five minutes",
  dimensions: [TIME, HOSTNAME, POLICY],
  metrics: [REQUESTS_DENIED, RULES_TRIGGERED],
  aggregationInSeconds: 300,
  purgeIntervalInDays: 2,
  maxQueryDurationInMinutes: 120,
};

const SOURCE: DataSource = {
  id: 2673,
  name: "Security Monitor Data Source",
  type: "clientside_qos1_sm",
  dsType: "policyId",
  values: ["111_375", "mob_1183", "16767", "444_374", "432_336", "DFN_667", "DRFB_2968", "188279"],
  configPath: null,
};

export const PACKS: readonly ReportPack[] = [
  { id: 12332, name: "Sample 1", isActive: true, type: "qos", timezone: "GMT", dataStores: [CLIENTS, TIME_ONLY], dataSources: [SOURCE] },
  { id: 121234, name: "Sample 2", isActive: true, type: "ma", timezone: "EST5EDT", dataStores: [CLIENTS, HOSTS], dataSources: [SOURCE] },
  { id: 12400, name: "Sample 3", isActive: false, type: "qos", timezone: "GMT", dataStores: [TIME_ONLY], dataSources: [] },
];

/** A pack that exists, but not for the user of the emulated credentials. */
export const FORBIDDEN_PACK_ID = 12999;

const SUB_TYPE = "QoS_Security_Monitor";

export function packSummary({ id, name, isActive, type, timezone }: ReportPack): object {
  return { id, name, isActive, type, subType: SUB_TYPE, timezone };
}

export function packDetails(pack: ReportPack): object {
  const { id, name, isActive, type, timezone, dataStores, dataSources } = pack;
  return {
    id,
    name,
    isActive,
    type,
    subType: SUB_TYPE,
    dataSources: dataSources.map((source) => ({ id: source.id, name: source.name })),
    dimensions: unique(dataStores.flatMap((store) => store.dimensions)).map((known) => ({ id: known.id, name: known.name, type: "standard" })),
    // As in the documentation, not every metric is described here.
    metrics: unique(dataStores.flatMap((store) => store.metrics)).map((known, k) => ({
      id: known.id,
      name: known.name,
      ...(k % 2 === 1 && { description: known.description }),
    })),
    filters: null,
    dataStores: dataStores.map((store) => ({ id: store.id, name: store.name, type: store.type, description: store.description })),
    timezone,
  };
}

export function storeDetails(store: DataStore): object {
  return {
    ...store,
    dimensions: store.dimensions.map(({ id, name, description }) => ({ id, name, description, type: "standard" })),
    metrics: store.metrics.map(({ id, name, description }) => ({ id, name, description })),
  };
}

function unique<T extends { id: number }>(list: readonly T[]): T[] {
  return [...new Map(list.map((item) => [item.id, item])).values()];
}
