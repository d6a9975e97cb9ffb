/** What the table shows of an event of Trend Micro Cloud App Security. */

import { NO_RULES, membersOf, textOf, type Row } from "./row.ts";

/**
 * Reads the columns of a decoded event. Members are those of Trend Micro's "Get Security Logs"; none of them can be relied on.
 *
 * @example
 * ```ts
 * trendRowOf({ service: "Box", message: { file_name: "cards.csv" } }).texts.subject; // "cards.csv"
 * ```
 */
export function trendRowOf(event: Readonly<Record<string, unknown>>): Row {
  const message = membersOf(event["message"]);
  const first = (...names: string[]): string => names.map((name) => textOf(message[name]).trim()).find((text) => text !== "") ?? "";
  const time = message["detection_time"];
  return {
    family: "trend-micro-cas",
    timeMs: typeof time === "string" ? Date.parse(time) : Number.NaN,
    texts: {
      user: first("affected_user", "violator"),
      service: textOf(event["service"]),
      event: textOf(event["event"]),
      action: textOf(message["action"]),
      status: textOf(message["action_result"]),
      policy: textOf(message["triggered_policy_name"]),
      threat: first("security_risk_name", "virus_name", "ransomware_name"),
      subject: first("mail_message_subject", "file_name", "mail_message_file_name"),
    },
    rules: NO_RULES,
  };
}
