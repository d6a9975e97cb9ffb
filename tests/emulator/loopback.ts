/** What every emulator here is: a server on the loopback interface that keeps what went wrong in itself. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export abstract class LoopbackServer {
  /** What went wrong in the emulator itself; a test should find this empty. */
  readonly errors: unknown[] = [];
  readonly #server: Server;
  readonly #port: number;

  /** @param port 0: any free one. */
  constructor(port = 0) {
    this.#port = port;
    this.#server = createServer((request, response) => {
      // Also what throws before its first wait.
      new Promise<void>((resolve) => resolve(this.serve(request, response))).catch((error: unknown) => {
        this.errors.push(error);
        response.destroy();
      });
    });
  }

  protected abstract serve(request: IncomingMessage, response: ServerResponse): void | Promise<void>;

  async listen(): Promise<this> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(this.#port, "127.0.0.1", resolve);
    });
    return this;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Ends it with the connections that are open. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeAllConnections();
    await closed;
  }
}
