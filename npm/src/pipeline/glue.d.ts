import type * as exports from "../../pkg-pipeline/edgesiem_wasm_pipeline.js";

/**
 * Makes what wasm-bindgen wrote anew, with all its variables: it keeps its instance in one of them. build.mjs makes the code.
 *
 * @param enqueue Stands in for `queueMicrotask`: the module's tasks go through it.
 * @param Registry Stands in for `FinalizationRegistry`.
 */
export default function makeGlue(enqueue?: (task: () => void) => void, Registry?: FinalizationRegistryConstructor): typeof exports;
