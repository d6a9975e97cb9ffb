/**
 * Writes npm/src/config-types.ts, the TypeScript types of the configuration, from npm/config.schema.json.
 *
 *     node tests/package/config-types.ts [--check]
 *
 * With `--check` it writes nothing, and fails if the file is out of date. It knows the keywords that the schema uses, and
 * refuses others: a type that says less than the schema should not come about unnoticed.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

interface JsonSchema {
  $ref?: string;
  $defs?: Record<string, JsonSchema>;
  description?: string;
  default?: unknown;
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: boolean | JsonSchema;
  items?: JsonSchema;
}

/** Those that say nothing about a type in TypeScript, beside the members of `JsonSchema`. */
const OTHERS = ["$schema", "title", "pattern", "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "uniqueItems", "propertyNames"];
const KNOWN = new Set(["$ref", "$defs", "description", "default", "type", "const", "enum", "anyOf", "oneOf", "properties", "required", "additionalProperties", "items", ...OTHERS]);

const ROOT = "EdgeSiemConfig";
/** What users name: the root, and those that its keys are of. Others stay within the file. */
const PUBLIC: ReadonlyMap<string, string> = new Map([
  ["Stream", "StreamConfig"],
  ["Source", "SourceConfig"],
  ["Schema", "SchemaConfig"],
  ["Filter", "FilterConfig"],
  ["Limits", "LimitsConfig"],
  ["Budget", "BudgetConfig"],
  ["Sink", "SinkConfig"],
  ["SecretRef", "SecretRef"],
]);

const FILES = {
  schema: fileURLToPath(new URL("../../npm/config.schema.json", import.meta.url)),
  types: fileURLToPath(new URL("../../npm/src/config-types.ts", import.meta.url)),
};

/** The whole file, for the text of the schema. */
export function configTypes(schemaText: string): string {
  const root = JSON.parse(schemaText) as JsonSchema;
  const parts = [
    "/** The configuration, as `edgesiem.toml` has it. Made by `cargo xtask docs` from config.schema.json; do not edit. */\n",
    declaration(ROOT, root, true),
    ...Object.entries(root.$defs ?? {}).map(([name, schema]) => declaration(nameOf(name), schema, PUBLIC.has(name))),
  ];
  return parts.join("\n");
}

function nameOf(definition: string): string {
  return PUBLIC.get(definition) ?? definition;
}

function declaration(name: string, schema: JsonSchema, exported: boolean): string {
  const head = `${comment(schema, "")}${exported ? "export " : ""}`;
  return isObject(schema) ? `${head}interface ${name} ${typeOf(schema, "")}\n` : `${head}type ${name} = ${typeOf(schema, "")};\n`;
}

function isObject(schema: JsonSchema): boolean {
  return schema.properties !== undefined;
}

function typeOf(schema: JsonSchema, indent: string): string {
  const unknown = Object.keys(schema).filter((key) => !KNOWN.has(key));
  if (unknown.length > 0) throw new Error(`config-types.ts does not know ${unknown.join(", ")} of JSON Schema: teach it, or change the schema`);
  if (schema.$ref !== undefined) return nameOf(schema.$ref.replace("#/$defs/", ""));
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices !== undefined) return [...new Set(choices.map((choice) => typeOf(choice, indent)))].join(" | ");
  if (isObject(schema)) return members(schema, indent);
  const types = typeof schema.type === "string" ? [schema.type] : schema.type;
  if (types === undefined) throw new Error(`a schema without a type: ${JSON.stringify(schema).slice(0, 200)}`);
  return [...new Set(types.map((type) => typeNamed(type, schema, indent)))].join(" | ");
}

function typeNamed(type: string, schema: JsonSchema, indent: string): string {
  switch (type) {
    case "string":
    case "boolean":
      return type;
    case "integer":
    case "number":
      return "number";
    case "array":
      return `readonly ${wrapped(typeOf(schema.items ?? {}, indent))}[]`;
    case "object":
      if (typeof schema.additionalProperties !== "object") throw new Error("an object that does not say what is in it");
      return `Readonly<Record<string, ${typeOf(schema.additionalProperties, indent)}>>`;
    default:
      throw new Error(`config-types.ts does not know the type ${type}`);
  }
}

function wrapped(type: string): string {
  return /^[A-Za-z]+$/.test(type) ? type : `(${type})`;
}

function members({ properties = {}, required = [] }: JsonSchema, indent: string): string {
  const inner = `${indent}  `;
  const lines = Object.entries(properties).map(([key, schema]) => {
    const isRequired = required.includes(key);
    return `${comment(schema, inner)}${inner}readonly ${key}${isRequired ? "" : "?"}: ${typeOf(schema, inner)};\n`;
  });
  return `{\n${lines.join("")}${indent}}`;
}

function comment({ description, default: standard }: JsonSchema, indent: string): string {
  const isTold = standard !== undefined && typeof standard !== "object";
  const lines = [...(description ?? "").split("\n"), ...(isTold ? [`@defaultValue ${JSON.stringify(standard)}`] : [])].filter((line, at) => line !== "" || at > 0);
  const [only] = lines;
  if (only === undefined) return "";
  const safe = lines.map((line) => line.replaceAll("*/", "*\\/"));
  return lines.length === 1 ? `${indent}/** ${safe[0]} */\n` : `${indent}/**\n${safe.map((line) => `${indent} *${line === "" ? "" : ` ${line}`}\n`).join("")}${indent} */\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const types = configTypes(readFileSync(FILES.schema, "utf8"));
  const stored = (() => {
    try {
      return readFileSync(FILES.types, "utf8");
    } catch {
      return undefined;
    }
  })();
  if (stored === types) console.log("npm/src/config-types.ts is up to date");
  else if (process.argv.includes("--check")) {
    console.error("npm/src/config-types.ts is out of date\nWhat to do: run `cargo xtask docs`");
    process.exitCode = 1;
  } else {
    writeFileSync(FILES.types, types);
    console.log("npm/src/config-types.ts written");
  }
}
