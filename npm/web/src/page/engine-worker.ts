/** The engine as a worker made of a Blob, because the page's policy lets nothing be fetched. */

export { default as EngineWorker } from "../engine/worker.ts?worker&inline";
