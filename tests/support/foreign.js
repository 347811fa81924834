// Other scripts on a page of livets, and a comparison which knows what is theirs. Loaded into pages by the browser tests.
//
// foreign.meddle(seed, isRough)  extensions, widgets, translators at work: at random, all from the seed
// foreign.difference(html)       where the page, less what they did, differs from fresh HTML; "" where it does not
// foreign.harmed()               their nodes which are gone though the element they were put into is still there

(() => {
  const LEAVES = "textarea,title,script,style,xmp,iframe,noembed,noframes,noscript,template,select,option,svg,math";
  const MARKER = /^(\[(-?\d+)?|\])$/;
  const root = () => document.getElementById("livets");
  let placed = [];

  /** Numbers in [0, limit) from a seed. */
  const dice = (seed) => (limit) => {
    seed = (Math.imul(seed ^ (seed >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    return (((seed >>> 8) ^ (seed >>> 19)) >>> 0) % limit;
  };

  const nodes = (what) => {
    const found = [];
    const walker = document.createTreeWalker(root(), what, (node) =>
      node.nodeType === 1 && node.matches(LEAVES) ? NodeFilter.FILTER_REJECT
      : node.parentNode.closest("x-foreign,font") ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT);
    while (walker.nextNode()) found.push(walker.currentNode);
    return found;
  };

  const insert = (parent, roll) => {
    const widget = document.createElement("x-foreign");
    widget.textContent = "foreign";
    parent.insertBefore(widget, parent.childNodes[roll(parent.childNodes.length + 1)] ?? null);
    // between the comments of a range everything goes with what the range shows
    const isSafe = parent !== root() && ![...parent.childNodes].some((node) => node.nodeType === 8 && MARKER.test(node.data));
    if (isSafe) placed.push([widget, parent]);
  };

  const wrap = (element) => {
    const around = document.createElement("x-wrap");
    element.before(around);
    around.append(element);
  };

  /** The elements of one run of siblings, without a comment between them, the other way round. */
  const sort = (parent) => {
    const run = [];
    for (const node of parent.childNodes)
      if (node.nodeType === 8) {
        if (run.length > 1) break;
        run.length = 0;
      } else if (node.nodeType === 1) run.push(node);
    if (run.length < 2) return;
    const anchors = run.map((node) => { const mark = new Comment("anchor"); node.before(mark); return mark; });
    anchors.forEach((mark, at) => mark.replaceWith(run[run.length - 1 - at]));
    parent.setAttribute("data-foreign-sorted", "");
  };

  const translate = (text) => {
    const font = document.createElement("font");
    font.setAttribute("data-foreign-text", text.data);
    font.textContent = `«${text.data}»`;
    text.replaceWith(font);
  };

  function meddle(seed, isRough) {
    const roll = dice(seed);
    placed = placed.filter(([widget]) => widget.isConnected);
    for (let times = 1 + roll(4); times; times--) {
      const elements = nodes(NodeFilter.SHOW_ELEMENT).filter((node) => !/^(X-FOREIGN|X-WRAP|FONT)$/.test(node.tagName));
      const texts = nodes(NodeFilter.SHOW_TEXT).filter((text) => text.data.trim());
      const element = elements[roll(elements.length || 1)] ?? root();
      const text = texts[roll(texts.length || 1)];
      const kind = roll(isRough ? 8 : 4);
      if (kind === 0 && element !== root()) element.classList.add("foreign");
      else if (kind === 1 && element !== root()) element.setAttribute("data-foreign", "1");
      else if (kind < 4) insert(element, roll);
      else if (kind === 4 && element !== root()) wrap(element);
      else if (kind === 5) sort(element);
      else if (kind === 6 && text?.length > 1) text.splitText(1 + roll(text.length - 1));
      else if (kind === 7 && text) translate(text);
    }
  }

  const harmed = () => placed.filter(([widget, parent]) => parent.isConnected && (widget.parentNode !== parent || widget.textContent !== "foreign")).length;

  /** Without what is theirs, without our markers; texts joined. */
  function tidy(box) {
    for (const widget of box.querySelectorAll("x-foreign")) {
      widget.parentNode.setAttribute("data-foreign-inside", "");
      widget.remove();
    }
    for (const around of box.querySelectorAll("x-wrap")) around.replaceWith(...around.childNodes);
    for (const font of box.querySelectorAll("font[data-foreign-text]")) font.replaceWith(font.getAttribute("data-foreign-text"));
    const comments = document.createTreeWalker(box, NodeFilter.SHOW_COMMENT);
    const markers = [];
    while (comments.nextNode()) if (MARKER.test(comments.currentNode.data)) markers.push(comments.currentNode);
    for (const marker of markers) marker.remove();
    for (const element of box.querySelectorAll("*")) {
      element.removeAttribute("data-foreign");
      const classes = [...element.classList].filter((name) => name !== "foreign").sort();
      if (classes.length) element.setAttribute("class", classes.join(" "));
      else element.removeAttribute("class");
    }
    box.normalize();
    return box;
  }

  const attributes = (element) =>
    [...element.attributes].map(({ name, value }) => (name.startsWith("data-foreign-") ? "" : `${name}=${JSON.stringify(value)}`)).sort().join(" ").trim();

  /** The same for elements with the same content in any order. */
  const canonical = (node) =>
    node.nodeType !== 1 ? node.data.trim()
    : `<${node.nodeName} ${attributes(node)}>${[...node.childNodes].map(canonical).filter(Boolean).sort().join("")}${node.content?.innerHTML ?? ""}</>`;

  function compare(live, fresh) {
    if (live.nodeName !== fresh.nodeName || live.namespaceURI !== fresh.namespaceURI) return `${live.nodeName}, not ${fresh.nodeName}`;
    if (live.nodeType !== 1) return live.data === fresh.data ? "" : `${JSON.stringify(live.data)}, not ${JSON.stringify(fresh.data)}`;
    if (attributes(live) !== attributes(fresh)) return `${live.cloneNode().outerHTML}, not ${fresh.cloneNode().outerHTML}`;
    if (live.content && live.innerHTML !== fresh.innerHTML) return `${live.innerHTML}, not ${fresh.innerHTML}`;
    if (live.hasAttribute("data-foreign-sorted")) return canonical(live) === canonical(fresh) ? "" : `${canonical(live)}, not ${canonical(fresh)}`;
    // a node of theirs may have parted a row from the white space after it
    const isLoose = live.hasAttribute("data-foreign-inside");
    const [ours, theirs] = [live, fresh].map(({ childNodes }) =>
      [...childNodes].filter((node) => !(isLoose && node.nodeType === 3 && !node.data.trim())));
    for (let at = 0; at < Math.max(ours.length, theirs.length); at++) {
      if (!ours[at] || !theirs[at]) return `in ${live.cloneNode().outerHTML}: ${ours[at]?.nodeName}, not ${theirs[at]?.nodeName}`;
      const found = compare(ours[at], theirs[at]);
      if (found) return found;
    }
    return "";
  }

  function difference(html) {
    const inert = document.implementation.createHTMLDocument("");
    const [live, fresh] = [inert.createElement("div"), inert.createElement("div")];
    fresh.innerHTML = html;
    for (const node of root().childNodes) live.append(inert.importNode(node, true));
    if (root().hasAttribute("data-foreign-sorted")) live.setAttribute("data-foreign-sorted", "");
    return compare(tidy(live), tidy(fresh));
  }

  window.foreign = { meddle, difference, harmed };
})();
