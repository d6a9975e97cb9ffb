/**
 * A `TransformStream` whose transformer may give many pieces for one chunk and is held back between them.
 *
 * The platform's own asks a transformer only before each chunk whether there is room: whatever one chunk becomes, it queues.
 */

/** What happens to chunks on their way. */
export interface Work<In, Out> {
  /** Called once, before the first chunk. */
  start(): Promise<void>;
  /** What a chunk becomes. A piece is asked for only when there is room for it. */
  chunk(chunk: In): Iterable<Out>;
  /** What comes after the last chunk. */
  end(): Iterable<Out>;
  /** Called after everything else or when somebody gave up, perhaps twice. */
  free(): void;
}

/** @param room How many pieces may wait to be read; 0 makes each piece wait for its reader. */
export function pumped<In, Out>(work: Work<In, Out>, room: number): { readable: ReadableStream<Out>; writable: WritableStream<In> } {
  let out!: ReadableStreamDefaultController<Out>;
  let input!: WritableStreamDefaultController;
  /** Somebody reads, and got nothing yet. */
  let isWanted = false;
  let wake: () => void = () => undefined;
  let isOver = false;

  const close = (): void => {
    if (isOver) return;
    isOver = true;
    wake();
    work.free();
  };
  const fail = (error: unknown): never => {
    close();
    out.error(error);
    throw error;
  };

  const give = async (pieces: Iterable<Out>): Promise<void> => {
    const iterator = pieces[Symbol.iterator]();
    for (;;) {
      while (!isOver && !isWanted && (out.desiredSize ?? 0) <= 0) await new Promise<void>((resolve) => (wake = resolve));
      if (isOver) return;
      const { value, done } = iterator.next();
      if (done === true) return;
      isWanted = false;
      out.enqueue(value);
    }
  };

  const readable = new ReadableStream<Out>(
    {
      start(controller) {
        out = controller;
      },
      pull() {
        isWanted = true;
        wake();
      },
      cancel(reason) {
        close();
        input.error(reason);
      },
    },
    { highWaterMark: room },
  );
  const writable = new WritableStream<In>({
    async start(controller) {
      input = controller;
      await work.start().catch(fail);
      // Somebody gave up meanwhile.
      if (isOver) work.free();
    },
    async write(chunk) {
      try {
        await give(work.chunk(chunk));
      } catch (error) {
        fail(error);
      }
    },
    async close() {
      try {
        await give(work.end());
      } catch (error) {
        fail(error);
      }
      if (isOver) return;
      close();
      out.close();
    },
    abort(reason) {
      close();
      out.error(reason);
    },
  });
  return { readable, writable };
}
