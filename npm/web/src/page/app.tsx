/** The page as a whole. */

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { EventPanel } from "./event-panel.tsx";
import { ExportForm } from "./export-form.tsx";
import { FilterBar } from "./filter-bar.tsx";
import { Intake, openFiles, openText, usePageWideInput } from "./intake.tsx";
import { ReportViews } from "./report-view.tsx";
import { SnippetViews } from "./snippet-view.tsx";
import { areChartsShown, close, isOpen, opened, problem, progress, view } from "./state.ts";
import { Status } from "./status.tsx";
import { EventTable } from "./table.tsx";
import { TimeChartView } from "./time-chart.tsx";
import { TopTables } from "./tops.tsx";

export function App(): JSX.Element {
  usePageWideInput(openFiles, openText);
  useEffect(() => {
    // The streams are a document of their own, which may ask the Worker.
    const follow = (): void => {
      if (location.hash === "#/streams") location.assign("streams.html");
    };
    window.addEventListener("hashchange", follow);
    return () => window.removeEventListener("hashchange", follow);
  }, []);
  const hasEvents = (view.value?.total ?? 0) > 0;
  const hasReports = isOpen.value;
  return (
    <div class={`page ${opened.value === undefined ? "" : "with-event"}`}>
      <Header />
      {problem.value !== undefined && (
        <p class="problem" role="alert">
          {problem.value}
          <button type="button" onClick={() => (problem.value = undefined)}>
            Dismiss
          </button>
        </p>
      )}
      <main>
        {!isOpen.value && <Intake />}
        {isOpen.value && <Status />}
        {hasReports && <SnippetViews />}
        {hasReports && <ReportViews />}
        {hasEvents && <Events />}
        {isOpen.value && !hasEvents && progress.value?.state === "done" && <Nothing />}
      </main>
      {opened.value !== undefined && <EventPanel event={opened.value} />}
    </div>
  );
}

function Header(): JSX.Element {
  return (
    <header class="top">
      <h1>
        EdgeSIEM <span>decode security events</span>
      </h1>
      <p class="promise">Nothing leaves your browser: this page cannot send anything.</p>
      <nav aria-label="Page">
        {isOpen.value && (
          <button type="button" onClick={close}>
            New input
          </button>
        )}
        <a href="streams.html">Streams</a>
      </nav>
    </header>
  );
}

function Events(): JSX.Element {
  const [isExporting, setExporting] = useState(false);
  return (
    <>
      <FilterBar isExporting={isExporting} onExport={() => setExporting(!isExporting)} />
      {isExporting && <ExportForm onClose={() => setExporting(false)} />}
      {areChartsShown.value && (
        <section class="charts" aria-label="Charts of the events that the filter leaves">
          <TimeChartView />
          <TopTables />
        </section>
      )}
      <EventTable />
    </>
  );
}

function Nothing(): JSX.Element | null {
  const { rejected = 0, notes = [] } = progress.value ?? {};
  if (rejected === 0 && notes.length === 0) return null;
  return <p class="nothing">No events were found. What was read is listed above.</p>;
}
