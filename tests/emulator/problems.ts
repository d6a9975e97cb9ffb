/** Refusals as Akamai words them: status and problem document (shapes in ../vectors/akamai-siem/akamai-apis). */

const SIEM = "https://problems.cloudsecurity.akamaiapis.net/siem/v1/";
const GATEWAY = "https://problems.luna.akamaiapis.net/-/pep-authn/";

interface Kind {
  status: number;
  type: string;
  title: string;
  detail: string;
  /** The gateway's documents carry the status as a member; the SIEM service's do not. */
  gateway: boolean;
}

function siem(status: number, type: string, title: string, detail = title): Kind {
  return { status, type: SIEM + type, title, detail, gateway: false };
}

function gateway(status: number, type: string, title: string, detail: string): Kind {
  return { status, type: GATEWAY + type, title, detail, gateway: true };
}

const PARAMETERS = "Missing mandatory parameter(s) or illegal parameter(s) in the request";

export const PROBLEMS = {
  "missing-parameters": siem(400, "missing-parameters", PARAMETERS),
  "from-too-old": siem(400, "missing-parameters", PARAMETERS, "The from parameter is out of range: too old, events are kept for 12 hours"),
  unauthorized: siem(403, "unauthorized", "Unauthorized", "The specified user is unauthorized to access the requested data"),
  "not-found": siem(404, "not-found", "Not found", "The data for the object requested does not exist"),
  "method-not-allowed": siem(405, "method-not-allowed", "Method not allowed"),
  "offset-too-old": siem(416, "offset-too-old", "Expired offset parameter in the request"),
  "too-many-requests": siem(429, "too-many-requests", "Too many requests", "Too many requests made from clients of this account"),
  "internal-error": siem(500, "error", "Error", "Internal server error"),
  "service-unavailable": siem(
    503,
    "service-unavailable",
    "Service unavailable",
    "There is no available backend system to respond to the request",
  ),
  "no-authorization": gateway(401, "deny", "Not authorized", "Missing authorization header"),
  "malformed-authorization": gateway(400, "request-error", "Bad request", "Invalid authorization header"),
  "invalid-client-token": gateway(401, "deny", "Not authorized", "Invalid authorization client token"),
  "invalid-access-token": gateway(401, "deny", "Not authorized", "Invalid authorization access token"),
  "invalid-signature": gateway(401, "deny", "Not authorized", "Signature does not match"),
  "invalid-timestamp": gateway(400, "request-error", "Bad request", "Invalid timestamp"),
  "invalid-nonce": gateway(400, "request-error", "Bad request", "Invalid nonce"),
  "invalid-target": gateway(400, "request-error", "Bad request", "The request target has characters that must be percent-encoded"),
  "burst-block": gateway(400, "request-error", "Bad request", "WAF deny rule IPBLOCK-BURST4-54013"),
} as const satisfies Record<string, Kind>;

export type ProblemName = keyof typeof PROBLEMS;

/** What a problem document says about the request. */
export interface RequestFacts {
  method: string;
  host: string;
  target: string;
  /** Number of the request. */
  count: number;
  /** Clock of the server. */
  nowMs: number;
}

export function problemDocument(name: ProblemName, request: RequestFacts): Buffer {
  const { gateway: isGateway, status, type, title, detail }: Kind = PROBLEMS[name];
  return Buffer.from(
    JSON.stringify({
      type,
      title,
      ...(isGateway && { status }),
      instance: `https://${request.host}${request.target}`,
      detail,
      method: request.method,
      serverIp: "192.0.2.209",
      clientIp: "192.0.2.124",
      requestId: (0x9ab12ef + request.count).toString(16),
      requestTime: new Date(request.nowMs).toISOString().replace(/\.\d+Z$/, "Z"),
    }),
  );
}
