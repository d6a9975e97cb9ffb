/** Events for the examples: as a file, and from an emulated source whose every event can be told. */

import assert from "node:assert/strict";
import { startSiem, type SiemEmulator, type SiemOptions } from "../emulator/siem.ts";

export interface Source extends AsyncDisposable {
  siem: SiemEmulator;
  /** What the examples that pull read from the environment. */
  env: Record<string, string>;
}

export async function source(options: SiemOptions): Promise<Source> {
  const siem = await startSiem(options);
  const { clientToken, clientSecret, accessToken } = siem.credentials;
  return {
    siem,
    env: {
      AKAMAI_HOST: siem.url,
      AKAMAI_CLIENT_TOKEN: clientToken,
      AKAMAI_CLIENT_SECRET: clientSecret,
      AKAMAI_ACCESS_TOKEN: accessToken,
      AKAMAI_CONFIG_IDS: siem.configIds.join(","),
      ALLOW_INSECURE_LOOPBACK: "1",
    },
    async [Symbol.asyncDispose]() {
      await siem.close();
      assert.deepEqual(siem.errors, []);
    },
  };
}

/** The first events of a source as a page, with its context line. */
export function pageOf({ events }: SiemEmulator, count: number): string {
  const lines = Array.from({ length: count }, (_, number) => events.line(number).toString());
  return `${lines.join("\n")}\n${JSON.stringify({ total: count, offset: "an-offset", limit: count })}\n`;
}

/** Each event of the source exactly once, as a `decoded` document of the content that was encoded, in any order. */
export function assertDecoded(siem: SiemEmulator, lines: readonly string[], count = siem.available): void {
  const numbers = assertNumbers(siem, lines, count);
  lines.forEach((line, at) => assert.deepEqual(JSON.parse(line), JSON.parse(siem.events.expectedText(numbers[at] ?? -1))));
}

/** Each event of the source exactly once, in whatever schema, told by its request id. Returns their numbers. */
export function assertNumbers(siem: SiemEmulator, lines: readonly string[], count = siem.available): number[] {
  const numbers = lines.map((line) => {
    const number = siem.events.numberIn(line);
    assert.ok(number !== undefined, `no event of the source: ${line.slice(0, 200)}`);
    return number;
  });
  assert.deepEqual(
    [...numbers].sort((a, b) => a - b),
    Array.from({ length: count }, (_, number) => number),
  );
  return numbers;
}

export function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}

/** A module that pulls with what `variables` (an expression) has, and hands each event to `take`; the same on every runtime. */
export function pulling(variables: string, take: string): string {
  return `import { AkamaiSiemClient } from "edgesiem/pipeline";
export async function pull() {
  const { AKAMAI_HOST, AKAMAI_CLIENT_TOKEN, AKAMAI_CLIENT_SECRET, AKAMAI_ACCESS_TOKEN, AKAMAI_CONFIG_IDS } = ${variables};
  const client = new AkamaiSiemClient({
    host: AKAMAI_HOST,
    clientToken: AKAMAI_CLIENT_TOKEN,
    clientSecret: AKAMAI_CLIENT_SECRET,
    accessToken: AKAMAI_ACCESS_TOKEN,
    configIds: AKAMAI_CONFIG_IDS.split(","),
    allowInsecureLoopback: true,
  });
  for await (const event of client) ${take}(JSON.stringify(event));
  return client.offset;
}
`;
}
