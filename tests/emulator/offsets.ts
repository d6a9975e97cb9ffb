/** Offset tokens: opaque to clients, checked when they come back. Their outline is that of real ones. */

import { createHash, createHmac, timingSafeEqual } from "node:crypto";

export interface Offset {
  /** The next event to deliver. */
  position: number;
  /** Number of the token, from 0. */
  sequence: number;
  /** Storage time at which it was issued, milliseconds. */
  issuedAtMs: number;
}

const PLAIN_BYTES = 16;
const NONCE_BYTES = 16;
const CHECK_BYTES = 32;

export class OffsetTokens {
  readonly #key: Buffer;
  #issued = 0;

  constructor(seed: number) {
    this.#key = createHash("sha256").update(`offset tokens of seed ${seed}`).digest();
  }

  /** Tokens issued so far. */
  get issued(): number {
    return this.#issued;
  }

  issue(position: number, issuedAtMs: number, configSet: string): string {
    const plain = Buffer.alloc(PLAIN_BYTES);
    plain.writeUIntBE(position, 0, 6);
    plain.writeUInt32BE(this.#issued, 6);
    plain.writeUIntBE(Math.floor(issuedAtMs), 10, 6);
    const nonce = this.#hmac(`nonce ${this.#issued}`).subarray(0, NONCE_BYTES);
    this.#issued += 1;
    const hidden = this.#xor(plain, nonce);
    const check = this.#check(configSet, nonce, hidden);
    return `${this.#label(configSet)};${Buffer.concat([nonce, hidden, check]).toString("base64url")}`;
  }

  /** `undefined` if the token is mangled or was issued for other configurations. */
  read(token: string, configSet: string): Offset | undefined {
    const [label, text = ""] = token.split(";", 2);
    const bytes = Buffer.from(text, "base64url");
    if (bytes.length !== NONCE_BYTES + PLAIN_BYTES + CHECK_BYTES) return undefined;
    // Decoding is lenient: what it passed over would make two tokens of one.
    if (label !== this.#label(configSet) || token !== `${label};${bytes.toString("base64url")}`) return undefined;
    const nonce = bytes.subarray(0, NONCE_BYTES);
    const hidden = bytes.subarray(NONCE_BYTES, NONCE_BYTES + PLAIN_BYTES);
    if (!timingSafeEqual(this.#check(configSet, nonce, hidden), bytes.subarray(NONCE_BYTES + PLAIN_BYTES))) return undefined;
    const plain = this.#xor(hidden, nonce);
    return { position: plain.readUIntBE(0, 6), sequence: plain.readUInt32BE(6), issuedAtMs: plain.readUIntBE(10, 6) };
  }

  /** The short beginning of a token: the same for a set of configurations. */
  #label(configSet: string): string {
    return this.#hmac(`set ${configSet}`).toString("hex").slice(0, 5);
  }

  #hmac(text: string | Buffer): Buffer {
    return createHmac("sha256", this.#key).update(text).digest();
  }

  #check(configSet: string, nonce: Buffer, hidden: Buffer): Buffer {
    return this.#hmac(Buffer.concat([Buffer.from(`check ${configSet} `), nonce, hidden]));
  }

  #xor(bytes: Buffer, nonce: Buffer): Buffer {
    const stream = this.#hmac(Buffer.concat([Buffer.from("stream "), nonce]));
    return Buffer.from(bytes.map((byte, k) => byte ^ (stream[k] ?? 0)));
  }
}
