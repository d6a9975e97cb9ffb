/** Data as it goes in and comes out. The structures of the core are generated from its Rust types. */

import type { EventsName, Filter, Header, Rule, SchemaOption } from "../pkg/edgesiem_wasm.js";

export type {
  Condition,
  Credentials,
  EventsName,
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

/**
 * An event of Trend Micro Cloud App Security in the schema `decoded`: times are RFC 3339 in UTC, senders, recipients and templates
 * always lists. Which members there are depends on the kind of event, and none of them can be relied on.
 */
export interface TrendMicroCasEvent {
  log_item_id?: string;
  /** Such as `Exchange Online`, as the console writes it. */
  service?: string;
  /** Such as `security_risk_scan`. */
  event?: string;
  message?: {
    detection_time?: string;
    affected_user?: string;
    action?: string;
    action_result?: string;
    location?: string;
    mail_message_sender?: string[];
    mail_message_recipient?: string[];
    triggered_dlp_template?: string[];
    [name: string]: unknown;
  };
  [name: string]: unknown;
}

/** How one event is decoded. */
export interface DecodeOptions<Of extends EventsName = EventsName> {
  /** Whose event it is; `akamai-siem` if left out. */
  events?: Of | undefined;
}

/** How pages are decoded. */
export interface PageOptions {
  /** Whose events they are; `akamai-siem` if left out and the schema does not name them. */
  events?: EventsName | undefined;
  /** What each event becomes; `decoded` if left out. */
  schema?: SchemaOption | undefined;
  /** What is left out; nothing if left out. */
  filter?: Filter | undefined;
  /** A longer line is rejected in parts of this size, so that memory stays bounded; 6 MiB (6291456) if left out. */
  maxEventBytes?: number | undefined;
}

/** `WebAssembly.Module`, where the compiler is told of WebAssembly: by the library `dom`, or by the types of a runtime. */
export type CompiledModule = typeof globalThis extends { WebAssembly: { Module: { prototype: infer Module } } } ? Module : object;
