/** Requests of a pipeline whose reader takes its time. */

/** A source that sends nothing for so long while it is asked to is given up. */
const SILENT_MS = 60_000;

/**
 * A `fetch` for a consumer that may be slower than a request's time limit: until the answer begins the limit holds; from then on the
 * source has to send something within a minute whenever it is read from, however long the pauses between reads are. `end` breaks
 * everything off.
 */
export function patientFetch(send: (url: string, init: RequestInit) => Promise<Response>, end: AbortSignal): (url: string, init: RequestInit) => Promise<Response> {
  return async (url, init) => {
    const own = init.signal ?? undefined;
    const controller = new AbortController();
    const onEnd = (): void => controller.abort(end.reason);
    const onOwn = (): void => controller.abort(own?.reason);
    if (end.aborted) onEnd();
    end.addEventListener("abort", onEnd);
    own?.addEventListener("abort", onOwn);
    const release = (): void => end.removeEventListener("abort", onEnd);
    try {
      const response = await send(url, { ...init, signal: controller.signal });
      if (response.body === null) {
        release();
        return response;
      }
      const { status, statusText, headers } = response;
      return new Response(unhurried(response.body.getReader(), controller, release), { status, statusText, headers });
    } catch (error) {
      release();
      throw error;
    } finally {
      own?.removeEventListener("abort", onOwn);
    }
  };
}

function unhurried(reader: ReadableStreamDefaultReader<Uint8Array>, controller: AbortController, release: () => void): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(stream) {
        const timer = setTimeout(() => controller.abort(new DOMException("the source sent nothing for a minute", "TimeoutError")), SILENT_MS);
        try {
          const { done, value } = await reader.read();
          if (!done) return stream.enqueue(value);
          release();
          stream.close();
        } catch (error) {
          release();
          throw error;
        } finally {
          clearTimeout(timer);
        }
      },
      cancel(reason) {
        release();
        return reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
