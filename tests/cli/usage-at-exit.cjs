// Preloaded into a program under test: when it ends, it writes its highest resident set (kB) and how long it ran (ms) to the file USAGE_FILE.
const { writeFileSync } = require("node:fs");
process.on("exit", () => {
  writeFileSync(process.env.USAGE_FILE, JSON.stringify({ maxRssKb: process.resourceUsage().maxRSS, wallMs: performance.now() }));
});
