/** Bodies, and what becomes of them. */

const encoder = new TextEncoder();

/** Lines, each with a line feed behind it. */
export function pageOf(lines: readonly string[]): Uint8Array {
  return encoder.encode(lines.map((line) => `${line}\n`).join(""));
}

/** The text of pieces together. */
export function textOf(pieces: readonly Uint8Array[]): string {
  const decoder = new TextDecoder();
  return pieces.map((piece) => decoder.decode(piece, { stream: true })).join("") + decoder.decode();
}

/** An event with so many rules; by rule it becomes so many documents, and each has its headers, of `headerBytes`. */
export function eventWithRules(count: number, headerBytes = 0): string {
  const rules = Array.from({ length: count }, (_, number) => btoa(String(950_000 + number))).join("%3b");
  return JSON.stringify({ type: "akamai_siem", attackData: { rules }, httpMessage: { start: "1491303422", host: "www.example.com", ...(headerBytes > 0 ? { requestHeaders: `X-Pad%3a%20${"x".repeat(headerBytes)}` } : {}) } });
}

/** A body in chunks of `size` bytes. */
export function* chunks(body: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < body.length; at += size) yield body.subarray(at, at + size);
}

/** Writes chunks to a stream and closes it, reading all that comes out meanwhile. */
export async function through<Out>(stream: TransformStream<Uint8Array, Out>, input: Iterable<Uint8Array>): Promise<Out[]> {
  const writer = stream.writable.getWriter();
  const write = async (): Promise<void> => {
    for (const chunk of input) await writer.write(chunk);
    await writer.close();
  };
  const read = async (): Promise<Out[]> => {
    const out: Out[] = [];
    const reader = stream.readable.getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) out.push(next.value);
    return out;
  };
  // Both fail if the stream does; the reader's error is the one to show.
  const writing = write();
  writing.catch(() => undefined);
  const out = await read();
  await writing;
  return out;
}

/** What the reader and the writer of a stream meet that does not get to its end. */
export async function failures(stream: TransformStream<Uint8Array, unknown>, input: Iterable<Uint8Array>): Promise<unknown[]> {
  const [reader, writer] = [stream.readable.getReader(), stream.writable.getWriter()];
  const outcomes = await Promise.allSettled([
    (async () => {
      while (!(await reader.read()).done);
    })(),
    (async () => {
      for (const chunk of input) await writer.write(chunk);
      await writer.close();
    })(),
  ]);
  return outcomes.map((outcome) => (outcome.status === "rejected" ? outcome.reason : undefined));
}

/** Lets everything run that can run without anybody doing anything more. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setTimeout(resolve));
}
