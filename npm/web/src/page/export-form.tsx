/** Writes what the filter leaves to a file. */

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";
import { MOST_SORTED_ROWS, SCHEMAS, SCHEMAS_OF, type ExportFormat } from "../protocol.ts";
import { bytes, count, counted } from "./format.ts";
import { askNow, families, offeredColumns, sort, view, whenEngine } from "./state.ts";

const LABELS: Readonly<Record<ExportFormat, string>> = {
  csv: "CSV, a row an event",
  decoded: "Decoded, NDJSON",
  raw: "As it came, NDJSON",
  ecs: "Elastic Common Schema, NDJSON",
  ocsf: "OCSF, NDJSON",
  cef: "CEF, lines of text",
  otel: "OpenTelemetry log records, NDJSON",
  "elastic-integration": "Lines of Elastic's Akamai integration, NDJSON",
  sentinel: "Columns of Microsoft Sentinel, NDJSON",
};
/** Formats that some of the events can be written in. */
function formats(): ExportFormat[] {
  const schemas = SCHEMAS.filter((schema) => schema !== "decoded" && families.value.some((family) => SCHEMAS_OF[family].includes(schema)));
  return ["decoded", "csv", ...schemas];
}

/** More events are written straight to a file where the browser can do that; fewer become a download. */
const MANY_EVENTS = 100_000;

/** Where parts go. */
interface Target {
  write(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  finish(): Promise<void>;
  abort(): Promise<void>;
}

export function ExportForm({ onClose }: { onClose(): void }): JSX.Element {
  const [format, setFormat] = useState<ExportFormat>("decoded");
  const [said, setSaid] = useState("");
  const [isRunning, setRunning] = useState(false);
  const isCancelled = useRef(false);
  const events = view.value?.count ?? 0;
  const run = async (): Promise<void> => {
    isCancelled.current = false;
    const name = `events.${format === "csv" ? "csv" : format === "cef" ? "cef" : `${format}.ndjson`}`;
    let target: Target;
    try {
      target = events > MANY_EVENTS && window.showSaveFilePicker !== undefined ? await fileTarget(name) : downloadTarget(name);
    } catch {
      return;
    }
    setRunning(true);
    try {
      setSaid(await write(format, target, () => isCancelled.current, setSaid));
    } catch (error) {
      await target.abort();
      setSaid(`The export failed: ${error instanceof Error ? error.message : String(error)}`);
    }
    setRunning(false);
  };
  return (
    <form
      class="export"
      aria-label="Export"
      onSubmit={(event) => {
        event.preventDefault();
        void run();
      }}
    >
      <label>
        Format{" "}
        <select value={format} onChange={(event) => setFormat(event.currentTarget.value as ExportFormat)} disabled={isRunning}>
          {formats().map((name) => (
            <option value={name}>{LABELS[name]}</option>
          ))}
        </select>
      </label>
      {isRunning ? (
        <button type="button" onClick={() => (isCancelled.current = true)}>
          Stop
        </button>
      ) : (
        <button type="submit" class="primary" disabled={events === 0}>
          Export {counted(events, "event")}
        </button>
      )}
      <button type="button" onClick={onClose} disabled={isRunning}>
        Close
      </button>
      <span class="note" role="status">
        {said === "" ? orderOf(events) : said}
      </span>
    </form>
  );
}

/** Which events are written, and in which order. */
function orderOf(events: number): string {
  const { by, descending } = sort.value;
  if (by === "input" && !descending) return "What the filter leaves, in the order of the input.";
  if (events <= MOST_SORTED_ROWS) return "What the filter leaves, in the order of the table.";
  return `What the filter leaves, in the order of the input: only up to ${count(MOST_SORTED_ROWS)} events are written in the order of the table. Narrow the filter for that.`;
}

/** Asks for part after part. Returns what is to be said. */
async function write(format: ExportFormat, target: Target, isCancelled: () => boolean, say: (text: string) => void): Promise<string> {
  const engine = await whenEngine();
  askNow();
  const { export: number, rows } = await engine.beginExport(format, offeredColumns.value);
  let written = 0;
  try {
    for (;;) {
      const part = await engine.part(number);
      written += part.bytes.length;
      await target.write(part.bytes);
      const failed = part.failed > 0 ? `, ${counted(part.failed, "event")} could not be written (${part.problem ?? "unknown reason"})` : "";
      if (part.isLast) {
        await target.finish();
        return `${counted(part.rows - part.failed, "event")}, ${bytes(written)}${failed}`;
      }
      if (isCancelled()) {
        await target.abort();
        return "Stopped; nothing was kept.";
      }
      say(`${count(part.rows)} of ${count(rows)} events, ${bytes(written)}${failed}`);
    }
  } finally {
    engine.endExport(number);
  }
}

async function fileTarget(name: string): Promise<Target> {
  if (window.showSaveFilePicker === undefined) throw new Error("the browser cannot write files");
  const stream = await (await window.showSaveFilePicker({ suggestedName: name })).createWritable();
  return { write: (bytes) => stream.write(bytes), finish: () => stream.close(), abort: () => stream.abort() };
}

/** Collects Blobs, which browsers put on disk when they are many, and downloads them as one. */
function downloadTarget(name: string): Target {
  const parts: Blob[] = [];
  return {
    async write(bytes) {
      parts.push(new Blob([bytes]));
    },
    async finish() {
      const address = URL.createObjectURL(new Blob(parts, { type: "application/octet-stream" }));
      const link = document.createElement("a");
      link.href = address;
      link.download = name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(address), 60_000);
    },
    async abort() {
      parts.length = 0;
    },
  };
}
