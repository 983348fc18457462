import type { Draft, Field, FieldKind, MessageType, ScalarKind } from './message-type.ts';
import { WireWriter } from './wire-writer.ts';

/** Writes a message; what is left out or empty takes no bytes. */
export function encodeMessage<Message extends object>(
  type: MessageType<Message>,
  draft: Draft<Message>,
): Buffer {
  return encode(type, draft);
}

type Values = Readonly<Record<string, unknown>>;

function encode({ fields }: MessageType<object>, values: Values): Buffer {
  const writer = new WireWriter();
  for (const field of fields) {
    const value = values[field.name];
    if (value !== undefined) put(writer, field, value);
  }
  return writer.finish();
}

function put(writer: WireWriter, field: Field, value: unknown): void {
  const { number, kind, mapKey, repeated, optional } = field;
  if (mapKey !== undefined) {
    for (const [key, item] of value as ReadonlyMap<string | number, unknown>) {
      const entry = new WireWriter();
      putValue(entry, { number: 1, kind: mapKey }, key);
      putValue(entry, { number: 2, kind }, item);
      writer.tag(number, 2);
      writer.bytes(entry.finish());
    }
  } else if (repeated === true) {
    for (const item of value as readonly unknown[]) putValue(writer, { number, kind }, item);
  } else if (optional === true || typeof kind === 'function' || !isEmpty(kind, value)) {
    putValue(writer, { number, kind }, value);
  }
}

function isEmpty(kind: ScalarKind, value: unknown): boolean {
  if (kind === 'bytes') return (value as Uint8Array).length === 0;
  return value === '' || value === 0 || value === 0n || value === false;
}

function putValue(
  writer: WireWriter,
  { number, kind }: { number: number; kind: FieldKind },
  value: unknown,
): void {
  if (typeof kind === 'function') {
    writer.tag(number, 2);
    writer.bytes(encode(kind(), value as Values));
  } else if (kind === 'string' || kind === 'bytes') {
    writer.tag(number, 2);
    writer.bytes(kind === 'string' ? Buffer.from(value as string) : (value as Uint8Array));
  } else {
    writer.tag(number, 0);
    writer.varint(BigInt(value as number | bigint | boolean));
  }
}
