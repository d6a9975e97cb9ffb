/** A checker of OCSF documents over the JSON Schema of OCSF 1.8.0. */

import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { json } from "../vectors/core.ts";
import type { JsonObject } from "./corpus.ts";

/** By class_uid. */
const CLASSES: Readonly<Record<number, ValidateFunction>> = Object.fromEntries(
  (
    [
      [4002, "http_activity_1.8.0_security_control"],
      [2004, "detection_finding_1.8.0_security_control"],
      [2006, "data_security_finding_1.8.0_security_control"],
      [4009, "email_activity_1.8.0_security_control"],
      [6008, "application_error_1.8.0"],
    ] as const
  ).map(
    // `strict` is about how a schema is written, and this one has members of its own.
    ([uid, name]) => [uid, new Ajv2020({ strict: false, allErrors: true }).compile(json<object>(`schemas/ocsf/${name}.schema.json`))],
  ),
);

/** What is wrong with a document; nothing if it is valid. */
export function problems(document: JsonObject): string[] {
  const [uid, activity, type] = ["class_uid", "activity_id", "type_uid"].map((name) => Number(document[name]));
  const validate = CLASSES[uid ?? NaN];
  if (validate === undefined) return [`class_uid ${uid} is none of ours`];
  const found = validate(document) ? [] : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath || "/"} ${message}`);
  // The schema lists the values of type_uid, and cannot compare it with the others.
  if (type !== (uid ?? NaN) * 100 + (activity ?? NaN)) found.push(`type_uid ${type} is not that of activity ${activity}`);
  return found;
}
