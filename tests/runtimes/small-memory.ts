/** A module of WebAssembly whose memory cannot grow far, so that it can be exhausted. */

const MEMORY_SECTION = 5;
const HEADER_BYTES = 8;

/** The same module with a memory that has at most `spare` pages (of 64 KiB) more than it begins with. */
export function smallMemory(wasm: Uint8Array, spare: number): Uint8Array<ArrayBuffer> {
  for (let at = HEADER_BYTES; at < wasm.length; ) {
    const id = wasm[at];
    const size = readVarint(wasm, at + 1);
    const end = size.next + size.value;
    if (id === MEMORY_SECTION) {
      const count = readVarint(wasm, size.next);
      const flags = readVarint(wasm, count.next);
      const pages = readVarint(wasm, flags.next);
      if (count.value !== 1 || flags.value !== 0) throw new Error("the module has another kind of memory than these tests expect");
      const body = [1, 1, ...varint(pages.value), ...varint(pages.value + spare)];
      return Uint8Array.from([...wasm.subarray(0, at), MEMORY_SECTION, ...varint(body.length), ...body, ...wasm.subarray(end)]);
    }
    at = end;
  }
  throw new Error("the module has no memory of its own");
}

function readVarint(bytes: Uint8Array, at: number): { value: number; next: number } {
  let value = 0;
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = bytes[at] ?? 0;
    at += 1;
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return { value, next: at };
  }
  throw new Error("a number in the module is too long");
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push((value % 0x80) + 0x80);
  return [...bytes, value];
}
