// Owns writing protobuf messages by hand: fields of a message, one after the other.

/** A field: its number and its value. Messages and bytes are length-delimited. */
export type ProtobufField = readonly [number, string | Uint8Array | boolean];

const encoder = new TextEncoder();

function varint(value: number, out: number[]): void {
  let rest = value;
  while (rest > 0x7f) {
    out.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  out.push(rest);
}

/** The bytes of a message with these fields, in this order. */
export function message(fields: Iterable<ProtobufField>): Uint8Array {
  const parts: Uint8Array[] = [];
  let size = 0;
  for (const [number, value] of fields) {
    const head: number[] = [];
    let body: Uint8Array | undefined;
    if (typeof value === "boolean") {
      varint(number * 8, head);
      head.push(value ? 1 : 0);
    } else {
      body = typeof value === "string" ? encoder.encode(value) : value;
      varint(number * 8 + 2, head);
      varint(body.length, head);
    }
    const headBytes = Uint8Array.from(head);
    parts.push(headBytes);
    size += headBytes.length;
    if (body !== undefined) {
      parts.push(body);
      size += body.length;
    }
  }
  const out = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
