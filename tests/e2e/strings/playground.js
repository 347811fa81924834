// A page without a connector: HTML goes into a range, other scripts are at work in it, edits are applied, trees compared.
// The test puts held.js and edits.js in front of this: `hold`, `applyEdits` and `LEAVES` are theirs.


function parse(html, wrapper) {
  const template = document.createElement("template");
  template.innerHTML = wrapper ? `<${wrapper}>${html}</${wrapper}>` : html;
  if (wrapper) template.content.replaceChildren(...template.content.firstChild.childNodes);
  return template.content;
}

/** As controls.js writes attributes: classes of others stay. */
function writeAttribute(element, name, value, classes) {
  if (name === "class") {
    const ours = classes?.split(/[ \t\n\f\r]/) || [];
    const others = [...element.classList].filter((token) => !ours.includes(token));
    if (others[0]) value = [value, ...others].join(" ");
  }
  if (value == null) element.removeAttribute(name);
  else element.setAttribute(name, value);
}

/** Numbers in [0, limit) from a seed. */
const dice = (seed) => (limit) => {
  seed = (Math.imul(seed ^ (seed >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
  return ((seed >>> 8) ^ (seed >>> 19)) % limit;
};

const everyNode = (nodes) => nodes.flatMap((node) => [node, ...(node.matches?.(LEAVES) ? [] : everyNode([...node.childNodes]))]);

/** What other scripts do; answers the nodes they made, each with the one of ours it was put into. */
function meddle(ours, roll, isRough) {
  const made = [];
  const elements = ours.filter((node) => node.nodeType === 1 && !node.matches(LEAVES));
  for (let times = 1 + roll(4); times && elements.length; times--) {
    const element = elements[roll(elements.length)];
    const kind = roll(isRough ? 6 : 4);
    const widget = document.createElement("x-widget");
    widget.textContent = "foreign";
    if (kind === 0) element.classList.add("foreign");
    else if (kind === 1) element.setAttribute("data-foreign", "1");
    else if (kind === 2 || kind === 3) {
      element.insertBefore(widget, element.childNodes[roll(element.childNodes.length + 1)] ?? null);
      made.push([widget, element]);
    } else if (kind === 4) {
      element.before(widget);
      widget.append(element);
    } else element.append(...[...element.childNodes].reverse());
  }
  return made;
}

function sameAttributes(live, fresh) {
  const names = live.getAttributeNames().filter((name) => name !== "data-foreign" && name !== "class");
  const tidy = (element) => (element.getAttribute("class") ?? "").replace(/ ?foreign/, "");
  return (
    names.length === fresh.getAttributeNames().filter((name) => name !== "class").length &&
    names.every((name) => live.getAttribute(name) === fresh.getAttribute(name)) &&
    tidy(live) === tidy(fresh) &&
    (live.hasAttribute("class") === fresh.hasAttribute("class") || live.classList.contains("foreign") || live.getAttribute("class") === "")
  );
}

/** Where our nodes differ from fresh ones; nothing when they are the same. */
function difference(held, lives, freshes) {
  if (lives.length !== freshes.length) return `${lives.length} nodes, not ${freshes.length}`;
  for (let at = 0; at < lives.length; at++) {
    const [live, fresh] = [lives[at], freshes[at]];
    if (live.nodeName !== fresh.nodeName || live.namespaceURI !== fresh.namespaceURI) return `${live.nodeName}, not ${fresh.nodeName}`;
    if (live.nodeType !== 1) {
      if (live.data !== fresh.data) return `${JSON.stringify(live.data)}, not ${JSON.stringify(fresh.data)}`;
    } else if (!sameAttributes(live, fresh)) return `${live.cloneNode().outerHTML}, not ${fresh.cloneNode().outerHTML}`;
    else if (live.matches(LEAVES)) {
      // what is in a <noscript> is text or elements, as the parser was told; nobody sees it
      if (live.innerHTML !== fresh.innerHTML && live.localName !== "noscript") return `${live.outerHTML}, not ${fresh.outerHTML}`;
    } else {
      const inner = difference(held, held.get(live) ?? [], [...fresh.childNodes]);
      if (inner) return inner;
    }
  }
  return "";
}

/** Every one of our nodes is inside of the one it belongs to. */
const isInPlace = (held, owner, nodes) =>
  nodes.every((node) => owner.contains(node) && (node.nodeType !== 1 || node.matches(LEAVES) || isInPlace(held, node, held.get(node) ?? [])));

function play([seed, before, after, ops, mode]) {
  const root = document.createElement("div");
  document.body.replaceChildren(root);
  root.innerHTML = `<!--[-->${before}<!--]-->`;
  const [start, end] = [root.firstChild, root.lastChild];
  const held = new WeakMap();
  const inside = () => [...root.childNodes].filter((node) => node !== start && node !== end);
  hold(held, start, inside());
  const roll = dice(seed);
  const made = mode ? meddle(everyNode(inside()), roll, mode > 1) : [];
  const env = [
    held, parse, (element, name, value, write) => write(), () => {},
    ({ node_, classes_ }, name, value) => writeAttribute(node_, name, value, classes_),
  ];
  const isApplied = applyEdits(start, ops, env);
  const fresh = document.implementation.createHTMLDocument("").createElement("div");
  fresh.innerHTML = after;
  if (!isApplied) return "healed";
  const wrong = difference(held, held.get(start), [...fresh.childNodes]);
  if (wrong) return wrong;
  if (!isInPlace(held, root, held.get(start))) return "a node of ours is somewhere else";
  if (mode < 2)
    for (const nodes of [held.get(start), ...everyNode(inside()).map((node) => held.get(node) ?? [])])
      for (let at = 1; at < nodes.length; at++)
        if (nodes[at].isConnected && !(nodes[at - 1].compareDocumentPosition(nodes[at]) & 4)) return "out of order";
  for (const [widget, owner] of made)
    if (owner.isConnected && (widget.parentNode !== owner || widget.textContent !== "foreign")) return "a foreign node was touched";
  if (!mode) {
    start.remove();
    end.remove();
    if (!root.isEqualNode(document.importNode(fresh, true)) && !root.querySelector("noscript,template"))
      return `not equal: ${root.innerHTML}`;
  }
  return "edited";
}
