/** What an event's line of CEF must say, worked out from the plain values by the mapping of Akamai's connector. */

import { isIPv6 } from "node:net";
import type { Cef } from "./cef.ts";
import type { Event, Json } from "./corpus.ts";
import { at, headersOf, isObject, wellFormed } from "./meaning.ts";

const REPORTING = ["", "alert", "monitor", "none", "allow", "ignore", "skip", "log"];

export function meantCef(event: Event): Cef {
  const text = (path: string): string => {
    const value = at(event.meant, path);
    return isObject(value) || Array.isArray(value) || value === null || value === undefined ? "" : String(wellFormed(value));
  };
  const items = (facet: string): string[] => (event.rules ?? []).map((rule) => rule[facet] ?? "");
  const list = (facet: string): string => (items(facet).some((item) => item !== "") ? items(facet).join(",") : "");
  const headers = (which: "requestHeaders" | "responseHeaders"): string =>
    headersOf(event, which).map((line) => ("raw" in line ? line.raw : `${line.name}: ${line.value}`)).join("\n");

  const action = appliedAction(text("attackData.appliedAction"), items("ruleAction"), text("attackData.slowPostAction"));
  const reported = REPORTING.includes(action.toLowerCase());
  const client = text("attackData.clientIP");
  const host = text("httpMessage.host");
  const query = text("httpMessage.query");
  const scheme = text("httpMessage.tls") === "" && ["80", "8080"].includes(text("httpMessage.port")) ? "http" : "https";
  const pairs: Cef["extension"] = [
    ["act", action],
    ["app", text("httpMessage.protocol")],
    // Zones have no meaning beyond the host that wrote them.
    ["c6a2", isIPv6(client) && !client.includes("%") ? client : ""],
    ["c6a2Label", "Source IPv6 Address"],
    ["cs1", list("rule")],
    ["cs1Label", "Rules"],
    ["cs2", list("ruleMessage")],
    ["cs2Label", "Rule Messages"],
    ["cs3", list("ruleData")],
    ["cs3Label", "Rule Data"],
    ["cs4", list("ruleSelector")],
    ["cs4Label", "Rule Selectors"],
    ["cs5", text("attackData.clientReputation")],
    ["cs5Label", "Client Reputation"],
    ["cs6", text("attackData.apiId")],
    ["cs6Label", "API ID"],
    ["devicePayloadId", text("httpMessage.requestId")],
    ["dhost", host],
    ["dpt", text("httpMessage.port")],
    ["flexString1", text("attackData.configId")],
    ["flexString1Label", "Security Config Id"],
    ["flexString2", text("attackData.policyId")],
    ["flexString2Label", "Firewall Policy Id"],
    ["out", text("httpMessage.bytes")],
    ["request", `${host === "" ? "" : `${scheme}://${host}`}${text("httpMessage.path")}${query === "" ? "" : `?${query}`}`],
    ["requestMethod", text("httpMessage.method")],
    ["src", client],
    ["start", text("httpMessage.start")],
    ["AkamaiSiemSlowPostAction", text("attackData.slowPostAction")],
    ["AkamaiSiemSlowPostRate", text("attackData.slowPostRate")],
    ["AkamaiSiemRuleVersions", list("ruleVersion")],
    ["AkamaiSiemRuleTags", list("ruleTag")],
    ["AkamaiSiemRuleActions", list("ruleAction")],
    ["AkamaiSiemApiKey", text("attackData.apiKey")],
    ["AkamaiSiemTLSVersion", text("httpMessage.tls")],
    ["AkamaiSiemJA4", text("identity.ja4")],
    ["AkamaiSiemRequestHeaders", headers("requestHeaders")],
    ["AkamaiSiemResponseHeaders", headers("responseHeaders")],
    ["AkamaiSiemResponseStatus", text("httpMessage.status")],
    ["AkamaiSiemContinent", text("geo.continent")],
    ["AkamaiSiemCountry", text("geo.country")],
    ["AkamaiSiemCity", text("geo.city")],
    ["AkamaiSiemRegion", text("geo.regionCode")],
    ["AkamaiSiemASN", text("geo.asn")],
    ["AkamaiSiemCustomData", values(event.meant["custom"]).join(",")],
  ];
  return {
    header: ["CEF:0", "Akamai", "akamai_siem", "1.0", ...(reported ? ["detect", "Activity detected", "5"] : ["mitigate", "Activity mitigated", "10"])],
    extension: pairs.filter(([, value]) => value !== "").map(([key, value]) => [key, visible(value.toWellFormed())]),
  };
}

/** As Akamai's connector finds it where the event does not say; what only reports comes last. */
function appliedAction(applied: string, actions: readonly string[], slowPost: string): string {
  if (applied !== "") return applied;
  const first = (is: (action: string) => boolean): string | undefined => actions.find((action) => action !== "" && is(action.toLowerCase()));
  return (
    first((action) => action !== "deny" && !REPORTING.includes(action)) ??
    first((action) => action === "deny") ??
    (slowPost === "A" ? "abort" : undefined) ??
    first((action) => action === "alert") ??
    first((action) => action === "monitor") ??
    first(() => true) ??
    (slowPost === "W" ? "alert" : "")
  );
}

function values(value: Json | undefined): string[] {
  if (value === null || value === undefined || value === "") return [];
  if (isObject(value)) return Object.values(value).flatMap(values);
  return Array.isArray(value) ? value.flatMap(values) : [String(wellFormed(value))];
}

/** Control characters have no form in CEF but tab and line breaks; they are written as JSON escapes them. */
function visible(text: string): string {
  return text.replace(/(?![\t\n\r])[\p{Cc}\u2028\u2029]/gu, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
