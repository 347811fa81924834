// Development: shows what went wrong over the page, and brings the page up to date when the program has changed.
//
// The server adds this module to every page while it is in development (`livets dev`, LIVETS_DEV=1); production never
// serves it. It listens to `livets:error`, and to the socket /livets/dev beside its own URL (docs/cli.md has the messages).

import { follow } from "./dev/channel.js";
import { show } from "./dev/overlay.js";

/** Not mistakes of the program: its worker went away in the middle of an event; a person emptied a number input. */
const HARMLESS = ["interrupted", "bad_field"];

document.addEventListener("livets:error", (event) => {
  // shown here: the page need not
  event.preventDefault();
  const { code, message, extra } = /** @type {CustomEvent} */ (event).detail;
  if (HARMLESS.includes(code)) return;
  // a traceback says in its last line what it is about
  const text = extra?.traceback ?? (message.includes("\n") ? message : "");
  const title = text ? text.trimEnd().split("\n").pop() : message;
  // the number is found in the log
  const label = extra?.id ? `${code} [${extra.id}]` : code;
  show({ title, label, text, parts: { Event: extra?.event, "State before the event": extra?.state } });
});

const page = document.getElementById("livets-failure");
if (page) {
  const pre = /** @type {HTMLElement} */ (page.querySelector("pre"));
  pre.style.whiteSpace = "pre-wrap";
  show({ title: page.dataset.title, label: "The page could not be made", text: pre.textContent, hint: page.dataset.hint, isLasting: true });
}

follow();
