/** Reads the target of a request for security events as Trend Micro documents it. */

import { EVENTS, OLDER_EVENTS, OLDER_SERVICES, SERVICES } from "./trend-micro-events.ts";

/** Logs can be asked for as long as this after they came to be. */
export const OLDEST_MS = 72 * 3_600_000;
/** The window of a request without start, without end, or without either. */
const USUAL_WINDOW_MS = 5 * 60_000;

export const PATHS = { current: "/v1/siem/security_events", legacy: "/siem/v1/security_events" } as const;
export type PathForm = keyof typeof PATHS;
/** Default and most; the older documentation has fewer. */
export const MAX_LIMITS = { current: 500, legacy: 200 } as const satisfies Record<PathForm, number>;

export interface EventsQuery {
  path: PathForm;
  service: string;
  event: string;
  startMs: number;
  endMs: number;
  limit: number;
  pageId: string | undefined;
}

/** Why a request is refused with 400. */
export interface BadRequest {
  message: string;
}

const PARAMETERS = ["service", "event", "start", "end", "limit", "page_id"];
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z$/;

/** `undefined` if the path is not that of the API. */
export function parseTarget(target: string, nowMs: number): EventsQuery | BadRequest | undefined {
  const at = target.indexOf("?");
  const path = at === -1 ? target : target.slice(0, at);
  const form = path === PATHS.current ? "current" : path === PATHS.legacy ? "legacy" : undefined;
  if (form === undefined) return undefined;
  const given = new URLSearchParams(at === -1 ? "" : target.slice(at + 1));
  for (const name of new Set(given.keys())) {
    if (!PARAMETERS.includes(name)) return { message: `${name} is not a parameter` };
    if (given.getAll(name).length > 1) return { message: `${name} is given more than once` };
  }
  const service = given.get("service") ?? "";
  const event = given.get("event") ?? "";
  if (![...SERVICES, ...OLDER_SERVICES].some((known) => known === service)) return { message: "service must be one of the services" };
  if (![...EVENTS, ...OLDER_EVENTS].some((known) => known === event)) return { message: "event must be one of the events" };

  const pageId = given.get("page_id") ?? undefined;
  const window = windowOf(given.get("start"), given.get("end"), nowMs, pageId === undefined);
  if ("message" in window) return window;
  // A link of the older form may continue a request of the newer one.
  const most = MAX_LIMITS[pageId === undefined ? form : "current"];
  const limitText = given.get("limit") ?? String(most);
  const limit = /^\d{1,4}$/.test(limitText) ? Number(limitText) : NaN;
  if (!(limit >= 1 && limit <= most)) return { message: `limit must be from 1 to ${most}` };
  return { path: form, service, event, ...window, limit, pageId };
}

function windowOf(startText: string | null, endText: string | null, nowMs: number, isNew: boolean): { startMs: number; endMs: number } | BadRequest {
  const start = startText === null ? undefined : instant(startText);
  const end = endText === null ? undefined : instant(endText);
  if (Number.isNaN(start)) return { message: "start must be yyyy-mm-ddThh:mm:ss[.mmm]Z" };
  if (Number.isNaN(end)) return { message: "end must be yyyy-mm-ddThh:mm:ss[.mmm]Z" };
  const startMs = start ?? (end ?? nowMs) - USUAL_WINDOW_MS;
  const endMs = end ?? (start === undefined ? nowMs : start + USUAL_WINDOW_MS);
  if (isNew && startMs < nowMs - OLDEST_MS) return { message: "start must not be earlier than 72 hours ago" };
  if (endMs < startMs) return { message: "end must not be earlier than start" };
  if (endMs - startMs > OLDEST_MS) return { message: "start and end must not be more than 72 hours apart" };
  return { startMs, endMs };
}

function instant(text: string): number {
  if (!TIME.test(text)) return NaN;
  const at = Date.parse(text);
  // `Date.parse` takes the 30th of February for a day of March.
  return !Number.isNaN(at) && new Date(at).toISOString().slice(0, 19) === text.slice(0, 19) ? at : NaN;
}
