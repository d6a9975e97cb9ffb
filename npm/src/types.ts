/** Data as it goes in and comes out. The structures of the core are generated from its Rust types. */

import type { Header, Rule, SchemaOption, Filter } from "../pkg/edgesiem_wasm.js";

export type {
  Condition,
  Credentials,
  ExplainedSignature,
  Filter,
  Header,
  LinePart,
  PageContext,
  PageCounts,
  PageEnd,
  RejectedLine,
  Rule,
  RuleFacets,
  SchemaName,
  SchemaOption,
  SchemaTable,
  SignedRequest,
  SigningOptions,
  SigningRequest,
} from "../pkg/edgesiem_wasm.js";
export type { Problem } from "./errors.ts";

/** Any JSON value. */
export type Json = string | number | boolean | null | Json[] | JsonObject;

/** An object of JSON. */
export interface JsonObject {
  [name: string]: Json;
}

/**
 * An event of Akamai's SIEM API with its encoded parts decoded. Members that Akamai adds are there too, as they come; values
 * that cannot be decoded keep their text.
 */
export interface DecodedEvent {
  attackData?: { rules?: Rule[]; [name: string]: unknown };
  httpMessage?: { requestHeaders?: Header[]; responseHeaders?: Header[]; [name: string]: unknown };
  /** Strings in it are decoded. */
  custom?: unknown;
  geo?: { [name: string]: unknown };
  [name: string]: unknown;
}

/** How pages are decoded. */
export interface PageOptions {
  /** What each event becomes; `decoded` if left out. */
  schema?: SchemaOption | undefined;
  /** What is left out; nothing if left out. */
  filter?: Filter | undefined;
  /** A longer line is rejected in parts of this size, so that memory stays bounded; 6 MiB (6291456) if left out. */
  maxEventBytes?: number | undefined;
}
