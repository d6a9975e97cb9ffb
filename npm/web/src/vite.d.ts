/** What Vite makes of these imports. */

declare module "*?worker&inline" {
  const Worker: new (options?: { name?: string }) => globalThis.Worker;
  export default Worker;
}

/** The core without SIMD, in base64. */
declare module "edgesiem/inline-scalar" {
  const base64: string;
  export default base64;
}

declare module "*.ndjson?raw" {
  const text: string;
  export default text;
}

declare module "*.css" {}

/** Not in every browser: https://www.w3.org/TR/trusted-types/ */
interface Window {
  trustedTypes?: { createPolicy(name: string, rules: { createScriptURL(url: string): string }): unknown };
  /** https://wicg.github.io/file-system-access/ */
  showSaveFilePicker?(options: { suggestedName: string }): Promise<FileSystemFileHandle>;
}
