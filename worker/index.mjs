// The Worker's entry: the two events, and the class of the Durable Objects.

import { Core } from "./core.mjs";

export { StreamObject } from "./object.mjs";

const core = new Core();

export default {
  scheduled: (controller, env) => core.call("handle_scheduled", env),
  fetch: (request, env) => core.call("handle_fetch", request, env),
};
