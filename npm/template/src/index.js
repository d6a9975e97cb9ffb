// The Worker that pulls, decodes and delivers. What it does is in wrangler.toml, below [vars.EDGESIEM].
//
// `default` has the handlers of the cron and of HTTP, StreamObject is the class of the Durable Objects that run the
// streams. Both names are needed; wrangler.toml binds the class by its name.
export { default, StreamObject } from "edgesiem/worker";
