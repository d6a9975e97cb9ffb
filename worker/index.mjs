// The Worker's entry: starts the core, forwards the two events, and starts a fresh core after a trap.
//
// The core does not panic on input, but an instance that ran out of memory or stack is beyond repair. A trap
// inside of a task rejects nothing by itself: without the listeners below, the run that caused it would hang
// until the platform ends it. Whatever matters is in the store, so the next run goes on from there.

import module from "./pkg/edgesiem_worker_bg.wasm";
import * as core from "./pkg/edgesiem_worker.js";

core.initSync({ module });

/** Rejects each call that is under way. */
const underWay = new Set();

function forward(call) {
  return new Promise((resolve, reject) => {
    underWay.add(reject);
    Promise.resolve()
      .then(call)
      .then(resolve, reject)
      .finally(() => underWay.delete(reject));
  });
}

function onUncaught(error) {
  if (!(error instanceof WebAssembly.RuntimeError) && !(error instanceof RangeError)) return;
  console.error(JSON.stringify({ event: "trap", message: String(error.message) }));
  core.__wbg_reset_state();
  const failed = new Error(`the core stopped (${error.message}); a fresh one is ready, the checkpoint has not moved`);
  for (const reject of underWay) reject(failed);
  underWay.clear();
}

addEventListener("error", (event) => onUncaught(event.error));
addEventListener("unhandledrejection", (event) => onUncaught(event.reason));

export default {
  scheduled: (controller, env, context) => forward(() => core.scheduled(controller, env, context)),
  fetch: (request, env, context) => forward(() => core.fetch(request, env, context)),
};
