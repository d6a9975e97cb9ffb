/** The whole pipeline, the same that the Worker runs, over a store and a network of the caller's choice. */

export { AkamaiSiemClient, type AkamaiSiemClientOptions } from "./client.ts";
export type { EventClientOptions } from "./client-base.ts";
export type { Gap } from "./client-store.ts";
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
export {
  SecurityMonitorClient,
  type DataSource,
  type DataStore,
  type IdOrName,
  type Report,
  type ReportColumn,
  type ReportField,
  type ReportFilter,
  type ReportPack,
  type ReportQuery,
  type ReportSort,
  type SecurityMonitorClientOptions,
  type WaitReason,
} from "./security-monitor.ts";
export { TrendMicroCasClient, type TrendMicroCasClientOptions, type TrendMicroCasRegion } from "./trend-micro-client.ts";
export type { TrendMicroCasEvent } from "../types.ts";
export { runPipeline, type RunPipelineOptions } from "./run.ts";
