/** Access tokens of an authorization server (RFC 6749): given for a while, known until then or until they are revoked. */

import { randomBytes } from "node:crypto";

export class Tokens {
  /** How many have been given. */
  given = 0;
  readonly #lifetimeMs: number;
  readonly #ends = new Map<string, number>();

  constructor(lifetimeMs: number) {
    this.#lifetimeMs = lifetimeMs;
  }

  /** A new one, and for how many seconds. */
  give(nowMs: number): { token: string; seconds: number } {
    const token = randomBytes(24).toString("base64url");
    this.given += 1;
    this.#ends.set(token, nowMs + this.#lifetimeMs);
    return { token, seconds: Math.floor(this.#lifetimeMs / 1000) };
  }

  isKnown(authorization: string | undefined, nowMs: number): boolean {
    const token = /^Bearer (\S+)$/.exec(authorization ?? "")?.[1];
    return token !== undefined && nowMs < (this.#ends.get(token) ?? 0);
  }

  /** As if every token had ended by now. */
  expireAll(): void {
    this.#ends.clear();
  }
}

/** The parameters of a form (RFC 6749 appendix B), or `undefined` if one comes twice, which section 3.2 forbids. */
export function form(body: Buffer): Map<string, string> | undefined {
  const pairs = [...new URLSearchParams(body.toString("utf8"))];
  const map = new Map(pairs);
  return map.size === pairs.length ? map : undefined;
}
