/** The client's messages as the command says them. */

import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { commandFor, inWordsOf, type AccountOptions } from "../../npm/src/cli/report-terms.ts";
import { ConfigError, SourceError } from "../../npm/src/errors.ts";

const VARIABLES = ["AKAMAI_HOST", "AKAMAI_SOC_HOST"] as const;
const before = VARIABLES.map((name) => process.env[name]);
afterEach(() => {
  for (const [k, name] of VARIABLES.entries()) {
    const value = before[k];
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

describe("a command to type next", () => {
  const rows: [options: AccountOptions, command: string][] = [
    [{}, "edgesiem report stores 12332"],
    [{ edgerc: "/home/o'hara/my edgerc", section: "soc" }, "edgesiem report stores 12332 --edgerc '/home/o'\\''hara/my edgerc' --section soc"],
    [{ host: "akab-x.luna.akamaiapis.net", allowInsecureLoopback: true }, "edgesiem report stores 12332 --host akab-x.luna.akamaiapis.net --allow-insecure-loopback"],
  ];
  for (const [options, command] of rows) it(command, () => assert.equal(commandFor(options, "stores", "12332"), command));
});

describe("the host in an error", () => {
  const rows: [options: AccountOptions, environment: Record<string, string>, name: string][] = [
    [{ host: "x.example", edgerc: "f" }, { AKAMAI_HOST: "y.example" }, "--host"],
    [{}, { AKAMAI_HOST: "y.example" }, "AKAMAI_HOST"],
    [{ section: "Default" }, { AKAMAI_HOST: "y.example" }, "AKAMAI_HOST"],
    [{ section: "soc" }, { AKAMAI_SOC_HOST: "y.example" }, "AKAMAI_SOC_HOST"],
    [{ section: "soc" }, { AKAMAI_HOST: "y.example" }, "host in section soc of ~/.edgerc"],
    [{ edgerc: "my/edgerc" }, { AKAMAI_HOST: "y.example" }, "host in section default of my/edgerc"],
    [{}, {}, "host in section default of ~/.edgerc"],
  ];
  for (const [options, environment, name] of rows) {
    it(`is ${name} for ${JSON.stringify(options)} and ${JSON.stringify(environment)}`, () => {
      for (const variable of VARIABLES) delete process.env[variable];
      Object.assign(process.env, environment);
      const details = { code: "source_unavailable", retryable: true, userAction: "check the option host and that this machine may connect to it" };
      const said = inWordsOf(options, new SourceError("not reached", details));
      assert.ok(said instanceof SourceError);
      assert.deepEqual([said.message, said.userAction, said.retryable], ["not reached", `check ${name} and that this machine may connect to it`, true]);
      const problems = [{ key: "host", message: "this host cannot be used", userAction: "set allowInsecureLoopback: true" }];
      const refused = inWordsOf(options, new ConfigError("host: this host cannot be used", { code: "config", retryable: false, userAction: "", problems }));
      assert.ok(refused instanceof ConfigError);
      assert.deepEqual(refused.problems, [{ key: name, message: "this host cannot be used", userAction: "set --allow-insecure-loopback" }]);
    });
  }

  it("is not looked for in errors of others", () => {
    const error = new Error("the option host");
    assert.equal(inWordsOf({}, error), error);
  });
});
