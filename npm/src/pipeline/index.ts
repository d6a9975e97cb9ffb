/** The whole pipeline, the same that the Worker runs, over a store and a network of the caller's choice. */

export { AkamaiSiemClient, type AkamaiSiemClientOptions, type Gap } from "./client.ts";
export type { HostOptions, PipelineHost, PipelineStore, WriteAnswer, WriteRequest } from "./host.ts";
export { MemoryStore } from "./memory-store.ts";
export { Pipeline, type AnyConfig, type ReplayWindow, type RunOptions } from "./pipeline.ts";
export type {
  CheckReport,
  Finding,
  LetterKey,
  Letters,
  Operation,
  RunError,
  RunReport,
  RunSummary,
  SinkReport,
  StreamInfo,
} from "./reports.ts";
export { runPipeline, type RunPipelineOptions } from "./run.ts";
