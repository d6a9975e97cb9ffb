/** What each document may do. The policies stand in the documents themselves, so that they hold on any host. */

/** Of every document: no code but its own files, no frames, forms or other bases, and no HTML made of strings. */
const COMMON = ["default-src 'none'", "base-uri 'none'", "form-action 'none'", "style-src 'self'", "img-src 'self' data:", "require-trusted-types-for 'script'"];

/** Policies by document. Only `streams.html` may ask anything of the network, and only where it comes from. */
export const POLICIES: Readonly<Record<string, string>> = {
  // The one policy of trusted types is for the address of the worker, which a Blob has.
  "index.html": [...COMMON, "script-src 'self' 'wasm-unsafe-eval'", "worker-src blob:", "connect-src 'none'", "trusted-types default"].join("; "),
  "streams.html": [...COMMON, "script-src 'self'", "connect-src 'self'", "trusted-types 'none'"].join("; "),
};

/** Addresses that static hosts serve each document at. */
const ADDRESSES: Readonly<Record<string, readonly string[]>> = { "index.html": ["/", "/index.html"], "streams.html": ["/streams", "/streams.html"] };

/** The file `_headers` of static hosts: the same policies, and what only headers can say. */
export function headersFile(): string {
  const common = ["X-Content-Type-Options: nosniff", "Referrer-Policy: no-referrer", "Cross-Origin-Opener-Policy: same-origin", "X-Frame-Options: DENY"];
  const blocks = Object.entries(POLICIES).flatMap(([file, policy]) =>
    (ADDRESSES[file] ?? []).map((address) => `${address}\n  Content-Security-Policy: ${policy}; frame-ancestors 'none'\n`),
  );
  // Their names have a hash of what is in them.
  const assets = "/assets/*\n  Cache-Control: public, max-age=31536000, immutable\n";
  return [`/*\n${common.map((line) => `  ${line}\n`).join("")}`, ...blocks, assets].join("\n");
}
