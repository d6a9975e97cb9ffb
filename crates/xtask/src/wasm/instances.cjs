// Turns the ES module that wasm-bindgen wrote into a function that makes all its variables anew at each call.
//
//     node instances.cjs ESBUILD MODULE OUTPUT
//
// The core queues its tasks through the function's parameter, which hides the runtime's function of the same name,
// so whoever hands it in knows whose task it is that traps.

const [, , esbuild, entry, outfile] = process.argv;

require(esbuild).buildSync({
  entryPoints: [entry],
  outfile,
  bundle: true,
  format: "iife",
  globalName: "instance",
  target: "esnext",
  banner: { js: "export default (queueMicrotask) => {" },
  footer: { js: "return instance; };" },
  logLevel: "warning",
  // It only serves to find the module where nobody hands it in.
  logOverride: { "empty-import-meta": "silent" },
});
