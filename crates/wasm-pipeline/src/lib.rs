//! JavaScript as a host of the pipeline: what runs a stream in Node, Deno, Bun or a Worker of somebody's own.
//!
//! It also asks for reports on demand. It never decides anything: policy is the core's, and network, store, clock and places are the caller's, handed in as
//! one object (`PipelineHost`). `edgesiem-wasm` is the other module of the npm package, for those who only sign and decode.

mod body;
mod error;
mod host;
mod pipeline;
mod reports;
mod store;
