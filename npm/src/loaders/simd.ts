/** Whether WebAssembly has vectors here: all current engines do, on processors that have them. */

/**
 * A module whose one function makes a vector of sixteen bytes and asks for its bit mask:
 *
 *     (module (func (result i32) i32.const 0 i8x16.splat i8x16.bitmask))
 */
const PROBE = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 127, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 100, 11];

/** Whether there is simd128. Safari has it since 16.4, the others since 2021; V8 has it on processors with SSE 4.1 only. */
export function hasSimd(): boolean {
  return WebAssembly.validate(Uint8Array.from(PROBE));
}
