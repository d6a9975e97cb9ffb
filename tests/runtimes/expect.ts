/** Assertions for every runtime: Node's are not everywhere. */

export class Failed extends Error {}

/** Throws unless `held` is true. */
export function ok(held: unknown, message: string): asserts held {
  if (held !== true) throw new Failed(message);
}

/** Throws unless both are the same, deeply. */
export function equal(actual: unknown, expected: unknown, message = ""): void {
  if (!same(actual, expected)) throw new Failed(`${message}${message === "" ? "" : ": "}expected ${shown(expected)}, got ${shown(actual)}`);
}

/** What `call` throws or rejects with; throws itself if it does neither. */
export async function thrownBy(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  throw new Failed("nothing was thrown");
}

function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  if (a instanceof Uint8Array || b instanceof Uint8Array) {
    return a instanceof Uint8Array && b instanceof Uint8Array && a.length === b.length && a.every((byte, at) => byte === b[at]);
  }
  const [left, right] = [a, b].map((value) => Object.entries(value).filter(([, member]) => member !== undefined));
  if (left === undefined || right === undefined || left.length !== right.length) return false;
  return left.every(([name, value]) => Object.hasOwn(b, name) && same(value, (b as Record<string, unknown>)[name]));
}

function shown(value: unknown): string {
  const text = value instanceof Error ? `${value.name}: ${value.message}` : (JSON.stringify(value) ?? String(value));
  return text.length > 600 ? `${text.slice(0, 600)}…` : text;
}
