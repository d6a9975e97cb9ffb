/**
 * `fetch` over Node's own HTTP client, as far as a pipeline needs it.
 *
 * Node's global one ends the process, past every handler, when a server closes the connection while the body waits for a slow
 * reader, which is what a page that was cut does to us (https://github.com/nodejs/undici/issues/5360, in Node 22 and 24).
 */

import type { ClientRequest, IncomingMessage } from "node:http";
import type { Readable, Transform } from "node:stream";

/** Node's modules that this needs. They are handed in, so that bundles for other platforms name none. */
export interface NodeModules {
  http: Pick<typeof import("node:http"), "request">;
  https: Pick<typeof import("node:https"), "request">;
  zlib: Pick<typeof import("node:zlib"), "createGunzip" | "createInflate">;
  stream: Pick<typeof import("node:stream"), "pipeline">;
}

/** Statuses whose answers have no body, which a `Response` insists on. */
const WITHOUT_BODY: ReadonlySet<number> = new Set([204, 205, 304]);

/**
 * Sends a request and gives its answer. Redirects are answers. Of `init` it heeds `method`, `headers`, `body` (a `Uint8Array`) and
 * `signal`, which also breaks the body off.
 */
export function nodeFetch(node: NodeModules): (url: string, init: RequestInit) => Promise<Response> {
  return (url, init) =>
    new Promise((resolve, reject) => {
      const { signal } = init;
      if (signal?.aborted === true) return reject(signal.reason);
      const request = (url.startsWith("https:") ? node.https : node.http).request(url, { method: init.method ?? "GET" });
      // Once there is an answer, its body listens itself, and rejecting does nothing any more.
      const done = (): void => signal?.removeEventListener("abort", onAbort);
      const fail = (error: unknown): void => {
        done();
        reject(signal?.aborted === true ? signal.reason : error);
      };
      const onAbort = (): void => {
        request.destroy(signal?.reason instanceof Error ? signal.reason : new Error("aborted"));
        // A request that was destroyed before says nothing.
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      request.on("error", fail);
      // Without a listener Node closes the connection and tells nobody, and an answer to this is none to what was asked.
      request.once("upgrade", (_message, socket) => {
        socket.destroy();
        fail(new Error("the server switched protocols"));
      });
      request.once("response", (message) => {
        try {
          resolve(answer(node, request, message, signal ?? undefined, done));
        } catch (error) {
          request.destroy();
          fail(error);
        }
      });
      send(request, init);
    });
}

function send(request: ClientRequest, { headers, body }: RequestInit): void {
  for (const [name, value] of new Headers(headers)) request.setHeader(name, value);
  if (!request.hasHeader("accept-encoding")) request.setHeader("accept-encoding", "gzip, deflate");
  if (!request.hasHeader("user-agent")) request.setHeader("user-agent", "edgesiem");
  if (body === undefined || body === null) request.end();
  else if (body instanceof Uint8Array) request.end(body);
  else request.destroy(new TypeError("the body is no Uint8Array"));
}

/** @param done Called when the body has ended, however it did. */
function answer(node: NodeModules, request: ClientRequest, message: IncomingMessage, signal: AbortSignal | undefined, done: () => void): Response {
  // An error that nobody listens to would end the process; whoever reads gets it from the iteration.
  message.on("error", () => undefined);
  const status = message.statusCode ?? 0;
  const headers = new Headers();
  for (let at = 0; at + 1 < message.rawHeaders.length; at += 2) headers.append(message.rawHeaders[at] ?? "", message.rawHeaders[at + 1] ?? "");
  if (WITHOUT_BODY.has(status)) {
    message.resume();
    done();
    return new Response(null, { status, headers });
  }
  const body = unpacked(node, message, headers);
  const chunks = body[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  const end = (): void => {
    done();
    body.destroy();
    // A connection whose answer was not read to its end is of no more use.
    if (!message.complete) request.destroy();
  };
  const stream = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const next = await chunks.next();
          if (next.done !== true) return controller.enqueue(next.value);
          done();
          controller.close();
        } catch (error) {
          end();
          throw signal?.aborted === true ? signal.reason : error;
        }
      },
      cancel: end,
    },
    { highWaterMark: 0 },
  );
  return new Response(stream, { status, headers });
}

/** The body as it was before it was compressed; an error of it if nothing here unpacks it, which the caller would take for content. */
function unpacked({ zlib, stream }: NodeModules, message: IncomingMessage, headers: Headers): Readable {
  // Names of codings have no case, and some servers name the absence of one (RFC 9110, section 8.4).
  const codings = (headers.get("content-encoding") ?? "").toLowerCase().split(",").map((coding) => coding.trim());
  const [coding, ...others] = codings.filter((coding) => coding !== "" && coding !== "identity");
  if (coding === undefined || headers.get("content-length") === "0") return message;
  const unpack = others.length > 0 ? undefined : UNPACK.get(coding)?.(zlib);
  // What goes wrong with either is an error of the result.
  if (unpack !== undefined) return stream.pipeline(message, unpack, () => undefined);
  return message.destroy(new Error("the answer is compressed in a way that was not asked for"));
}

const UNPACK: ReadonlyMap<string, (zlib: NodeModules["zlib"]) => Transform> = new Map([
  ["gzip", (zlib) => zlib.createGunzip()],
  ["x-gzip", (zlib) => zlib.createGunzip()],
  ["deflate", (zlib) => zlib.createInflate()],
]);
