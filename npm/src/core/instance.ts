/** Instances of the module: the code is shared and compiled once, the memory is each one's own. */

import { CoreStoppedError, EdgeSiemError, fromCore } from "../errors.ts";
import makeGlue from "./glue.js";

/** What wasm-bindgen made of crates/wasm. */
export type Glue = ReturnType<typeof makeGlue>;

/** An idle instance with more memory than this is replaced: the memory of an instance never shrinks. In bytes. */
const KEPT_BYTES = 32 * 2 ** 20;

/** One instance, until it stops. */
export class Instance {
  readonly #glue: Glue;
  #memory: WebAssembly.Memory | undefined;
  #stopped: CoreStoppedError | undefined;
  /** Decoders that live in its memory. */
  #decoders = 0;

  private constructor() {
    this.#glue = makeGlue(queueMicrotask, registryUntil(() => this.isStopped));
  }

  /** An instance of a module. What takes long, compiling, is done already. */
  static open(module: WebAssembly.Module): Instance {
    const instance = new Instance();
    instance.#memory = instance.#glue.initSync({ module }).memory;
    return instance;
  }

  /** Whether nothing of it runs any more. */
  get isStopped(): boolean {
    return this.#stopped !== undefined;
  }

  /** Whether another one should take its place. */
  get isSpent(): boolean {
    if (this.isStopped) return true;
    return this.#decoders === 0 && (this.#memory?.buffer.byteLength ?? 0) > KEPT_BYTES;
  }

  /** @throws What the module throws, as one of this package's errors; {@link CoreStoppedError} if it stops or has stopped. */
  call<T>(work: (glue: Glue) => T): T {
    if (this.#stopped !== undefined) throw this.#stopped;
    try {
      return work(this.#glue);
    } catch (thrown) {
      const error = fromCore(thrown);
      if (error instanceof EdgeSiemError) throw error;
      // Anything else left the module in the middle of its work, a trap as well as what a getter of an argument throws.
      const reason = thrown instanceof Error ? thrown.message : String(thrown);
      this.#stopped = new CoreStoppedError(`the core stopped (${reason})`, thrown);
      throw this.#stopped;
    }
  }

  /** Something that lives in this memory was made. */
  retain(): void {
    this.#decoders += 1;
  }

  /** It was freed. */
  release(): void {
    this.#decoders -= 1;
  }
}

/** Objects that nobody freed are freed when they are collected, but not in a memory of which nothing is known any more. */
function registryUntil(isStopped: () => boolean): FinalizationRegistryConstructor | undefined {
  // workerd has none with compatibility dates before 2025-05-05.
  if (typeof FinalizationRegistry === "undefined") return undefined;
  return class<T> extends FinalizationRegistry<T> {
    constructor(free: (held: T) => void) {
      super((held) => {
        if (!isStopped()) free(held);
      });
    }
  };
}
