import type * as exports from "../../pkg/edgesiem_wasm.js";

/**
 * Makes what wasm-bindgen wrote anew, with all its variables: it keeps its instance in one of them. build.mjs makes the code.
 *
 * @param enqueue Stands in for `queueMicrotask`.
 * @param Registry Stands in for `FinalizationRegistry`.
 */
export default function makeGlue(enqueue?: (task: () => void) => void, Registry?: FinalizationRegistryConstructor): typeof exports;
