/** The HTTP client of pipelines on Node, against servers that misbehave. */

import assert from "node:assert/strict";
import * as http from "node:http";
import * as https from "node:https";
import { createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import * as stream from "node:stream";
import { after, describe, it } from "node:test";
import * as zlib from "node:zlib";
import { nodeFetch } from "../../npm/src/pipeline/node-fetch.ts";
import { until } from "./pull-rig.ts";

const send = nodeFetch({ http, https, zlib, stream });
const servers: Server[] = [];
const sockets = new Set<Socket>();
after(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers) server.close();
});

/** A server that does this with each connection as soon as a request has begun to arrive. */
async function serve(respond: (socket: Socket, request: Buffer) => void): Promise<string> {
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
    socket.once("data", (request) => respond(socket, request));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/path?q=1`;
}

const head = (...headers: string[]): string => ["HTTP/1.1 200 OK", ...headers, "", ""].join("\r\n");
const BIG = Buffer.alloc(2_000_000, "x");

async function read(response: Response, pauseMs = 0): Promise<number> {
  const reader = response.body?.getReader() ?? assert.fail("there is no body");
  let bytes = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return bytes;
    bytes += value.length;
    if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

describe("the HTTP client for Node", () => {
  it("sends method, path, headers and body as they are", async () => {
    let seen = "";
    const url = await serve((socket, request) => {
      seen = request.toString("latin1");
      socket.end(`${head("content-length: 2", "x-a: 1", "x-a: 2")}{}`);
    });
    const headers: [string, string][] = [["content-type", "application/json"], ["authorization", "Bearer x"]];
    const response = await send(url, { method: "POST", headers, body: Buffer.from("hello"), redirect: "manual" });
    assert.deepEqual([response.status, response.headers.get("x-a"), await response.text()], [200, "1, 2", "{}"]);
    assert.match(seen, /^POST \/path\?q=1 HTTP\/1\.1\r\n/);
    for (const line of ["content-type: application/json", "authorization: Bearer x", "content-length: 5"]) assert.ok(seen.toLowerCase().includes(line.toLowerCase()), line);
    assert.ok(seen.endsWith("\r\n\r\nhello"));
  });

  it("stands a server that closes the connection while a slow reader holds the body back", async () => {
    const url = await serve((socket) => socket.end(Buffer.concat([Buffer.from(head("connection: close")), BIG])));
    assert.equal(await read(await send(url, {}), 2), BIG.length);
  });

  const whole = head(`content-length: ${BIG.length}`);
  const chunked = `${head("transfer-encoding: chunked")}ffffff\r\n`;
  const packed = zlib.gzipSync(BIG);
  const cuts: [name: string, (socket: Socket) => unknown][] = [
    ["with a length, closed", (socket) => socket.end(whole + "part")],
    ["with a length, reset", (socket) => socket.write(whole + "part", () => socket.resetAndDestroy())],
    ["in chunks, closed", (socket) => socket.end(`${chunked}part`)],
    ["compressed, closed", (socket) => (socket.write(head("connection: close", "content-encoding: gzip")), socket.end(packed.subarray(0, 500)))],
    ["that is not compressed as it says", (socket) => socket.end(`${head("connection: close", "content-encoding: gzip")}plain`)],
  ];
  for (const [name, respond] of cuts) {
    it(`rejects a body ${name} too early, and never ends the process`, async () => {
      const response = await send(await serve(respond), {});
      await assert.rejects(read(response));
    });
  }

  it("rejects when there is no answer at all", async () => {
    await assert.rejects(send(await serve((socket) => socket.resetAndDestroy()), {}));
    await assert.rejects(send("http://127.0.0.1:1/", {}), /ECONNREFUSED/);
    await assert.rejects(send(await serve((socket) => socket.end("no http")), {}));
  });

  it("unpacks what is compressed", async () => {
    for (const [encoding, body] of [
      ["gzip", packed],
      ["deflate", zlib.deflateSync(BIG)],
    ] as const) {
      const url = await serve((socket) => socket.end(Buffer.concat([Buffer.from(head(`content-encoding: ${encoding}`, `content-length: ${body.length}`)), body])));
      assert.equal(await read(await send(url, {})), BIG.length);
    }
  });

  for (const coding of ["GZIP", "X-Gzip", "identity, Gzip"]) {
    it(`unpacks what is compressed and says so as ${coding}`, async () => {
      const url = await serve((socket) => socket.end(Buffer.concat([Buffer.from(head(`content-encoding: ${coding}`, `content-length: ${packed.length}`)), packed])));
      assert.equal(await read(await send(url, {})), BIG.length);
    });
  }

  for (const coding of ["identity", " "]) {
    it(`gives a body whose content-encoding is "${coding}" as it is`, async () => {
      const url = await serve((socket) => socket.end(`${head(`content-encoding: ${coding}`, "content-length: 2")}{}`));
      assert.equal(await (await send(url, {})).text(), "{}");
    });
  }

  for (const coding of ["br", "zstd", "gzip, gzip", "deflate, gzip", "constructor", "__proto__"]) {
    it(`rejects a body whose content-encoding is ${coding}, and tells status and headers before`, async () => {
      const url = await serve((socket) => socket.end(`${head(`content-encoding: ${coding}`, "content-length: 2", "x-a: 1")}{}`));
      const response = await send(url, {});
      assert.deepEqual([response.status, response.headers.get("x-a")], [200, "1"]);
      await assert.rejects(read(response), /compressed in a way that was not asked for/);
      await until("no connection is left", () => sockets.size === 0);
    });
  }

  it("takes an answer without content for such, whatever coding it names", async () => {
    const url = await serve((socket) => socket.end(head("content-encoding: br", "content-length: 0")));
    assert.equal(await (await send(url, {})).text(), "");
  });

  it("rejects when the server switches protocols, and closes the connection", async () => {
    const switched = "HTTP/1.1 101 Switching Protocols";
    const url = await serve((socket) => socket.write([switched, "Connection: Upgrade", "Upgrade: websocket", "", ""].join("\r\n")));
    await assert.rejects(send(url, {}), /the server switched protocols/);
    const unnamed = await serve((socket) => socket.write(`${switched}\r\n\r\n`));
    await assert.rejects(send(unnamed, {}));
    await until("no connection is left", () => sockets.size === 0);
  });

  it("takes a redirect for the answer, and an answer without a body", async () => {
    const redirect = await serve((socket) => socket.end("HTTP/1.1 302 Found\r\nconnection: close\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"));
    assert.equal((await send(redirect, {})).status, 302);
    const empty = await serve((socket) => socket.end("HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n"));
    assert.deepEqual([(await send(empty, {})).status, (await send(empty, {})).body], [204, null]);
  });

  it("rejects with the signal's reason before, between and after the first byte, and closes the connection", async () => {
    const reason = new DOMException("too late", "TimeoutError");
    await assert.rejects(send("http://127.0.0.1:1/", { signal: AbortSignal.abort(reason) }), reason);

    const silent = new AbortController();
    const waiting = send(await serve(() => silent.abort(reason)), { signal: silent.signal });
    await assert.rejects(waiting, reason);

    const stalled = new AbortController();
    const response = await send(await serve((socket) => socket.write(`${whole}part`)), { signal: stalled.signal });
    const reading = read(response);
    stalled.abort(reason);
    await assert.rejects(reading, reason);
    await until("no connection is left", () => sockets.size === 0);
  });

  it("closes the connection when the body is given up", async () => {
    const response = await send(await serve((socket) => socket.write(Buffer.concat([Buffer.from(whole), BIG.subarray(1)]))), {});
    await response.body?.cancel();
    await until("no connection is left", () => sockets.size === 0);
  });

  it("reads no faster than its reader", async () => {
    let sent = 0;
    const url = await serve((socket) => {
      socket.write(head("connection: close"));
      const more = (): void => {
        while (!socket.destroyed && sent < 500 * BIG.length) {
          sent += BIG.length;
          if (!socket.write(BIG)) return void socket.once("drain", more);
        }
      };
      more();
    });
    const response = await send(url, {});
    const reader = response.body?.getReader() ?? assert.fail("there is no body");
    await reader.read();
    let before = -1;
    await until("the server waits", () => {
      const stands = sent === before;
      before = sent;
      return stands;
    });
    assert.ok(sent < 50 * BIG.length, `${sent}`);
    await reader.cancel();
  });
});
