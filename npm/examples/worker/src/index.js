// Decodes the body of a POST while it arrives: `curl --data-binary @events.ndjson URL/ecs`.

import { DecodeStream, schemaNames } from "edgesiem";

export default {
  async fetch(request) {
    if (request.method !== "POST" || request.body === null) return new Response("POST events\n", { status: 405, headers: { allow: "POST" } });
    const schema = new URL(request.url).pathname.slice(1) || "decoded";
    const schemas = await schemaNames();
    if (!schemas.includes(schema)) return Response.json({ message: "this schema is not known", schemas }, { status: 404 });
    const decode = new DecodeStream({ schema, onRejected: ({ line, reason }) => console.warn(`line ${line}: ${reason}`) });
    return new Response(request.body.pipeThrough(decode), { headers: { "content-type": "application/x-ndjson" } });
  },
};
