// How the overlay looks: light and dark. A constructed style sheet works under every Content-Security-Policy.

const CSS = `
:host { all: initial; }
* { box-sizing: border-box; }
dialog {
  --panel: #fff; --ink: #1c1f26; --soft: #5d6675; --line: #dde1e8; --code: #f6f7f9; --red: #b3261e; --wash: #fdf1f0; --focus: #1d6fe0;
  color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--panel);
  width: min(60rem, calc(100vw - 2rem)); max-height: calc(100dvh - 2rem); padding: 0; overflow: hidden;
  border: 1px solid var(--line); border-top: 5px solid var(--red); border-radius: 12px; box-shadow: 0 24px 80px rgb(0 0 0 / .35);
}
dialog[open] { display: flex; flex-direction: column; }
@media (prefers-color-scheme: dark) {
  dialog { --panel: #1a1d24; --ink: #e9ecf2; --soft: #a6afbe; --line: #363d49; --code: #12151b; --red: #ff8a80; --wash: #2b1c1d; --focus: #82b6ff; }
}
dialog::backdrop { background: rgb(10 12 16 / .55); }
header { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem; padding: 1rem 1.25rem 0; }
.label { flex: 1; margin: 0; color: var(--red); font-weight: 600; font-size: .85rem; letter-spacing: .02em; }
h1 { margin: 0; padding: .25rem 1.25rem 1rem; font-size: 1.2rem; line-height: 1.35; overflow-wrap: anywhere; white-space: pre-wrap; max-height: 9rem; overflow: auto; flex: none; }
h2 { margin: 0 0 .4rem; font-size: .85rem; color: var(--soft); font-weight: 600; }
.body { overflow: auto; padding: 0 1.25rem; display: grid; grid-template-columns: minmax(0, 1fr); gap: 1rem; min-height: 0; }
pre { margin: 0; padding: .8rem 1rem; background: var(--code); border: 1px solid var(--line); border-radius: 8px; overflow: auto; font: 13px/1.55 ui-monospace, "SF Mono", Menlo, Consolas, monospace; tab-size: 4; }
.body > pre { max-height: 24rem; }
section pre { max-height: 12rem; }
pre span { display: block; white-space: pre; width: max-content; min-width: 100%; }
pre details { color: var(--soft); }
pre summary { cursor: pointer; padding-block: .1rem; }
pre .frame { font-weight: 600; }
pre .last { color: var(--red); background: var(--wash); font-weight: 600; margin: .2rem -1rem -.8rem; padding: .3rem 1rem .5rem; min-width: calc(100% + 2rem); }
.hint { margin: 0; padding: .9rem 1.25rem 1.1rem; color: var(--soft); font-size: .9rem; }
button { font: inherit; font-size: .9rem; color: inherit; background: transparent; border: 1px solid var(--line); border-radius: 8px; padding: .25rem .8rem; min-height: 2.1rem; cursor: pointer; }
button:hover { border-color: var(--soft); }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 1px; }
.pager { display: inline-flex; align-items: center; gap: .4rem; color: var(--soft); font-size: .9rem; }
@media (max-width: 36rem) { dialog { width: 100vw; max-width: 100vw; max-height: 100dvh; border-radius: 0; border-inline: 0; } }
`;

/** @type {CSSStyleSheet | undefined} */
let made;

/** The style sheet, made once. */
export function sheet() {
  if (!made) {
    made = new CSSStyleSheet();
    made.replaceSync(CSS);
  }
  return made;
}
