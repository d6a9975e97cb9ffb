/** Events of Trend Micro Cloud App Security that the schemas are tried on: samples, and events that were made to break things. */

import { json } from "../vectors/core.ts";
import type { Json, JsonObject } from "./corpus.ts";
import { LONG_TEXTS, TEXTS } from "./texts.ts";

export interface CasEvent {
  name: string;
  line: Buffer;
  /** What the line means to JavaScript; nothing where that is less than what it says. */
  meant?: JsonObject;
}

export interface Vector {
  name: string;
  line: string;
  documents: Readonly<Record<string, string>>;
}

/** Events, and what each schema makes of them. */
export const VECTORS: readonly Vector[] = json<Vector[]>("schemas/trend-micro.json");

export const LISTS: readonly string[] = ["mail_message_sender", "mail_message_recipient", "triggered_dlp_template"];
export const TIMES: readonly string[] = ["detection_time", "mail_message_submit_time", "mail_message_delivery_time", "file_upload_time"];
const TEXT_MEMBERS: readonly string[] = [
  "scan_type", "affected_user", "location", "triggered_policy_name", "triggered_security_filter", "action", "action_result",
  "mail_message_id", "mail_message_subject", "mail_message_file_name", "file_name", "file_sha1", "file_sha256", "security_risk_name",
  "detected_by", "risk_level", "virus_name", "detection_type", "ransomware_name", "violator", "violating_content",
];
/** What answers of the kinds of events call them. */
export const KINDS: readonly string[] = ["security_risk_scan", "virtual_analyzer", "ransomware", "dlp", "Intelligencealert"];

const made = (name: string, meant: JsonObject): CasEvent => ({ name, line: Buffer.from(JSON.stringify(meant)), meant });
const all = (names: readonly string[], value: Json): JsonObject => Object.fromEntries(names.map((name) => [name, value]));
const shown = (text: string): string => JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}...` : text);

/** An event of `kind` in which every member is `value`, with `lists` in the place of lists. */
function everywhere(kind: string, value: Json, lists: Json = [value, value]): JsonObject {
  const message = { ...all(TEXT_MEMBERS, value), ...all(TIMES, value), ...all(LISTS, lists), "new member": value };
  return { log_item_id: value, service: value, event: kind, message, extra: value };
}

/** A name of every member that is an attacker's. */
function named(name: string): JsonObject {
  return { event: "dlp", message: { [`n${name}`]: "x", action: "Pass" }, [`n${name}`]: "y" };
}

/** A value within `depth` lists. */
function nested(depth: number): Json {
  let value: Json = "deep";
  for (let k = 0; k < depth; k += 1) value = [value];
  return value;
}

export function casEvents(): CasEvent[] {
  const events: CasEvent[] = VECTORS.filter(({ line }) => !/[\r\n]/.test(line)).map(({ name, line }) => ({ name, line: Buffer.from(line) }));
  for (const [k, text] of [...TEXTS, ...LONG_TEXTS].entries()) {
    events.push(made(`${shown(text)} everywhere`, everywhere(KINDS[k % KINDS.length] ?? "dlp", text)));
    events.push(made(`${shown(text)} as a list`, everywhere(KINDS[(k + 1) % KINDS.length] ?? "dlp", text, text)));
    events.push(made(`${shown(text)} as a name`, named(text)));
  }
  const values: Record<string, Json> = {
    null: null, false: false, true: true, zero: 0, "a fraction": -1.5, "an empty list": [], "an empty object": {},
    "a list": ["a", 1, null, ["b"], { c: "d" }], "an object": { a: { b: [1, "c"] } }, "60 lists": nested(60), "an empty text": "",
  };
  for (const kind of KINDS) {
    for (const [name, value] of Object.entries(values)) {
      events.push(made(`${name} everywhere in ${kind}`, everywhere(kind, value)));
      events.push(made(`${name} in the place of lists in ${kind}`, everywhere(kind, value, value)));
      events.push(made(`${name} in the place of the message of ${kind}`, { event: kind, message: value }));
    }
    for (const name of [...TEXT_MEMBERS, ...LISTS, ...TIMES]) {
      const value = LISTS.includes(name) ? ["a@example.com"] : TIMES.includes(name) ? "2026-11-22T09:30:31.5" : "text";
      events.push(made(`only ${name} in ${kind}`, { event: kind, message: { [name]: value } }));
    }
  }
  const mailboxes = ['"A" <a@example.com>', "<b@example.com>", "c@example.com", "no address", "d@", "<e@example.com> f", "\u00fc@example.com"];
  for (const kind of KINDS) {
    for (const [k, mailbox] of mailboxes.entries()) {
      const message = { mail_message_sender: mailbox, mail_message_recipient: mailboxes.slice(0, k) };
      events.push(made(`the mailbox ${mailbox} in ${kind}`, { event: kind, message }));
      events.push(made(`senders up to ${mailbox} in ${kind}`, { event: kind, message: { mail_message_sender: mailboxes.slice(0, k + 1) } }));
    }
  }
  const many = Array.from({ length: 50_000 }, (_, k) => `"U" <u${k}@example.com>`);
  events.push(made("50,000 recipients", { event: "security_risk_scan", message: { mail_message_recipient: many } }));
  events.push(made("50,000 templates", { event: "dlp", message: { triggered_dlp_template: many } }));
  events.push(made("20,000 members that nobody knows", { event: "dlp", message: Object.fromEntries(many.slice(0, 20_000).map((name) => [name, 1])) }));
  return events;
}
