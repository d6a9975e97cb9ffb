/** `POST /webhook`: Standard Webhooks (specification of the standard-webhooks project), symmetric signatures. */

import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { jsonReply, type Delivered, type Endpoint, type Incoming, type Judgement } from "./delivery.ts";
import { elements, member } from "./json-spans.ts";

const TOLERANCE_SECONDS = 300;

/** `v1,` and the signature in base64; `secret` begins with `whsec_`. */
export function signWebhook(secret: string, id: string, timestamp: string, body: Buffer): string {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  return `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest("base64")}`;
}

function areEqual(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

export class WebhookEndpoint implements Endpoint {
  readonly counters = { signatureFailures: 0, repeatedIds: 0, conflictingIds: 0 };
  readonly #secret: string;
  readonly #bodies = new Map<string, string>();

  constructor(secret: string) {
    this.#secret = secret;
  }

  judge({ method, headers, body, nowMs }: Incoming): Judgement {
    if (method !== "POST") return { reply: jsonReply(405, { error: "POST only" }) };
    const id = String(headers["webhook-id"] ?? "");
    const timestamp = String(headers["webhook-timestamp"] ?? "");
    const signatures = String(headers["webhook-signature"] ?? "").split(" ");
    const expected = signWebhook(this.#secret, id, timestamp, body);
    const isCurrent = /^\d+$/.test(timestamp) && Math.abs(nowMs / 1000 - Number(timestamp)) <= TOLERANCE_SECONDS;
    if (id === "" || !isCurrent || !signatures.some((signature) => areEqual(signature, expected))) {
      this.counters.signatureFailures += 1;
      return { reply: jsonReply(401, { error: isCurrent ? "the signature does not match" : "the timestamp is missing or not current" }) };
    }

    const documents = readDocuments(body);
    if (documents === undefined) return { reply: jsonReply(400, { error: "the body is not an edgesiem.events message" }) };
    return {
      documents,
      accept: () => {
        this.#remember(id, body);
        return { status: 204, body: "" };
      },
      reject: (index) => jsonReply(400, { error: `event ${index} is not acceptable` }),
    };
  }

  /** The id stays the same when a message is repeated, and stands for the same message. */
  #remember(id: string, body: Buffer): void {
    const digest = createHash("sha256").update(body).digest("base64");
    const known = this.#bodies.get(id);
    if (known !== undefined) this.counters.repeatedIds += 1;
    if (known !== undefined && known !== digest) this.counters.conflictingIds += 1;
    this.#bodies.set(id, digest);
  }
}

function readDocuments(body: Buffer): Delivered[] | undefined {
  let message: { type?: unknown; timestamp?: unknown; data?: unknown };
  try {
    message = JSON.parse(body.toString("utf8")) as typeof message;
  } catch {
    return undefined;
  }
  if (message?.type !== "edgesiem.events" || typeof message.timestamp !== "string" || !Array.isArray(message.data)) return undefined;
  // Found only when somebody compares bytes.
  let spans: { start: number; end: number }[] | undefined;
  return message.data.map((value: unknown, index) => ({
    value,
    bytes: () => {
      spans ??= elements(body, member(body, body.indexOf("{"), "data")?.start ?? body.length);
      const span = spans[index];
      return body.subarray(span?.start, span?.end);
    },
  }));
}
