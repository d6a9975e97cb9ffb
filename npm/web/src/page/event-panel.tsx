/** One event: its rules, its request and response, and what came beside what it means. */

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { EventView, Family, HeaderView, RuleView, Schema } from "../protocol.ts";
import { TEXT_COLUMNS, type TextColumn } from "../protocol.ts";
import { copyText } from "./clipboard.ts";
import { HEADINGS, bytes, count, counted, time } from "./format.ts";
import { MemberTable } from "./member-table.tsx";
import { Long, Shown } from "./shown.tsx";
import { closeEvent, openEvent, toggleTerm, view, whenEngine } from "./state.ts";

const COPIES: readonly (readonly [as: Schema | "curl", label: string])[] = [
  ["decoded", "JSON"],
  ["raw", "Raw"],
  ["ecs", "ECS"],
  ["ocsf", "OCSF"],
  ["cef", "CEF"],
  ["curl", "curl"],
];
/** What stands at the head of an event. */
const FACTS: Readonly<Record<Family, readonly TextColumn[]>> = {
  "akamai-siem": ["client", "country", "action", "status", "method", "host", "path"],
  "trend-micro-cas": ["user", "service", "event", "action", "status", "policy", "threat", "subject"],
};

export function EventPanel({ event }: { event: EventView }): JSX.Element {
  const panel = useRef<HTMLElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    const isInGrid = before instanceof HTMLElement && before.closest(".grid") !== null;
    // The keyboard stays in the table, where the arrows lead through the events; a click there brings it there.
    if (!isInGrid) document.querySelector<HTMLElement>(".grid")?.focus({ preventScroll: true });
    const onKey = (key: KeyboardEvent): void => {
      if (key.key === "Escape") closeEvent();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
  useEffect(() => panel.current?.scrollTo({ top: 0 }), [event.row]);
  const text = (column: TextColumn): string => event.texts[TEXT_COLUMNS.indexOf(column)] ?? "";
  const last = (view.value?.count ?? 1) - 1;
  return (
    <aside class="event" ref={panel} aria-label="Event" tabIndex={-1}>
      <div class="event-top">
        <h2>
          Event {count(event.position + 1)} <span class="note">of {count(last + 1)}</span>
        </h2>
        <button type="button" disabled={event.position <= 0} onClick={() => void openEvent(event.position - 1)}>
          Previous
        </button>
        <button type="button" disabled={event.position >= last} onClick={() => void openEvent(event.position + 1)}>
          Next
        </button>
        <button type="button" onClick={closeEvent} aria-label="Close event">
          Close
        </button>
      </div>
      <dl class="facts">
        <Fact name="time">{time(event.timeMs) === "" ? <span class="empty">none</span> : `${time(event.timeMs)} UTC`}</Fact>
        {FACTS[event.family].map((column) => (
          <Fact name={column === "status" && event.family === "trend-micro-cas" ? "result" : (HEADINGS[column] ?? column)} key={column}>
            {text(column) === "" ? (
              <span class="empty">none</span>
            ) : (
              <button type="button" class="value" title={`Filter by this ${column}`} onClick={() => toggleTerm(column, text(column))}>
                <Shown text={text(column)} />
              </button>
            )}
          </Fact>
        ))}
        <Fact name="source">
          <Shown text={event.name} />, {bytes(event.bytes)}
        </Fact>
      </dl>
      <div class="copies" role="group" aria-label="Copy the event">
        <span class="label">Copy as</span>
        {COPIES.filter(([as]) => as !== "curl" || event.family === "akamai-siem").map(([as, label]) => (
          <CopyButton key={as} as={as} label={label} position={event.position} />
        ))}
      </div>
      {event.family === "akamai-siem" && <Rules event={event} />}
      {event.query !== undefined && (
        <Section title="Query, decoded">
          <table class="pairs">
            <tbody>
              {event.query.pairs.map(({ name, value }) => (
                <tr>
                  <th scope="row">
                    <Long view={name} />
                  </th>
                  <td>
                    <Long view={value} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </Section>
      )}
      <Headers title="Request headers" headers={event.requestHeaders} total={event.requestHeaderCount} />
      <Headers title="Response headers" headers={event.responseHeaders} total={event.responseHeaderCount} />
      <Section title="As it came, and decoded">
        <MemberTable key={event.row} members={event.members} count={event.memberCount} />
      </Section>
      <details class="raw">
        <summary>Raw text ({bytes(event.bytes)})</summary>
        <pre>
          <Shown text={event.rawText.text} lines />
        </pre>
        {event.rawText.text.length < event.rawText.length && <p class="note">{count(event.rawText.length - event.rawText.text.length)} characters more: copy it as Raw</p>}
      </details>
    </aside>
  );
}

function Rules({ event: { rules, ruleCount } }: { event: EventView }): JSX.Element {
  return (
    <Section title={`Rules (${count(ruleCount)})`}>
      {rules.length === 0 && <p class="nothing">No rule fired.</p>}
      {rules.map((rule) => (
        <RuleCard rule={rule} />
      ))}
      {ruleCount > rules.length && <p class="note">and {counted(ruleCount - rules.length, "rule")} more: copy the event to have them</p>}
    </Section>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

function Section({ title, children }: { title: string; children: ComponentChildren }): JSX.Element {
  return (
    <details class="section" open>
      <summary>{title}</summary>
      {children}
    </details>
  );
}

/** Names of a rule's members as people say them. */
const LABELS: Readonly<Record<string, string>> = { ruleTag: "tag", ruleSelector: "selector", ruleData: "data", ruleVersion: "version" };

function RuleCard({ rule: { members } }: { rule: RuleView }): JSX.Element {
  const of = (name: string): RuleView["members"][number]["value"] | undefined => members.find((member) => member.name === name)?.value;
  const [id, action, message] = [of("rule"), of("ruleAction"), of("ruleMessage")];
  const others = members.filter(({ name, value }) => !["rule", "ruleAction", "ruleMessage"].includes(name) && (value.text !== "" || value.hex !== undefined));
  return (
    <article class="rule">
      <h3>
        {id === undefined ? <span class="empty">no id</span> : <Shown text={id.text.slice(0, 200)} />}
        {action !== undefined && action.text !== "" && (
          <span class={`action ${/^(deny|alert|monitor)/.exec(action.text)?.[0] ?? ""}`}>
            <Shown text={action.text.slice(0, 60)} />
          </span>
        )}
      </h3>
      {message !== undefined && (
        <p>
          <Long view={message} />
        </p>
      )}
      <dl>
        {others.map(({ name, value }) => (
          <div>
            <dt>{Object.hasOwn(LABELS, name) ? LABELS[name] : <Shown text={name} />}</dt>
            <dd>
              <Long view={value} />
            </dd>
          </div>
        ))}
      </dl>
    </article>
  );
}

function Headers({ title, headers, total }: { title: string; headers: readonly HeaderView[]; total: number }): JSX.Element | null {
  if (total === 0) return null;
  return (
    <Section title={`${title} (${count(total)})`}>
      <HeaderTable headers={headers} />
      {total > headers.length && <p class="note">and {counted(total - headers.length, "line")} more: copy the event to have them</p>}
    </Section>
  );
}

export function HeaderTable({ headers }: { headers: readonly HeaderView[] }): JSX.Element {
  return (
    <table class="pairs">
      <tbody>
        {headers.map(({ name, value }) => (
          <tr>
            <th scope="row">{name === undefined ? <span class="empty">no name</span> : <Long view={name} />}</th>
            <td>
              <Long view={value} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function CopyButton({ as, label, position }: { as: Schema | "curl"; label: string; position: number }): JSX.Element {
  const [outcome, setOutcome] = useState("");
  const copy = async (): Promise<void> => {
    try {
      const engine = await whenEngine();
      await copyText(await engine.copy(position, as));
      setOutcome("copied");
    } catch {
      setOutcome("failed");
    }
    setTimeout(() => setOutcome(""), 1500);
  };
  return (
    <button type="button" onClick={() => void copy()} title={as === "curl" ? "The request as a curl command, without its body" : undefined}>
      {label}
      <span role="status" class="outcome">
        {outcome === "" ? "" : ` ${outcome}`}
      </span>
    </button>
  );
}
