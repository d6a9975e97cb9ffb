// Instances of the core: the code is shared, each has a memory of its own.
//
// The core does not panic on input, but an instance that ran out of memory or stack is beyond repair. A trap in
// one of its tasks rejects nothing by itself: without what is below, the call that caused it would hang until
// the platform ends it. Whatever matters is in the store, so the next call goes on from there with a fresh instance.

import module from "./pkg/edgesiem_worker_bg.wasm";
import glue from "./pkg/edgesiem_worker.js";

/** Past so much memory an instance is given up when it is idle: memory never shrinks. */
const KEPT_BYTES = 8 * 2 ** 20;

/** All instances that are still in use somewhere. Weak: an object that is evicted says no goodbye. */
const instances = new Set();

function* all() {
  for (const reference of instances) {
    const instance = reference.deref();
    if (instance === undefined) instances.delete(reference);
    else yield instance;
  }
}

/** What all instances hold. */
export function memoryBytes() {
  let sum = 0;
  for (const { memory } of all()) sum += memory.buffer.byteLength;
  return sum;
}

class Instance {
  /** Rejects each call that is under way. */
  #underWay = new Set();
  #reference = new WeakRef(this);
  #exports;
  memory;

  constructor() {
    this.#exports = glue((task) => queueMicrotask(() => this.#run(task)));
    this.memory = this.#exports.initSync({ module }).memory;
    instances.add(this.#reference);
  }

  get stopped() {
    return !instances.has(this.#reference);
  }

  get idle() {
    return this.#underWay.size === 0;
  }

  /** Whether a fresh instance should take its place. */
  get worn() {
    return this.memory.buffer.byteLength > KEPT_BYTES || this.#exports.is_spent();
  }

  async call(name, args) {
    const { promise: stopped, reject } = Promise.withResolvers();
    this.#underWay.add(reject);
    try {
      return await Promise.race([stopped, (async () => this.#exports[name](...args))()]);
    } catch (error) {
      if (isTrap(error)) this.stop(error);
      throw error;
    } finally {
      this.#underWay.delete(reject);
    }
  }

  /** Rejects what is under way; nothing of this instance runs any more. */
  stop(error) {
    this.release();
    if (this.idle) return;
    console.error(JSON.stringify({ event: "trap", message: String(error.message) }));
    const failed = new Error(`the core stopped (${error.message}); the next call gets a fresh one, the checkpoint has not moved`);
    for (const reject of this.#underWay) reject(failed);
    this.#underWay.clear();
  }

  release() {
    instances.delete(this.#reference);
  }

  /** The core's tasks report their errors themselves: what is thrown here is a trap, and whose it is, is known. */
  #run(task) {
    if (this.stopped) return;
    try {
      task();
    } catch (error) {
      this.stop(error);
    }
  }
}

function isTrap(error) {
  return error instanceof WebAssembly.RuntimeError || error instanceof RangeError;
}

/** A trap in a callback of the runtime's own does not say whose it is. */
function onUncaught(error) {
  if (!isTrap(error)) return;
  for (const instance of all()) if (!instance.idle) instance.stop(error);
}

addEventListener("error", (event) => onUncaught(event.error));
addEventListener("unhandledrejection", (event) => onUncaught(event.reason));

/** A core for as long as its owner lives, whatever happens to its instances. */
export class Core {
  #instance;

  get memoryBytes() {
    return this.#instance?.memory.buffer.byteLength ?? 0;
  }

  /** Calls one of the core's exports; rejects if it does, and if the core stops before it ends. */
  async call(name, ...args) {
    if (this.#instance === undefined || this.#instance.stopped) this.#instance = new Instance();
    const instance = this.#instance;
    try {
      return await instance.call(name, args);
    } finally {
      if (instance === this.#instance && instance.idle && !instance.stopped && instance.worn) {
        instance.release();
        this.#instance = undefined;
      }
    }
  }
}
