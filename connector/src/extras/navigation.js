// Live navigation: the address bar follows the view, and back, forward and `<a ts-link href>` go to it as events.
//
// An extra of its own, for pages whose root has `data-links` (the view has handle_params or its template has ts-link)
// and for any page that gets a NAVIGATE. The core calls `start(root, page, push)` once, the default export, with
//   root               the element with `data-livets`
//   page               the core's page: `done_`, the last event whose result is shown, is read here
//   push(name, payload, fields, args) -> the Event's array, or undefined when it was refused; [1] is its ref as it stands
// and afterwards, for each NAVIGATE `[mode, url]` of a diff, the function that `start` returns, while it patches.
// Up: Event `@params`, args `[url]` when the browser is there already (back, forward), `[url, mode]` for a click: the
// server answers that one with a NAVIGATE, together with what the page shows there. Refused: the address stays.
// A NAVIGATE of mode 3 goes nowhere: the page has a new view, which asks what its bound controls hold. Up: `@typed`.

const PUSH = 0;
const REPLACE = 1;
const LEAVE = 2;
const ANEW = 3;
const HANDLER = "@params";
/** What the page says when it is asked what was typed. */
const TYPED = "@typed";

/** Path and query: what the server knows of an address. @param {URL | Location} url */
const pathOf = ({ pathname, search }) => pathname + search;

/** What the bound controls hold, as their fields get it (controls.js, `modelValue`). @param {HTMLElement} root */
function typed(root) {
  /** @type {Record<string, any>} */
  const fields = {};
  for (const control of /** @type {NodeListOf<any>} */ (root.querySelectorAll("input, select, textarea"))) {
    const model = [...control.attributes].find(({ name }) => /^ts-model\b/.test(name));
    const { type, value, checked } = control;
    if (!model || type === "file" || (type === "radio" && !checked)) continue;
    const field = model.value;
    if (type === "checkbox") {
      if (!control.hasAttribute("value")) fields[field] = checked;
      else fields[field] = [...(fields[field] ?? []), ...(checked ? [value] : [])];
    } else if (type === "select-multiple") {
      fields[field] = Array.from(control.selectedOptions, (option) => option.value);
    } else {
      const text = /\.trim/.test(model.name) ? value.trim() : value;
      fields[field] = /\.number/.test(model.name) && parseFloat(text) == text ? +text : text;
    }
  }
  return fields;
}

/**
 * @param {HTMLElement} root @param {{ done_: number }} page
 * @param {(name: string, payload: {}, fields: {}, args: any[]) => any[] | undefined} push
 */
