/** The operator's view of the streams. It asks the Worker that serves it, and nobody else. */

import { render, type JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import "../page/style.css";
import "./streams.css";
import { Shown } from "../page/shown.tsx";
import { stamp } from "./stamp.ts";
import { askedAt, isKept, poll, problem, signIn, signOut, status, token } from "./state.ts";
import { Stream } from "./stream.tsx";

function App(): JSX.Element {
  useEffect(() => void poll(), []);
  return (
    <div class="streams-page">
      <header class="top">
        <h1>
          EdgeSIEM <span>streams</span>
        </h1>
        {askedAt.value !== undefined && status.value !== undefined && <p class="promise">{stamp(askedAt.value)}, asked every 10 s</p>}
        <nav aria-label="Page">
          {token.value !== "" && (
            <button type="button" onClick={signOut}>
              Forget the token
            </button>
          )}
          <a href="index.html">Decode events</a>
        </nav>
      </header>
      <main>
        {problem.value !== undefined && (
          <p class="problem" role="alert">
            <Shown text={problem.value} />
          </p>
        )}
        {status.value === undefined ? <SignIn /> : <Streams />}
      </main>
    </div>
  );
}

function SignIn(): JSX.Element {
  const [text, setText] = useState("");
  const [keep, setKeep] = useState(isKept.value);
  return (
    <form
      class="intake"
      onSubmit={(event) => {
        event.preventDefault();
        signIn(text.trim(), keep);
      }}
    >
      <h2>The Worker's admin token</h2>
      <p>The value of its secret ADMIN_TOKEN. It is sent to this host only, and forgotten when the page is closed.</p>
      <label class="paste">
        <span>Token</span>
        <input type="password" required autocomplete="off" spellcheck={false} value={text} onInput={(event) => setText(event.currentTarget.value)} />
      </label>
      <label>
        <input type="checkbox" checked={keep} onChange={(event) => setKeep(event.currentTarget.checked)} /> keep it until this tab is closed
      </label>
      <div class="buttons">
        <button type="submit" class="primary" disabled={text.trim() === ""}>
          Show the streams
        </button>
      </div>
    </form>
  );
}

function Streams(): JSX.Element {
  const { streams = [], config_problems: problems = [] } = status.value ?? {};
  return (
    <>
      {problems.map(({ stream, problem }) => (
        <p class="problem">
          <Shown text={stream === null ? problem : `${stream}: ${problem}`} />
        </p>
      ))}
      {streams.length === 0 && problems.length === 0 && <p class="nothing">No stream is configured.</p>}
      {streams.map((status) => (
        <Stream key={status.stream} status={status} />
      ))}
    </>
  );
}

const root = document.getElementById("app");
if (root !== null) {
  root.replaceChildren();
  render(<App />, root);
}
