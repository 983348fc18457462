import { encodeAddress } from '@gantry/kernel';
import type { NamedService, NameSource } from './name-source.ts';
import type { AnswerRecord } from './wire/answer.ts';
import { encodeName, reverseAddress } from './wire/name.ts';
import type { Query } from './wire/query.ts';
import { classes, recordTypes } from './wire/registry.ts';

/**
 * The records that the engine itself answers with; undefined when the question is not about names of ours and is for
 * somebody else. A known name has no records but its addresses and what it exposes (SRV): asked for anything else of it
 * (`MX`, `HTTPS`) the answer is empty, never NXDOMAIN from a server outside, which many clients take for the whole name. Several addresses
 * come in random order.
 */
export function localAnswer(query: Query, names: NameSource): readonly AnswerRecord[] | undefined {
  if (query.class !== classes.IN && query.class !== classes.ANY) return undefined;
  if (query.type === recordTypes.PTR) {
    const pointer = pointerRecord(query.name, names);
    if (pointer !== undefined) return [pointer];
  }
  if (query.type === recordTypes.SRV) return names.services(query.name)?.flatMap(serviceRecord);
  const { known, ipv4, ipv6 } = names.addresses(query.name);
  if (!known) return undefined;
  const wants = (type: number): boolean => query.type === type || query.type === recordTypes.ANY;
  return [
    ...(wants(recordTypes.A) ? shuffled(ipv4).map((address) => record(recordTypes.A, address)) : []),
    ...(wants(recordTypes.AAAA) ? shuffled(ipv6).map((address) => record(recordTypes.AAAA, address)) : []),
  ];
}

function record(type: number, address: string): AnswerRecord {
  return { type, data: encodeAddress(address) };
}

function pointerRecord(name: string, names: NameSource): AnswerRecord | undefined {
  const address = reverseAddress(name);
  const host = address === undefined ? undefined : names.reverse(address);
  const data = host === undefined ? undefined : encodeName(host);
  return data === undefined ? undefined : { type: recordTypes.PTR, data };
}

/** RFC 2782, without priority and weight: all are alike. */
function serviceRecord({ target, port }: NamedService): AnswerRecord[] {
  const name = encodeName(target);
  if (name === undefined) return [];
  const head = Buffer.alloc(6);
  head.writeUInt16BE(port, 4);
  return [{ type: recordTypes.SRV, data: Buffer.concat([head, name]) }];
}

/** Fisher and Yates. */
function shuffled(addresses: readonly string[]): string[] {
  const order = [...addresses];
  for (let last = order.length - 1; last > 0; last -= 1) {
    const other = Math.floor(Math.random() * (last + 1));
    [order[last], order[other]] = [order[other] as string, order[last] as string];
  }
  return order;
}
