// The address of the bundle that this becomes part of (bundles.mjs), which is CommonJS. Marked as pure, it is left out where it is not used.

export const bundleUrl = /* @__PURE__ */ (() => require("node:url").pathToFileURL(__filename).href)();
