/** The built-in sample: events that the project's emulator made, repeated with other times and addresses. */

import lines from "./example.ndjson?raw";

const EVENTS = 600;
const FIRST_MS = Date.UTC(2026, 10, 22, 9, 0);

/** A page of events, its context line included. Addresses are those for documentation (RFC 5737, RFC 3849). */
export function exampleText(): string {
  const templates = lines.trim().split("\n");
  const out: string[] = [];
  let ms = FIRST_MS;
  // Chance that is the same each time: x -> 69069 x + 1 (mod 2^32).
  let chance = 20_261_122;
  const below = (limit: number): number => {
    chance = (Math.imul(chance, 69_069) + 1) >>> 0;
    return Math.floor((chance / 2 ** 32) * limit);
  };
  for (let k = 0; k < EVENTS; k += 1) {
    // A wave of attacks in the middle.
    const isWave = k > 250 && k < 430;
    ms += below(isWave ? 6000 : 24_000);
    const address = isWave && below(3) > 0 ? "203.0.113.77" : `198.51.100.${below(isWave ? 8 : 60)}`;
    const line = templates[isWave ? below(8) : below(templates.length)] ?? "";
    out.push(line.replace(/("clientIP": ?")192\.0\.2\.\d+"/, `$1${address}"`).replace(/("start": ?")[\d.]+"/, `$1${(ms / 1000).toFixed(3)}"`));
  }
  out.push('{"offset":"318d8;example","total":600,"limit":600}');
  return `${out.join("\n")}\n`;
}
