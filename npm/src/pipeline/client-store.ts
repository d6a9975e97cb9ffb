/** What a client's stream has to remember, in memory. */

import type { PipelineStore } from "./host.ts";
import { MemoryStore } from "./memory-store.ts";

/** Events that the source no longer had when it was asked. */
export interface Gap {
  /** When it was noticed, milliseconds since 1970. */
  detected_at: number;
  /** Why, in words. */
  reason: string;
  /** Time of the last event before it, if it is known. */
  last_event_at: number | null;
  /** From when on events were asked for again. */
  resumed_from: number;
}

/** What a client wants to be told, and where its stream begins. */
export interface ObservedStoreOptions {
  cursor: unknown;
  onGap: ((gap: Gap) => void) | undefined;
  onRejected: ((line: Readonly<Record<string, unknown>>) => void) | undefined;
}

/** A store in memory that notices what concerns the client. */
export class ObservedStore implements PipelineStore {
  readonly exact = true;
  readonly #entries = new MemoryStore();
  readonly #stream: string;
  readonly #options: ObservedStoreOptions;
  /** The source's bookmark. */
  cursor: unknown;
  rejected = 0;

  constructor(stream: string, options: ObservedStoreOptions) {
    this.#stream = stream;
    this.#options = options;
    this.cursor = options.cursor;
    // The mark of a reset is how a stream is told to begin at a bookmark.
    if (options.cursor !== undefined) void this.#entries.put(`reset/${stream}`, JSON.stringify({ at: Date.now(), from: options.cursor }));
  }

  get(key: string): Promise<string | undefined> {
    return this.#entries.get(key);
  }

  async put(key: string, value: string, ttlSeconds?: number): Promise<void> {
    if (key.startsWith("dead-letter/")) {
      // Kept nowhere: they would add up in memory, and whoever wants them gets them here.
      this.rejected += 1;
      this.#options.onRejected?.(JSON.parse(value) as Record<string, unknown>);
      return;
    }
    await this.#entries.put(key, value, ttlSeconds);
    if (key.startsWith("gap/")) this.#options.onGap?.(JSON.parse(value) as Gap);
    if (key !== `checkpoint/${this.#stream}`) return;
    const { checkpoint } = JSON.parse(value) as { checkpoint?: { cursor?: unknown } };
    this.cursor = checkpoint?.cursor ?? this.cursor;
  }

  delete(key: string): Promise<void> {
    return this.#entries.delete(key);
  }

  list(prefix: string, limit: number, cursor?: string): Promise<{ keys: string[]; cursor?: string }> {
    return this.#entries.list(prefix, limit, cursor);
  }
}
