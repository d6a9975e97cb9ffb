/** Refusals of the Security Monitor API: every status that Akamai's documentation lists, and the document it comes with. */

export const TITLES = {
  400: "Bad input parameter",
  401: "Authentication failure",
  403: "Authorization failure",
  404: "Resource not found",
  405: "Request method not expected",
  409: "Conflict",
  410: "Requested resource is no longer available",
  411: "Content-length header not specified",
  413: "Request body exceeds maximum allowable size",
  423: "Requested resource is locked",
  429: "Request rate limit exceeded",
  500: "Internal server error",
  501: "Not supported",
  503: "Service temporarily unavailable",
  507: "Data size is over allowable limit",
} as const satisfies Record<number, string>;

export type ErrorStatus = keyof typeof TITLES;

/** Every status of the table but 200 and 204. */
export const ERROR_STATUSES = Object.keys(TITLES).map(Number) as readonly ErrorStatus[];

/** Thrown by whatever reads a request, answered by the server. */
export class Refused extends Error {
  readonly status: ErrorStatus;
  readonly detail: string;

  constructor(status: ErrorStatus, detail: string) {
    super(`${status} ${detail}`);
    this.status = status;
    this.detail = detail;
  }
}

export function errorDocument(status: ErrorStatus, detail: string): string {
  return JSON.stringify({ httpStatus: status, detail, title: TITLES[status] });
}
