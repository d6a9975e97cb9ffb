/**
 * The whole Worker, built: it pulls the streams of `[vars.EDGESIEM]`, decodes and delivers them.
 *
 * Nothing is to be called. Export both names from the entry of your Worker; wrangler.toml binds the rest.
 *
 * @example
 * ```js
 * export { default, StreamObject } from "edgesiem/worker";
 * ```
 */
declare const worker: {
  /** The cron's. Rejects if a stream failed, so that the platform counts the event as failed. */
  scheduled(controller: unknown, env: unknown, context?: unknown): Promise<void>;
  /** `/healthz`, and with the token of the secret `ADMIN_TOKEN` the paths of the operator. */
  fetch(request: Request, env: unknown, context?: unknown): Promise<Response>;
};
export default worker;

/**
 * The class of the Durable Objects: one runs each stream and keeps where it stands.
 *
 * Bind it as `EDGESIEM_STREAM` and name it in a migration (`new_sqlite_classes = ["StreamObject"]`).
 */
export declare class StreamObject {
  constructor(state: unknown, env: unknown);
  /** For the Worker alone. */
  fetch(request: Request): Promise<Response>;
  /** Goes on with a stream that is behind, and comes back after a run that was killed. Never rejects. */
  alarm(): Promise<void>;
}
