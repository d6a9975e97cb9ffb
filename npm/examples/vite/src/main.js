// Decodes what is pasted. Nothing leaves the page.

import { DecodeStream, schemaNames } from "edgesiem";

const element = (id) => document.getElementById(id);

for (const name of await schemaNames()) element("schema").add(new Option(name));

document.querySelector("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const notes = [];
  const decode = new DecodeStream({
    schema: element("schema").value,
    onRejected: ({ line, reason }) => notes.push(`line ${line}: ${reason}`),
  });
  const documents = new Blob([element("events").value, "\n"]).stream().pipeThrough(decode).pipeThrough(new TextDecoderStream());
  // As text, never as HTML: attackers write these events.
  element("documents").textContent = "";
  for (const reader = documents.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) break;
    element("documents").append(value);
  }
  element("notes").textContent = notes.join("; ") || "Every line was read.";
});
