/** Times that an operator compares with a clock. */

import { time } from "../page/format.ts";

/** To the second, as `2017-04-04 10:57:02 UTC`; `unknown` if it is no time. */
export function stamp(ms: number): string {
  const text = time(ms).slice(0, 19);
  return text === "" ? "unknown" : `${text} UTC`;
}
