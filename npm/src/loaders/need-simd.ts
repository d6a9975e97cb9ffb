import { EdgeSiemError } from "../errors.ts";
import { hasSimd } from "./simd.ts";

/** For a module that there is no build without SIMD of. */
export function needSimd(what: string): void {
  if (hasSimd()) return;
  throw new EdgeSiemError(`${what} needs WebAssembly with SIMD, which is not here`, {
    code: "simd_missing",
    retryable: false,
    userAction: "run it on a processor with SSE 4.1, or in a browser since 2021 (Safari 16.4); signing, decoding and converting need neither",
  });
}
