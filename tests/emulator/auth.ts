/** Checks an EdgeGrid signature by making it again with Akamai's own client. */

import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import type { ProblemName } from "./problems.ts";

export interface Credentials {
  clientToken: string;
  clientSecret: string;
  accessToken: string;
}

interface SignedRequest {
  headers: { Authorization: string };
}

/** The part of `akamai-edgegrid/src/auth.js` that is used here; the package ships no types for it. */
interface AkamaiAuth {
  generateAuth(
    request: { method: string; path: string; headers: Record<string, string> },
    clientToken: string,
    clientSecret: string,
    accessToken: string,
    host: string,
    maxBody: undefined,
    nonce: string,
    timestamp: string,
  ): SignedRequest;
}

const require = createRequire(import.meta.url);
// By file path: the package's `exports` offer only the client around it, which chooses time and nonce itself.
const akamai = require(join(dirname(require.resolve("akamai-edgegrid")), "src/auth.js")) as AkamaiAuth;

/** The signature's time may be this far from the server's clock (Akamai's EdgeGrid specification). */
export const WINDOW_MS = 30_000;

const HEADER =
  /^EG1-HMAC-SHA256 client_token=([^;]+);access_token=([^;]+);timestamp=(\d{4})(\d\d)(\d\d)T(\d\d):(\d\d):(\d\d)\+0000;nonce=([^;]+);signature=([A-Za-z0-9+/=]+)$/;

export class Authenticator {
  readonly #credentials: Credentials;
  readonly #nonces = new Map<string, number>();

  constructor(credentials: Credentials) {
    this.#credentials = credentials;
  }

  /** Name of the problem with a request without a body, or `undefined` if it may pass. */
  problem(authorization: string | undefined, method: string, host: string, target: string, nowMs: number): ProblemName | undefined {
    if (authorization === undefined) return "no-authorization";
    const match = HEADER.exec(authorization);
    if (match === null) return "malformed-authorization";
    const [, clientToken = "", accessToken = "", year, month, day, hour, minute, second, nonce = ""] = match;
    const signedAt = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
    if (!(Math.abs(signedAt - nowMs) <= WINDOW_MS)) return "invalid-timestamp";
    if (clientToken !== this.#credentials.clientToken) return "invalid-client-token";
    if (accessToken !== this.#credentials.accessToken) return "invalid-access-token";
    // Akamai's client signs what the URL class makes of a target; any other target cannot be compared.
    const parsed = new URL(target, "http://host");
    if (parsed.pathname + parsed.search !== target) return "invalid-target";
    const timestamp = `${year}${month}${day}T${hour}:${minute}:${second}+0000`;
    const isSigned = ["http", "https"].some((scheme) => this.#sign(method, `${scheme}://${host}`, target, nonce, timestamp) === authorization);
    if (!isSigned) return "invalid-signature";
    return this.#isUsed(nonce, nowMs) ? "invalid-nonce" : undefined;
  }

  #sign(method: string, origin: string, target: string, nonce: string, timestamp: string): string {
    const { clientToken, clientSecret, accessToken } = this.#credentials;
    const request = { method, path: target, headers: {} };
    return akamai.generateAuth(request, clientToken, clientSecret, accessToken, origin, undefined, nonce, timestamp).headers.Authorization;
  }

  /** Nonces are remembered for as long as their signature could be accepted again. */
  #isUsed(nonce: string, nowMs: number): boolean {
    for (const [old, at] of this.#nonces) {
      if (Math.abs(nowMs - at) > 2 * WINDOW_MS) this.#nonces.delete(old);
    }
    if (this.#nonces.has(nonce)) return true;
    this.#nonces.set(nonce, nowMs);
    return false;
  }
}
