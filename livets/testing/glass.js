// Looks at a page for livets.testing: numbers its elements, describes the whole document, follows the WebSocket.
// Runs before every other script of a page that a test drives; changes nothing that a person could see.
(() => {
  const numbers = new WeakMap();
  const elements = new Map();
  const sockets = new Set();
  let last = 0;
  const glass = { seq: 0, done: 0, ref: 0, joined: false, offline: false, invalid: "" };

  const numberOf = (node) => {
    if (!numbers.has(node)) {
      numbers.set(node, ++last);
      elements.set(last, new WeakRef(node));
    }
    return numbers.get(node);
  };

  const describe = (node) => {
    if (node.nodeType === 3) return node.data;
    if (node.nodeType === 8) return [0, node.data];
    if (node.nodeType !== 1) return "";
    const attributes = {};
    for (const { name, value } of node.attributes) attributes[name] = value;
    const inside = node.localName === "template" ? node.content : node;
    const space = { "http://www.w3.org/2000/svg": "svg", "http://www.w3.org/1998/Math/MathML": "math" };
    return [
      numberOf(node),
      node.localName,
      space[node.namespaceURI] || "",
      attributes,
      [...inside.childNodes].map(describe),
      /^(input|textarea)$/.test(node.localName) ? node.value : null,
      node.localName === "option" ? node.selected : node.type === "checkbox" || node.type === "radio" ? node.checked : null,
      node.checkVisibility({ visibilityProperty: true }),
    ];
  };

  glass.element = (number) => elements.get(number)?.deref();
  glass.look = () => ({
    top: describe(document.documentElement),
    title: document.title,
    focused: document.activeElement && document.activeElement !== document.body ? numberOf(document.activeElement) : 0,
    url: location.pathname + location.search,
    isComplete: document.readyState === "complete",
    seq: glass.seq, done: glass.done, ref: glass.ref, joined: glass.joined,
  });
  // the browser has refused to submit a form
  addEventListener("invalid", ({ target }) => (glass.invalid ||= target.cloneNode().outerHTML), true);
  glass.takeInvalid = () => {
    const html = glass.invalid;
    glass.invalid = "";
    return html;
  };
  glass.drop = () => {
    glass.offline = true;
    glass.joined = false;
    for (const socket of sockets) socket.close();
  };

  // kind, seq, done: the first numbers of a frame
  const headOf = (data) => {
    if (typeof data === "string") return JSON.parse(data)[0];
    const bytes = new DataView(data);
    const head = [];
    for (let at = 1; head.length < 3; ) {
      const first = bytes.getUint8(at++);
      const size = { 0xcc: 1, 0xcd: 2, 0xce: 4 }[first] || 0;
      head.push(size === 1 ? bytes.getUint8(at) : size === 2 ? bytes.getUint16(at) : size ? bytes.getUint32(at) : first);
      at += size;
    }
    return head;
  };

  window.WebSocket = class extends WebSocket {
    constructor(url, protocols) {
      const isPage = [protocols].flat().some((name) => /^livets\.\d/.test(name));
      super(isPage && glass.offline ? url + "-away" : url, protocols);
      // pages that are developed have another one
      if (!isPage) return;
      sockets.add(this);
      this.addEventListener("close", () => sockets.delete(this));
      this.addEventListener("message", ({ data }) => {
        const [kind, seq, done] = headOf(data);
        // after the connector's own listener
        setTimeout(() => {
          glass.seq = seq;
          glass.done = Math.max(glass.done, done);
          glass.joined ||= kind === 1;
        });
      });
    }
    send(data) {
      const message = sockets.has(this) && typeof data === "string" && JSON.parse(data);
      if (message && message[0] === 1) glass.ref = Math.max(glass.ref, message[1]);
      super.send(data);
    }
  };
  Object.defineProperty(window, "livetsTestGlass", { value: glass });
})();
