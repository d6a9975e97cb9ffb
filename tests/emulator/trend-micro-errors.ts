/** Refusals of the Trend Micro API, and the ways in which their documents differ. */

export const MESSAGES = {
  400: "The request is invalid",
  401: "Authentication token not found",
  403: "Access is denied",
  404: "The request API is not supported",
  405: "The request API method is not supported",
  429: "Maximum allowed requests exceeded",
  500: "Internal server error",
  503: "Service unavailable",
} as const satisfies Record<number, string>;

export type ErrorStatus = keyof typeof MESSAGES;

/** `negative`: a code such as -4000001. The rest: what is left out, or sent instead. */
export type ErrorForm = "full" | "negative" | "no-code" | "no-message" | "empty" | "html";

export interface ErrorBody {
  contentType: string;
  body: string;
}

export function errorBody(status: ErrorStatus, message: string, form: ErrorForm, traceId: string): ErrorBody {
  const json = (document: object): ErrorBody => ({ contentType: "application/json", body: JSON.stringify(document) });
  switch (form) {
    case "full":
      return json({ code: status, traceId, msg: message });
    case "negative":
      return json({ code: -(status * 10_000 + 1), traceId, msg: message });
    case "no-code":
      return json({ traceId, msg: message });
    case "no-message":
      return json({ code: status, traceId });
    case "empty":
      return { contentType: "application/json", body: "" };
    case "html":
      return { contentType: "text/html", body: `<html><body><h1>${status}</h1></body></html>` };
  }
}
