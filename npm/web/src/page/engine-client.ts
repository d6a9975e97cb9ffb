/** The page's end of the conversation with the engine. */

import type { Answer, Column, EventView, ExportBegun, ExportFormat, ExportPart, FromEngine, Input, RowView, Schema, Sort, ToEngine } from "../protocol.ts";

type Notice = Exclude<FromEngine, { type: "answer" | "failed" | "ready" }>;
/** What is asked, without the number that is given to it here. */
type Question = { [Type in Extract<ToEngine, { ask: number }> as Type["type"]]: Omit<Type, "ask"> }[Extract<ToEngine, { ask: number }>["type"]];

export class EngineClient {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, { resolve(answer: Answer): void; reject(error: Error): void }>();
  #asked = 0;

  /** @param onNotice Called with what the engine tells unasked. @param onError Called when the engine cannot go on. */
  constructor(worker: Worker, onNotice: (notice: Notice) => void, onError: (problem: string) => void) {
    this.#worker = worker;
    worker.onmessage = ({ data }: MessageEvent<FromEngine>) => {
      if (data.type === "ready") return;
      if (data.type !== "answer" && data.type !== "failed") {
        onNotice(data);
        return;
      }
      const waiting = this.#waiting.get(data.ask);
      this.#waiting.delete(data.ask);
      if (data.type === "answer") waiting?.resolve(data.answer);
      else waiting?.reject(new Error(data.problem));
    };
    worker.onerror = (event) => onError(event.message || "the engine stopped");
  }

  open(generation: number, inputs: Input[]): void {
    this.#send({ type: "open", generation, inputs });
  }

  cancel(): void {
    this.#send({ type: "cancel" });
  }

  query(query: number, filter: string, sort: Sort): void {
    this.#send({ type: "query", query, filter, sort });
  }

  rows(from: number, count: number): Promise<RowView[]> {
    return this.#ask({ type: "rows", from, count }) as Promise<RowView[]>;
  }

  event(position: number): Promise<EventView> {
    return this.#ask({ type: "event", position }) as Promise<EventView>;
  }

  copy(position: number, as: Schema | "curl"): Promise<string> {
    return this.#ask({ type: "copy", position, as }) as Promise<string>;
  }

  /** Begins an export of what the filter leaves; then its parts can be asked for. */
  beginExport(format: ExportFormat, columns: readonly Column[]): Promise<ExportBegun> {
    return this.#ask({ type: "export", format, columns: [...columns] }) as Promise<ExportBegun>;
  }

  part(number: number): Promise<ExportPart> {
    return this.#ask({ type: "part", export: number }) as Promise<ExportPart>;
  }

  endExport(number: number): void {
    this.#send({ type: "end-export", export: number });
  }

  #ask(question: Question): Promise<Answer> {
    this.#asked += 1;
    const ask = this.#asked;
    return new Promise((resolve, reject) => {
      this.#waiting.set(ask, { resolve, reject });
      this.#send({ ...question, ask } as ToEngine);
    });
  }

  #send(message: ToEngine): void {
    this.#worker.postMessage(message);
  }
}
