// msgpack, as much of it as the protocol speaks. Encoding takes the shortest code, not the shortest form.

const utf8 = new TextEncoder();
const text = new TextDecoder();

/** @param {number} code @param {number} size */
const sized = (code, size) => [code, size >>> 24, size >>> 16, size >>> 8, size];

/** @param {number} value @returns {number[]} */
function eightBytes(value) {
  const isWhole = Number.isSafeInteger(value);
  const { buffer } = isWhole ? BigInt64Array.of(BigInt(value)) : Float64Array.of(value);
  // every machine with a browser is little-endian, msgpack is not
  return [isWhole ? 0xd3 : 0xcb, ...new Uint8Array(buffer).reverse()];
}

/** @param {any} value @returns {number[]} */
function bytesOf(value) {
  if (value == null) return [0xc0];
  if (typeof value === "boolean") return [value ? 0xc3 : 0xc2];
  // refs, view and seen: nearly always small
  if ((value & 127) === value) return [value];
  if (typeof value === "number") return eightBytes(value);
  if (typeof value === "string") {
    const bytes = utf8.encode(value);
    return [...sized(0xdb, bytes.length), ...bytes];
  }
  if (Array.isArray(value)) return [...sized(0xdd, value.length), ...value.flatMap(bytesOf)];
  const entries = Object.entries(value);
  return [...sized(0xdf, entries.length), ...entries.flat().flatMap(bytesOf)];
}

/** @param {any} value */
export const encode = (value) => new Uint8Array(bytesOf(value));

/**
 * Every value in the buffer, one after the other.
 *
 * @param {ArrayBuffer} buffer
 * @returns {any[]}
 */
export function decode(buffer) {
  const view = new DataView(buffer);
  let at = 0;
  /** @param {number} size @param {boolean} [signed] */
  const integer = (size, signed) => {
    // The sign sits in the first byte; the others are digits to base 256, exact up to 2 ** 53.
    let value = signed ? view.getInt8(at) : view.getUint8(at);
    for (at++; --size; at++) value = value * 256 + view.getUint8(at);
    return value;
  };
  /** @param {number} size */
  const bytes = (size) => new Uint8Array(buffer, (at += size) - size, size);
  /** @param {number} size */
  const list = (size) => Array.from({ length: size }, read);
  /** @param {number} size */
  const map = (size) => Object.fromEntries(Array.from({ length: size }, () => [read(), read()]));
  /** @returns {any} */
  const read = () => {
    const code = view.getUint8(at++);
    if (code < 0x80) return code;
    if (code < 0x90) return map(code & 15);
    if (code < 0xa0) return list(code & 15);
    if (code < 0xc0) return text.decode(bytes(code & 31));
    if (code < 0xc4) return code > 0xc1 ? code > 0xc2 : null;
    if (code < 0xc7) return bytes(integer(1 << (code - 0xc4)));
    if (code < 0xcc) return (at += 8), view.getFloat64(at - 8);
    if (code < 0xd4) return integer(1 << (code & 3), code > 0xcf);
    if (code < 0xdc) return text.decode(bytes(integer(1 << (code - 0xd9))));
    if (code < 0xde) return list(integer(2 << (code & 1)));
    if (code < 0xe0) return map(integer(2 << (code & 1)));
    return code - 256;
  };
  const values = [];
  while (at < buffer.byteLength) values.push(read());
  return values;
}
