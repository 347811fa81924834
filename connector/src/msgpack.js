// msgpack, as much of it as comes down: no floats, no binary data. What goes up is JSON: browsers write that by themselves.

/**
 * The two values in the buffer, a frame's head and its body; false for a body that is not there.
 *
 * @param {ArrayBuffer} buffer
 * @returns {any[]}
 */
export function decode(buffer) {
  const bytes = new Uint8Array(buffer);
  const utf8 = new TextDecoder();
  let at = 0;
  /** Digits to base 256, exact up to 2 ** 53. @param {number} size @param {number} [value] the digits before */
  const integer = (size, value = 0) => {
    while (size--) value = value * 256 + bytes[at++];
    return value;
  };
  /** @param {number} size */
  const text = (size) => utf8.decode(bytes.subarray(at, (at += size)));
  /** @param {number} length @param {() => any} [item] @returns {any[]} */
  const list = (length, item = read) => Array.from({ length }, item);
  /** @param {number} size */
  const map = (size) => Object.fromEntries(list(size, () => [read(), read()]));
  /** @returns {any} */
  const read = () => {
    const code = bytes[at++];
    // of the longer forms: how many bytes the number has which follows
    const size = 1 << (code & 3);
    if (code < 0x80) return code;
    if (code < 0x90) return map(code & 15);
    if (code < 0xa0) return list(code & 15);
    if (code < 0xc0) return text(code & 31);
    if (code < 0xc4) return code > 0xc1 ? code > 0xc2 : null;
    if (code < 0xd0) return integer(size);
    // the sign sits in the first byte
    if (code < 0xd4) return integer(size - 1, (bytes[at++] << 24) >> 24);
    if (code < 0xdc) return text(integer(size / 2));
    if (code < 0xde) return list(integer(size * 2));
    if (code < 0xe0) return map(integer(size / 2));
    return code - 256;
  };
  return [read(), at < bytes.length && read()];
}
