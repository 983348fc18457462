import { MalformedMessageError } from '../errors.ts';
import type { Field, MessageType, ScalarKind } from './message-type.ts';
import { WireReader } from './wire-reader.ts';

/** Messages within messages; nobody's are deeper. */
const deepestMessage = 64;

/**
 * Reads a message. Fields that it does not know are passed over, those that are not sent are empty; bytes are views into `bytes`.
 * Throws `MalformedMessageError`.
 */
export function decodeMessage<Message extends object>(
  type: MessageType<Message>,
  bytes: Uint8Array,
): Message {
  return decode(type, new WireReader(bytes), 0) as Message;
}

type Values = Record<string, unknown>;

function decode(type: MessageType<object>, reader: WireReader, depth: number): Values {
  if (depth > deepestMessage) throw new MalformedMessageError(`${type.name} is too deep`);
  const message = emptyMessage(type);
  while (!reader.isAtEnd) {
    const { number, wireType } = reader.tag();
    const field = type.fields.find((candidate) => candidate.number === number);
    if (field === undefined) reader.skip(wireType);
    else take(message, field, { reader, wireType, depth });
  }
  return message;
}

function emptyMessage({ fields }: MessageType<object>): Values {
  return Object.fromEntries(fields.map((field) => [field.name, emptyField(field)]));
}

function emptyField({ repeated, mapKey, optional, kind }: Field): unknown {
  if (repeated === true) return [];
  if (mapKey !== undefined) return new Map();
  if (optional === true || typeof kind === 'function') return undefined;
  return emptyScalar(kind);
}

function emptyScalar(kind: ScalarKind): unknown {
  if (kind === 'string') return '';
  if (kind === 'bytes') return new Uint8Array();
  if (kind === 'bool') return false;
  return kind === 'int64' || kind === 'uint64' ? 0n : 0;
}

interface Place {
  readonly reader: WireReader;
  readonly wireType: number;
  readonly depth: number;
}

function take(message: Values, field: Field, place: Place): void {
  const { name, repeated, mapKey, kind } = field;
  if (mapKey !== undefined) {
    const [key, value] = mapEntry(field, place);
    (message[name] as Map<unknown, unknown>).set(key, value);
  } else if (repeated !== true) {
    message[name] = fieldValue(kind, place);
  } else if (place.wireType === 2 && typeof kind === 'string' && kind !== 'string' && kind !== 'bytes') {
    const packed = new WireReader(place.reader.bytes());
    while (!packed.isAtEnd) (message[name] as unknown[]).push(scalar(kind, packed));
  } else {
    (message[name] as unknown[]).push(fieldValue(kind, place));
  }
}

/** An entry is a message of its own: field 1 the key, field 2 the value. */
function mapEntry({ mapKey = 'string', kind }: Field, { reader, depth }: Place): [unknown, unknown] {
  const entry = new WireReader(reader.bytes());
  let key = emptyScalar(mapKey);
  let value: unknown = typeof kind === 'function' ? emptyMessage(kind()) : emptyScalar(kind);
  while (!entry.isAtEnd) {
    const { number, wireType } = entry.tag();
    if (number === 1) key = fieldValue(mapKey, { reader: entry, wireType, depth });
    else if (number === 2) value = fieldValue(kind, { reader: entry, wireType, depth });
    else entry.skip(wireType);
  }
  return [key, value];
}

function fieldValue(kind: Field['kind'], { reader, wireType, depth }: Place): unknown {
  const expected = typeof kind === 'function' || kind === 'string' || kind === 'bytes' ? 2 : 0;
  if (wireType !== expected)
    throw new MalformedMessageError(`wire type ${wireType} where ${expected} was due`);
  return typeof kind === 'function'
    ? decode(kind(), new WireReader(reader.bytes()), depth + 1)
    : scalar(kind, reader);
}

function scalar(kind: ScalarKind, reader: WireReader): unknown {
  switch (kind) {
    case 'string':
      return reader.text();
    case 'bytes':
      return reader.bytes();
    case 'bool':
      return reader.varint() !== 0n;
    case 'uint32':
      return Number(BigInt.asUintN(32, reader.varint()));
    case 'int32':
    case 'enum':
      return Number(BigInt.asIntN(32, reader.varint()));
    case 'int64':
      return BigInt.asIntN(64, reader.varint());
    case 'uint64':
      return reader.varint();
    case 'safe-int64':
      return safe(BigInt.asIntN(64, reader.varint()));
    case 'safe-uint64':
      return safe(reader.varint());
  }
}

function safe(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new MalformedMessageError(`number out of range: ${value}`);
  return number;
}
