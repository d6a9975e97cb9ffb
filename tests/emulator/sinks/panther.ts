/**
 * Panther's HTTP source, `POST /http/<source id>`, from its documentation ("HTTP Source"): four kinds of authentication, 1 MB
 * of payload with headers, and JSON objects one a line among its stream types. The documentation gives no statuses but success.
 */

import { createHmac, timingSafeEqual } from "node:crypto";
import type { Reply } from "../delivery.ts";
import { Fake, Refusal, type FakeOptions, type Incoming } from "./fake.ts";
import { isObject, json, lines, utf8 } from "./read.ts";

const MAX_REQUEST_BYTES = 1_000_000;

export type PantherAuth =
  | { kind: "shared-secret"; header: string; secret: string }
  | { kind: "hmac"; header: string; key: string }
  | { kind: "bearer"; token: string }
  | { kind: "basic"; username: string; password: string };

const refused = (status: number, message: string): Refusal => new Refusal({ status, body: JSON.stringify({ message }) });

export class Panther extends Fake {
  readonly #path: string;
  readonly #auth: PantherAuth;
  readonly #stream: "json" | "lines";

  /** Lines are of the type JSON unless it is said that they are any text. */
  constructor(options: FakeOptions & { sourceId: string; auth: PantherAuth; stream?: "json" | "lines" }) {
    super(options);
    this.#path = `/http/${options.sourceId}`;
    this.#auth = options.auth;
    this.#stream = options.stream ?? "json";
  }

  protected answer({ method, path, headers, body, wireBytes }: Incoming): Reply {
    if (path !== this.#path) throw refused(404, "not found");
    if (method !== "POST") throw refused(405, "method not allowed");
    const ofHeaders = Object.entries(headers).reduce((sum, [name, value]) => sum + name.length + String(value).length + 4, 0);
    if (wireBytes + ofHeaders > MAX_REQUEST_BYTES) throw refused(413, "request too large");
    if (!this.#isAuthentic(headers, body)) throw refused(401, "unauthorized");
    if (utf8(body) === undefined) throw refused(400, "not UTF-8");
    const read = lines(body);
    if (read.length === 0) throw refused(400, "no events");
    const records = this.#stream === "lines" ? read : read.map(({ bytes }) => ({ bytes, value: json(bytes) }));
    if (this.#stream === "json" && !records.every(({ value }) => isObject(value))) throw refused(400, "a line is no JSON object");
    if (this.poisoned(records).length > 0) throw refused(400, "invalid event");
    this.keep(records);
    return { status: 200, body: "" };
  }

  #isAuthentic(headers: Incoming["headers"], body: Buffer): boolean {
    const auth = this.#auth;
    switch (auth.kind) {
      case "shared-secret":
        return headers[auth.header.toLowerCase()] === auth.secret;
      case "bearer":
        return headers.authorization === `Bearer ${auth.token}`;
      case "basic":
        return headers.authorization === `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString("base64")}`;
      case "hmac": {
        const given = Buffer.from(String(headers[auth.header.toLowerCase()] ?? ""));
        const digest = createHmac("sha256", auth.key).update(body);
        const hex = Buffer.from(digest.digest("hex"));
        return given.length === hex.length && timingSafeEqual(given, hex);
      }
    }
  }
}
