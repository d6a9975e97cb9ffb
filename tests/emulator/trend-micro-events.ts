/**
 * The log of Trend Micro Cloud App Security: events of every service and kind, each a function of seed and number.
 *
 * An event's number is in its id, and its id is in its message too: bodies of the older form have no `log_item_id`.
 */

import { EventStream } from "./events.ts";
import { Random, mix } from "./random.ts";

/** Services of the current documentation. */
export const SERVICES = [
  "exchange",
  "sharepoint",
  "onedrive",
  "dropbox",
  "box",
  "googledrive",
  "gmail",
  "teams",
  "exchangeserver",
  "salesforce_sandbox",
  "salesforce_production",
  "teams_chat",
] as const;
/** Kinds of event of the current documentation. */
export const EVENTS = ["securityrisk", "virtualanalyzer", "ransomware", "dlp"] as const;
/** What the older documentation adds. */
export const OLDER_SERVICES = ["huntingplatform"] as const;
export const OLDER_EVENTS = ["intelligencealert"] as const;

/** How the answers name what requests name otherwise. */
const SHOWN_SERVICES: Record<string, string> = {
  exchange: "Exchange Online",
  sharepoint: "SharePoint Online",
  onedrive: "OneDrive",
  dropbox: "Dropbox",
  box: "Box",
  googledrive: "Google Drive",
  gmail: "Gmail",
};
const SHOWN_EVENTS: Record<string, string> = { securityrisk: "security_risk_scan", intelligencealert: "Intelligencealert" };
const MAIL_SERVICES: readonly string[] = ["exchange", "gmail", "exchangeserver"];

/** Clients choose subjects and file names. */
const NAMES = [
  "report.docx",
  'a"b\\c.pdf',
  ']}],"next_link":"x',
  "naïve 世界 🎣.zip",
  '=HYPERLINK("http://x")',
  "\u001b[2J\u0007.exe",
  "line\nbreak\r\n.txt",
  "\u2028.html",
  "",
  "CON",
] as const;

export interface LogEntry {
  /** As requests name them. */
  service: string;
  event: string;
  /** When the log item came to be; requests select by this. */
  generatedAtMs: number;
  /** It can be had from then on. */
  visibleAtMs: number;
}

export interface EventsOptions {
  seed: number;
  /** Newer items can take this long to appear; how long each takes follows from its number. */
  visibleAfterMs?: number;
}

export const ID_LENGTH = 36;
const NUMBER_DIGITS = 12;

/** For `receiver.ts` it is a stream of events, which finds the number of whatever arrives. */
export class TrendMicroEvents extends EventStream {
  readonly #seed: number;
  readonly #visibleAfterMs: number;
  readonly #log: LogEntry[] = [];
  /** Numbers of each service and kind, by time. */
  readonly #combinations = new Map<string, number[]>();
  readonly #idPrefix: string;

  constructor({ seed, visibleAfterMs = 0 }: EventsOptions) {
    super({ seed, firstEventAtMs: 0, intervalMs: 0, configIds: [] });
    this.#seed = seed;
    this.#visibleAfterMs = visibleAfterMs;
    const hex = new Random(mix(seed, 0x7a3d)).hex(18);
    this.#idPrefix = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(12, 15)}-8${hex.slice(15, 18)}-`;
  }

  /** Events so far; their numbers are 0 to before this. */
  get count(): number {
    return this.#log.length;
  }

  /** Adds an event and returns its number. */
  add(service: string, event: string, generatedAtMs: number): number {
    const number = this.#log.length;
    const delay = this.#visibleAfterMs === 0 ? 0 : mix(this.#seed ^ 0x1a7e, number) % (this.#visibleAfterMs + 1);
    this.#log.push({ service, event, generatedAtMs, visibleAtMs: generatedAtMs + delay });
    const key = `${service}/${event}`;
    const numbers = this.#combinations.get(key) ?? [];
    this.#combinations.set(key, numbers);
    let at = numbers.length;
    while (at > 0 && this.entry(numbers[at - 1] ?? 0).generatedAtMs > generatedAtMs) at -= 1;
    numbers.splice(at, 0, number);
    return number;
  }

  entry(number: number): LogEntry {
    const entry = this.#log[number];
    if (entry === undefined) throw new RangeError(`there is no event ${number}`);
    return entry;
  }

