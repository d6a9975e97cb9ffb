/** What an endpoint of the receiver makes of a request. */

import type { IncomingHttpHeaders } from "node:http";

export interface Incoming {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  /** Without its content encoding. */
  body: Buffer;
  nowMs: number;
}

export interface Reply {
  status: number;
  headers?: Record<string, string>;
  body: string;
}

/** One document of a batch. */
export interface Delivered {
  value: unknown;
  /** The document as it came, byte for byte. */
  bytes: () => Buffer;
  /** Time that the envelope gives, in seconds. */
  timeSeconds?: number;
}

export type Judgement =
  | { reply: Reply }
  | {
      documents: Delivered[];
      /** The answer if all of it is taken. */
      accept: () => Reply;
      /** The answer if the document with this index will never be taken. */
      reject: (index: number) => Reply;
    };

export interface Endpoint {
  judge(incoming: Incoming): Judgement;
}

export function jsonReply(status: number, document: unknown, headers: Record<string, string> = {}): Reply {
  return { status, headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(document) };
}
