/** The engine as in engine-worker.ts, with a core that needs no SIMD. */

export { default as EngineWorker } from "../engine/worker-scalar.ts?worker&inline";
