/** The document of a gap, which no line of a page becomes. */

import { json } from "../vectors/core.ts";
import type { SchemaName } from "./documents.ts";

export function gap(schema: SchemaName): { document: string; line: string } {
  const { line, documents } = json<{ line: string; documents: Record<string, string> }>("schemas/gap.json");
  const document = documents[schema];
  if (document === undefined) throw new Error(`schemas/gap.json has no ${schema}`);
  return { document: document.replace("{version}", "1.2.3"), line };
}

/** Documents of the events in tests/vectors/schemas. */
export function golden(schema: SchemaName): { name: string; document: string }[] {
  return json<{ name: string; document: string }[]>(`schemas/${schema}.json`);
}