  /** Numbers of the events of one service and kind that a predicate holds for, oldest first. */
  select(service: string, event: string, holds: (entry: LogEntry) => boolean): number[] {
    return (this.#combinations.get(`${service}/${event}`) ?? []).filter((number) => holds(this.entry(number)));
  }

  id(number: number): string {
    return this.#idPrefix + number.toString(16).padStart(NUMBER_DIGITS, "0");
  }

  override numberOf(id: string): number | undefined {
    const digits = id.slice(this.#idPrefix.length);
    if (!id.startsWith(this.#idPrefix) || !/^[0-9a-f]{12}$/.test(digits)) return undefined;
    return Number.parseInt(digits, 16);
  }

  override numberIn(text: string): number | undefined {
    const at = text.indexOf(this.#idPrefix);
    return at === -1 ? undefined : this.numberOf(text.slice(at, at + ID_LENGTH));
  }

  /** The element of `security_events` as one line, which is what the schema `raw` delivers. */
  override line(number: number): Buffer {
    return Buffer.from(this.element(number, "snake").replaceAll("\n", ""));
  }

  override startMs(number: number): number {
    return this.entry(number).generatedAtMs - (mix(this.#seed, number) % 90_000);
  }

  /** `detection_time`, in seconds. */
  override startSeconds(number: number): number {
    return this.startMs(number) / 1000;
  }

  override expectedText(number: number): string {
    throw new Error(`event ${number}: this emulator knows what its events are as they came, not in other schemas`);
  }

  /** The element of `security_events`, written as the answer writes it. */
  element(number: number, form: BodyForm): string {
    const random = new Random(mix(this.#seed ^ 0xe7e7, number));
    const value = form === "snake" ? this.#current(number, random) : this.#older(number, random);
    switch (random.below(4)) {
      case 0:
        return JSON.stringify(value, null, 1);
      case 1:
        return JSON.stringify(value).replace(/[^\x00-\x7f]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
      case 2:
        // Numbers that JavaScript cannot keep.
        return JSON.stringify(value).replace(/}$/, ',"revision":1.0,"sequence":12345678901234567890}');
      default:
        return JSON.stringify(value);
    }
  }

  #current(number: number, random: Random): object {
    const { service, event } = this.entry(number);
    return {
      log_item_id: this.id(number),
      service: SHOWN_SERVICES[service] ?? service,
      event: SHOWN_EVENTS[event] ?? event,
      message: this.#message(number, random, new Date(this.startMs(number)).toISOString()),
    };
  }

  /** Neither ids nor a zone in times, and senders are lists. */
  #older(number: number, random: Random): object {
    const { service, event } = this.entry(number);
    const message = this.#message(number, random, new Date(this.startMs(number)).toISOString().slice(0, 19));
    const sender = message["mail_message_sender"];
    delete message["log_item_id"];
    return { service, event, message: { ...message, ...(sender !== undefined && { mail_message_sender: [sender] }) } };
  }

  #message(number: number, random: Random, detectedAt: string): Record<string, unknown> {
    const { service, event } = this.entry(number);
    const id = this.id(number);
    const name = random.pick(NAMES);
    const user = `user${random.below(40)}@example.com`;
    const isMail = MAIL_SERVICES.includes(service);
    const sha = (length: number): string => (random.chance(90) ? random.hex(length) : "");
    return {
      scan_type: random.pick(["Real-time scan", "Manual scan"]),
      affected_user: user,
      location: isMail ? `${user}\\Inbox\\${id}` : `/personal/${id}/${name}`,
      detection_time: detectedAt,
      triggered_policy_name: `Default ${SHOWN_SERVICES[service] ?? service} Policy`,
      triggered_security_filter: random.pick(["Malware Scanning", "File Blocking", "Data Loss Prevention", "Web Reputation"]),
      action: random.pick(["Pass", "Quarantine", "Delete", "Tag subject"]),
      action_result: random.pick(["success", "Successful", "failed", ""]),
      log_item_id: id,
      ...(isMail && {
        mail_message_id: `<${random.hex(16)}@mail.example.com>`,
        mail_message_sender: `sender${random.below(9)}@example.org`,
        mail_message_recipient: [user, `"second" <second@example.com>`],
        mail_message_submit_time: detectedAt,
        mail_message_delivery_time: detectedAt,
        mail_message_subject: name,
        mail_message_file_name: random.pick(NAMES),
      }),
      ...(!isMail && { file_name: name, file_upload_time: detectedAt, file_sha1: sha(40), file_sha256: sha(64) }),
      ...about(event, random),
    };
  }
}

/** `snake`: the current documentation's names. `camel`: those of the older one. */
export type BodyForm = "snake" | "camel";

function about(event: string, random: Random): Record<string, unknown> {
  const level = random.pick(["", "Low", "Medium", "High"]);
  switch (event) {
    case "securityrisk":
      return { security_risk_name: "Malware: Eicar_test_file", detected_by: "Pattern-based scanning", risk_level: level };
    case "virtualanalyzer":
      return { virus_name: "VAN_MALWARE.UMXX", detection_type: "File", risk_level: level };
    case "ransomware":
      return { ransomware_name: "Ransom_Test.A" };
    case "dlp":
      return { triggered_dlp_template: random.chance(50) ? [] : ["Credit card numbers", "All: \u00e9"], violator: "violator@example.com", violating_content: "" };
    default:
      return { details: { indicators: [random.below(1000), null, true, { deep: [[]] }] } };
  }
}
