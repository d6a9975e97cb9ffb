/** Stands between the Worker and a receiver and remembers what each said. */

import { createServer, request as send, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";

export interface Exchange {
  method: string;
  target: string;
  headers: IncomingHttpHeaders;
  /** Without its content encoding. */
  body: Buffer;
  status: number;
  answer: string;
}

export class Proxy {
  readonly url: string;
  readonly exchanges: Exchange[] = [];
  /** Larger bodies get 413, as sent. */
  maxBodyBytes = Infinity;
  /** Answers that the next requests get instead of the receiver's. */
  readonly instead: { status: number; headers?: Record<string, string>; body?: string }[] = [];
  readonly #close: () => Promise<void>;

  constructor(url: string, close: () => Promise<void>) {
    this.url = url;
    this.#close = close;
  }

  /** Forgets what it has seen and returns it. */
  take(): Exchange[] {
    return this.exchanges.splice(0);
  }

  close(): Promise<void> {
    return this.#close();
  }
}

export async function startProxy(receiver: string): Promise<Proxy> {
  const { port } = new URL(receiver);
  const server = createServer(async (incoming, outgoing) => {
    const body = await buffer(incoming);
    const exchange: Exchange = {
      method: incoming.method ?? "",
      target: incoming.url ?? "",
      headers: incoming.headers,
      body: incoming.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body,
      status: 0,
      answer: "",
    };
    proxy.exchanges.push(exchange);
    const own = body.length > proxy.maxBodyBytes ? { status: 413 } : proxy.instead.shift();
    const reply = own === undefined ? await forward(port, incoming, body).catch(unreachable) : { headers: {}, body: "", ...own };
    Object.assign(exchange, { status: reply.status, answer: reply.body.toString() });
    outgoing.writeHead(reply.status, reply.headers);
    outgoing.end(reply.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const proxy = new Proxy(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  });
  return proxy;
}

function unreachable(error: Error): { status: number; headers: IncomingHttpHeaders; body: string } {
  return { status: 502, headers: {}, body: `the receiver gave no answer: ${error.message}` };
}

/** With the headers untouched, that of the host included: a signature may be over them. */
function forward(port: string, incoming: IncomingMessage, body: Buffer): Promise<{ status: number; headers: IncomingHttpHeaders; body: Buffer }> {
  const { method, url: path, headers } = incoming;
  return new Promise((resolve, reject) => {
    const request = send({ agent: false, host: "127.0.0.1", port, method, path, headers: { ...headers, connection: "close" } }, (response) => {
      buffer(response).then((answer) => {
        const { "transfer-encoding": _, connection: __, ...rest } = response.headers;
        resolve({ status: response.statusCode ?? 0, headers: rest, body: answer });
      }, reject);
    });
    request.once("error", reject);
    request.end(body);
  });
}
