/** What `fetch` makes of a request, which is what has to be signed. */

import type { SigningRequest } from "../types.ts";
import { invalidArgument } from "./bytes.ts";

/** The request as it is sent, in the core's terms. */
export async function sentRequest(request: SigningRequest | Request | URL | string): Promise<SigningRequest> {
  if (typeof request === "string" || request instanceof URL) return { url: sentUrl(String(request)) };
  if (isRequest(request)) {
    const { method, url, headers } = request;
    const signed: SigningRequest = { method, url: sentUrl(url), headers: [...headers] };
    // Of other methods EdgeGrid signs no body. A copy, so that the request can still be sent.
    if (method === "POST" && request.body !== null) signed.body = new Uint8Array(await request.clone().arrayBuffer());
    return signed;
  }
  if (typeof request !== "object" || request === null) {
    throw invalidArgument("request", "needs a Request, a URL, or an object with `url`", "pass what you are going to send");
  }
  return { ...request, url: sentUrl(request.url) };
}

/** One of another realm is no instance of this one's class. */
function isRequest(value: object | null): value is Request {
  return typeof value === "object" && value !== null && "clone" in value && "arrayBuffer" in value && "headers" in value;
}

/** A path stays a path: the host is the credentials'. */
function sentUrl(url: unknown): string {
  if (typeof url !== "string") throw invalidArgument("request.url", "needs a string", "pass an absolute URL or a path");
  const isPath = url.startsWith("/");
  let parsed: URL;
  try {
    parsed = new URL(isPath ? `https://path.invalid${url}` : url);
  } catch {
    throw invalidArgument("request.url", "is not an absolute URL, nor a path that begins with /", "pass what you are going to send");
  }
  // A fragment is never sent.
  parsed.hash = "";
  return isPath ? parsed.href.slice(parsed.origin.length) : parsed.href;
}