export default function start(root, page, push) {
  /** Where the reader was in each entry of the history. @type {Map<number, [number, number]>} */
  const positions = new Map();
  /** What the address bar said last. */
  let shown = pathOf(location);
  let { title } = document;
  /** Back and forward that the server has still to answer. @type {any[][]} */
  let travels = [];
  /** The newest of them. @type {any[] | undefined} */
  let last;
  /** Number of the entry at hand; it stands in the entry's state. */
  let entry = 0;

  const announcer = document.createElement("div");
  announcer.setAttribute("aria-live", "polite");
  announcer.style.cssText = "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap";
  document.body.append(announcer);

  /** @param {number} number @param {string} [url] @param {boolean} [isNew] */
  function enter(number, url, isNew) {
    entry = number;
    const state = { ...(isNew ? {} : history.state), livets: number };
    if (isNew) history.pushState(state, "", url);
    else history.replaceState(state, "", url);
    shown = pathOf(location);
  }

  /** Numbers go on where an earlier load of this tab ended, so that none is given twice. */
  const next = () => (sessionStorage.livetsEntry = 1 + (+sessionStorage.livetsEntry || 0));

  /** Has the server still to answer for an address that the browser is at already? */
  const isTravelling = () => {
    travels = travels.filter((event) => event[1] > page.done_);
    return travels.length > 0;
  };

  /** @param {[number, number]} place */
  const show = ([left, top]) => scrollTo({ left, top, behavior: "instant" });

  /** To the reader's place once the page is as long as it was. @param {any[]} event @param {[number, number]} place */
  function restore(event, place) {
    if (event !== last) return;
    if (isTravelling()) requestAnimationFrame(() => restore(event, place));
    else show(place);
  }

  /** What a page change means to who looks and to who listens. @param {string} before the path */
  function arrive(before) {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target) target.scrollIntoView();
    else if (location.pathname !== before) show([0, 0]);
    if (document.activeElement === document.body) {
      // The link is gone: go on reading at the view, not at the top of the document.
      const place = root.querySelector("[autofocus], h1") ?? root;
      if (!place.matches("a[href], button, input, select, textarea, [tabindex]")) place.setAttribute("tabindex", "-1");
      /** @type {HTMLElement} */ (place).focus({ preventScroll: true });
    }
    if (document.title !== title) announcer.textContent = title = document.title;
  }

  /** @param {[number, string]} operation */
  function navigate([mode, url]) {
    if (mode === ANEW) {
      push(TYPED, {}, typed(root), []);
      return;
    }
    const to = new URL(url, location.href);
    if (!/^https?:$/.test(to.protocol)) return;
    if (mode === LEAVE) {
      if (pathOf(to) === pathOf(location) && to.origin === location.origin) location.reload();
      else location.assign(to);
      return;
    }
    // The answer to the last back or forward is where this ends; an address in between would spoil the history.
    if (isTravelling() || to.origin !== location.origin) return;
    const before = location.pathname;
    const isNew = mode === PUSH && to.href !== location.href;
    enter(isNew ? next() : entry, to.href, isNew);
    root.dispatchEvent(new CustomEvent("livets:navigate", { bubbles: true, detail: { url: to.href, mode } }));
    // after the patch which this is part of
    queueMicrotask(() => arrive(before));
  }

  /** The browser itself tells of it only with the next frame, and what follows a click may be faster. */
  const keepPlace = () => positions.set(entry, [scrollX, scrollY]);

  /** @param {MouseEvent} event */
  function click(event) {
    keepPlace();
    const { button, ctrlKey, metaKey, shiftKey, altKey, defaultPrevented, target } = event;
    if (defaultPrevented || button || ctrlKey || metaKey || shiftKey || altKey) return;
    const link = /** @type {Element | null} */ (/** @type {Element} */ (target).closest?.("a[ts-link]"));
    const href = link?.getAttribute("href");
    if (!link || href == null || !root.contains(link) || link.hasAttribute("download")) return;
    if (!/^(_self)?$/.test(link.getAttribute("target") ?? "")) return;
    const to = new URL(href, document.baseURI);
    // The browser itself does what it can do best: other sites, and places in this page.
    if (to.origin !== location.origin || (to.hash && pathOf(to) === shown)) return;
    event.preventDefault();
    push(HANDLER, {}, {}, [pathOf(to) + to.hash, link.getAttribute("ts-link") === "replace" ? REPLACE : PUSH]);
  }

  function travel() {
    entry = history.state?.livets ?? 0;
    const position = positions.get(entry);
    // A place in the same page: nobody but the browser need know.
    if (pathOf(location) === shown) {
      if (position) show(position);
      return;
    }
    shown = pathOf(location);
    const event = push(HANDLER, {}, {}, [shown]);
    if (!event) return;
    travels.push((last = event));
    // by its value: what the page becomes meanwhile scrolls, too
    restore(event, position ?? [0, 0]);
  }

  /** Places are kept by hand: the browser would go there before the page is as long as it was. */
  const takeOver = () => (history.scrollRestoration = "manual");

  takeOver();
  enter(history.state?.livets ?? next());
  document.addEventListener("click", click);
  addEventListener("popstate", travel);
  addEventListener("scroll", keepPlace, { passive: true });
  // Another page, or this one loaded again: the browser does it, and does it well.
  addEventListener("pagehide", () => (history.scrollRestoration = "auto"));
  addEventListener("pageshow", takeOver);
  return navigate;
}
