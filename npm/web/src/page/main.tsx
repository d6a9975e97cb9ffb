/** The page that decodes. */

import { render } from "preact";
import { App } from "./app.tsx";
import "./style.css";

// Nothing but the engine's Blob becomes code.
window.trustedTypes?.createPolicy("default", {
  createScriptURL(url) {
    if (!url.startsWith("blob:")) throw new TypeError("this is no address of a worker");
    return url;
  },
});

if (location.hash === "#/streams") location.replace("streams.html");
const root = document.getElementById("app");
if (root !== null) {
  root.replaceChildren();
  render(<App />, root);
}
