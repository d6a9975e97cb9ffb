/** A checker of ECS documents over `EcsFlat`, Elastic's own list of fields. */

import { isIP } from "node:net";
import ecs from "@elastic/ecs";
import type { Json, JsonObject } from "./corpus.ts";
import { isObject } from "./meaning.ts";

interface Field {
  type: string;
  normalize: string[];
  allowed_values?: { name: string; expected_event_types?: string[] }[];
  expected_values?: string[];
  pattern?: string;
  required?: boolean;
}

const FIELDS = new Map(Object.entries(ecs.EcsFlat as unknown as Record<string, Field>));
export const ECS_VERSION: string = ecs.EcsVersion;

/** Objects of which ECS knows at least one member. */
const PARENTS = new Set(
  [...FIELDS.keys()].flatMap((path) => {
    const names = path.split(".");
    return names.slice(1).map((_, k) => names.slice(0, k + 1).join("."));
  }),
);

/** Members that ECS leaves to others ("Custom fields": a name of one's own, that of a vendor for instance). */
const OURS = new Set(["akamai", "edgesiem", "trend_micro"]);

const DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const MAX_LONG = 2 ** 63;

const isText = (value: Json): boolean => typeof value === "string";
const isWhole = (value: Json): boolean => Number.isInteger(value) && Math.abs(value as number) < MAX_LONG;
const isNumber = (value: Json): boolean => typeof value === "number";
const TYPES: Record<string, (value: Json) => boolean> = {
  keyword: isText,
  constant_keyword: isText,
  wildcard: isText,
  match_only_text: isText,
  text: isText,
  date: (value) => typeof value === "string" && DATE.test(value) && !Number.isNaN(Date.parse(value)),
  ip: (value) => typeof value === "string" && isIP(value) !== 0,
  boolean: (value) => typeof value === "boolean",
  long: isWhole,
  integer: isWhole,
  float: isNumber,
  double: isNumber,
  scaled_float: isNumber,
  object: isObject,
  flattened: isObject,
  nested: isObject,
};

/** What is wrong with a document; nothing if it is valid. */
export function problems(document: JsonObject): string[] {
  const found: string[] = [];
  fields(document, "", found);
  for (const [path, field] of FIELDS) {
    // A document gets its time from its sink if its event has none.
    if (field.required && path !== "@timestamp" && path.split(".").reduce<Json | undefined>((value, name) => (isObject(value) ? value[name] : undefined), document) === undefined) {
      found.push(`${path} is required`);
    }
  }
  eventTypes(document, found);
  return found;
}

function fields(object: JsonObject, path: string, found: string[]): void {
  const members = Object.entries(object);
  if (members.length === 0) found.push(`${path} is empty`);
  for (const [name, value] of members) {
    const inner = path === "" ? name : `${path}.${name}`;
    if (path === "" && OURS.has(name)) continue;
    const field = FIELDS.get(inner);
    if (field !== undefined) one(field, inner, value, found);
    else if (PARENTS.has(inner) && isObject(value)) fields(value, inner, found);
    else found.push(`${inner} is no field`);
  }
}

function one(field: Field, path: string, value: Json, found: string[]): void {
  const isList = field.normalize.includes("array");
  if (isList !== Array.isArray(value)) return void found.push(`${path} must ${isList ? "" : "not "}be an array`);
  const values = Array.isArray(value) ? value : [value];
  if (values.length === 0) found.push(`${path} is empty`);
  for (const item of values) {
    const shown = JSON.stringify(item)?.slice(0, 60);
    if (!TYPES[field.type]?.(item)) found.push(`${path} is ${shown}, no ${field.type}`);
    const names = field.allowed_values?.map(({ name }) => name) ?? field.expected_values;
    if (names !== undefined && !names.includes(item as string)) found.push(`${path} may not be ${shown}`);
    if (field.pattern !== undefined && !new RegExp(field.pattern, "u").test(String(item))) found.push(`${path} is ${shown}, not as ${field.pattern}`);
  }
}

/** Each type of an event must be one that at least one of its categories expects. */
function eventTypes(document: JsonObject, found: string[]): void {
  const event = document["event"];
  if (!isObject(event)) return;
  const [categories, types] = [event["category"], event["type"]].map((list) => (Array.isArray(list) ? list : []));
  if (categories === undefined || types === undefined || categories.length === 0) return;
  const known = FIELDS.get("event.category")?.allowed_values ?? [];
  const expected = known.filter(({ name }) => categories.includes(name)).flatMap((category) => category.expected_event_types ?? []);
  for (const type of types) if (!expected.includes(type as string)) found.push(`event.type ${JSON.stringify(type)} is not expected with ${JSON.stringify(categories)}`);
}
