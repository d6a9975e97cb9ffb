/** Where events come in: dropped, picked, pasted, or the example. */

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Input } from "../protocol.ts";
import { open } from "./state.ts";

export function openFiles(files: Iterable<File>): void {
  open(Array.from(files, (file): Input => ({ name: file.name, blob: file })));
}

/** Opens the built-in sample, which is loaded when it is wanted. */
async function openExample(): Promise<void> {
  const { exampleText } = await import("./example.ts");
  openText(exampleText(), "example");
}

export function openText(text: string, name = "pasted text"): void {
  if (text.trim() !== "") open([{ name, blob: new Blob([text]) }]);
}

/** Files may be dropped anywhere, and text pasted anywhere but in a field. */
export function usePageWideInput(onFiles: (files: Iterable<File>) => void, onText: (text: string) => void): void {
  useEffect(() => {
    const drag = (event: DragEvent): void => {
      event.preventDefault();
      document.body.classList.toggle("dragging", event.type === "dragover");
    };
    const drop = (event: DragEvent): void => {
      drag(event);
      const { files } = event.dataTransfer ?? {};
      if (files !== undefined && files.length > 0) onFiles(files);
      else onText(event.dataTransfer?.getData("text/plain") ?? "");
    };
    const paste = (event: ClipboardEvent): void => {
      if (event.target instanceof HTMLTextAreaElement || event.target instanceof HTMLInputElement) return;
      const { files } = event.clipboardData ?? {};
      if (files !== undefined && files.length > 0) onFiles(files);
      else onText(event.clipboardData?.getData("text/plain") ?? "");
    };
    window.addEventListener("dragover", drag);
    window.addEventListener("dragleave", drag);
    window.addEventListener("drop", drop);
    window.addEventListener("paste", paste);
    return () => {
      window.removeEventListener("dragover", drag);
      window.removeEventListener("dragleave", drag);
      window.removeEventListener("drop", drop);
      window.removeEventListener("paste", paste);
    };
  }, [onFiles, onText]);
}

export function Intake(): JSX.Element {
  const picker = useRef<HTMLInputElement>(null);
  const [text, setText] = useState("");
  return (
    <section class="intake" aria-labelledby="intake-heading">
      <h2 id="intake-heading">Drop files here, or paste events</h2>
      <p>
        Events of Akamai's SIEM API or of Trend Micro Cloud App Security, as they were fetched or exported: one a line, an array, a whole
        answer, a single indented event, wrapped by Splunk or XSOAR, compressed (<code>.gz</code>) or not, of any size. Also a lone encoded
        facet such as <code>attackData.rules</code>, a header block, or a report of Security Monitor.
      </p>
      <label class="paste">
        <span>Text</span>
        <textarea
          rows={9}
          spellcheck={false}
          autocomplete="off"
          placeholder={'{"attackData":{"rules":"OTUwMDAy%3bOTUwMDA2", …}, "httpMessage":{…}}'}
          value={text}
          onInput={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) openText(text);
          }}
        />
      </label>
      <div class="buttons">
        <button type="button" class="primary" disabled={text.trim() === ""} onClick={() => openText(text)}>
          Decode
        </button>
        <button type="button" onClick={() => picker.current?.click()}>
          Open files…
        </button>
        <button type="button" onClick={() => void openExample()}>
          Example
        </button>
        <input
          ref={picker}
          type="file"
          multiple
          hidden
          aria-label="Files of events"
          onChange={(event) => {
            if (event.currentTarget.files !== null) openFiles(event.currentTarget.files);
            event.currentTarget.value = "";
          }}
        />
      </div>
      <p class="fine">
        The files stay where they are. The browser reads them, decodes them in WebAssembly, and keeps an index in memory. The page's
        content security policy forbids every connection (<code>connect-src 'none'</code>), whatever an event holds.
      </p>
    </section>
  );
}
