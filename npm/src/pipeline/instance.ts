/**
 * Instances of the module: the code is shared, each has a memory of its own.
 *
 * The core does not panic on input, but an instance that ran out of memory or stack is beyond repair. A trap in one of its tasks
 * rejects nothing by itself: without what is below, the call that caused it would never come back. Whatever matters is in the
 * store, so that the next call goes on from there with a fresh instance.
 */

import type { Pipeline as RawPipeline } from "../../pkg-pipeline/edgesiem_wasm_pipeline.js";
import { CoreStoppedError, fromCore } from "../errors.ts";
import makeGlue from "./glue.js";

export type { RawPipeline };

/** What the module exports. */
export type Glue = ReturnType<typeof makeGlue>;

/** One instance of the module and the object of `T` in it. */
export class Instance<T = RawPipeline> {
  readonly #glue: Glue;
  #object: T | undefined;
  /** Rejects each call that is under way. */
  readonly #underWay = new Set<(reason: unknown) => void>();
  #stopped: CoreStoppedError | undefined;

  private constructor() {
    const isStopped = (): boolean => this.isStopped;
    this.#glue = makeGlue(
      // It is known whose task it is that traps.
      (task) => queueMicrotask(() => this.#run(task)),
      // What nobody freed is freed when it is collected, but not in a memory that nothing can be said about.
      class<T> extends FinalizationRegistry<T> {
        constructor(free: (held: T) => void) {
          super((held) => void (isStopped() || free(held)));
        }
      },
    );
  }

  /** Makes an object in a fresh instance. Rejects with this package's errors: its configuration cannot be used. */
  static async open<T>(module: WebAssembly.Module, make: (glue: Glue) => T): Promise<Instance<T>> {
    const instance = new Instance<T>();
    try {
      await instance.#glue.default({ module_or_path: module });
      instance.#object = make(instance.#glue);
      return instance;
    } catch (error) {
      throw isTrap(error) ? stopped(error) : fromCore(error);
    }
  }

  /** Whether nothing of this instance runs any more. */
  get isStopped(): boolean {
    return this.#stopped !== undefined;
  }

  /** Calls the object. Rejects if it does, and with {@link CoreStoppedError} if the instance stops before the call ends. */
  async call<R>(work: (object: T) => R | Promise<R>): Promise<R> {
    const object = this.#object;
    if (this.#stopped !== undefined) throw this.#stopped;
    if (object === undefined) throw new Error("the instance was not opened");
    let reject: (reason: unknown) => void = () => undefined;
    const whenStopped = new Promise<never>((_, give) => (reject = give));
    this.#underWay.add(reject);
    try {
      return await Promise.race([whenStopped, (async () => work(object))()]);
    } catch (error) {
      if (isTrap(error)) throw this.#stop(error);
      throw fromCore(error);
    } finally {
      this.#underWay.delete(reject);
    }
  }

  /** Rejects what is under way. */
  #stop(error: unknown): CoreStoppedError {
    this.#stopped ??= stopped(error);
    for (const reject of this.#underWay) reject(this.#stopped);
    this.#underWay.clear();
    return this.#stopped;
  }

  /** The core's tasks report their errors themselves: what is thrown here is a trap. */
  #run(task: () => void): void {
    if (this.isStopped) return;
    try {
      task();
    } catch (error) {
      this.#stop(error);
    }
  }
}

function isTrap(error: unknown): boolean {
  return error instanceof WebAssembly.RuntimeError || error instanceof RangeError;
}

function stopped(error: unknown): CoreStoppedError {
  const reason = error instanceof Error ? error.message : String(error);
  return new CoreStoppedError(`the core stopped (${reason}); the checkpoint has not moved`, error);
}
