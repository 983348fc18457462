import { isIPv6 } from 'node:net';
import { concatenation, encodeAddress, type TableElement } from '@gantry/kernel';

/** Types of fields in keys and values, as nft names them. A verdict is what becomes of a packet: `goto within`. */
type Field = 'inet_proto' | 'inet_service' | 'ipv4_addr' | 'ipv6_addr' | 'ifname' | 'verdict';

type PerFamily =
  | 'routed'
  | 'unprotected'
  | 'subnets'
  | 'masquerade'
  | 'source'
  | 'published'
  | 'opened'
  | 'direct';

export type SetName =
  | 'bridges'
  | 'same_network'
  | 'further'
  | 'wide'
  | 'neighbours'
  | 'leaving'
  | 'entering'
  | 'linked4'
  | 'trusted'
  | `${PerFamily}${4 | 6}`
  | `published${4 | 6}_on`
  | `awaited${4 | 6}`
  | `awaited${4 | 6}_on`;

interface SetShape {
  key: readonly Field[];
  /** Of a map. */
  value?: readonly Field[];
  /** Keys are subnets. Such elements travel by nft alone, as those with verdicts do. */
  interval?: true;
}

const port4: Pick<SetShape, 'value'> = { value: ['ipv4_addr', 'inet_service'] };
const port6: Pick<SetShape, 'value'> = { value: ['ipv6_addr', 'inet_service'] };

/** Every set and map of the table. Networks and published ports are elements of them; the rules never change. */
export const tableSets: Readonly<Record<SetName, SetShape>> = {
  /** Bridges of our networks. */
  bridges: { key: ['ifname'] },
  /** A bridge with itself, or a further one with the first: packets that stay on one network. */
  same_network: { key: ['ifname', 'ifname'] },
  /** Further bridges of large networks. */
  further: { key: ['ifname'] },
  /** The first bridges of those networks. */
  wide: { key: ['ifname'] },
  /** The same, where containers may talk to each other. */
  neighbours: { key: ['ifname', 'ifname'] },
  /** By where packets come from, and where they go: bridges of internal networks in both, other bridges in the second. */
  leaving: { key: ['ifname'], value: ['verdict'] },
  entering: { key: ['ifname'], value: ['verdict'] },
  /** Who may open connections to which port of a neighbour, where neighbours may not talk to each other. */
  linked4: { key: ['ipv4_addr', 'ipv4_addr', 'inet_proto', 'inet_service'] },
  /** An interface of the host and a bridge: what comes by it may enter. */
  trusted: { key: ['ifname', 'ifname'] },
  routed4: { key: ['ifname'] },
  routed6: { key: ['ifname'] },
  unprotected4: { key: ['ifname'] },
  unprotected6: { key: ['ifname'] },
  subnets4: { key: ['ipv4_addr'], interval: true },
  subnets6: { key: ['ipv6_addr'], interval: true },
  masquerade4: { key: ['ipv4_addr'], interval: true },
  masquerade6: { key: ['ipv6_addr'], interval: true },
  /** Subnet → the host's address that its packets leave with. */
  source4: { key: ['ipv4_addr'], value: ['ipv4_addr'], interval: true },
  source6: { key: ['ipv6_addr'], value: ['ipv6_addr'], interval: true },
  /** Ports on every address of the host, and on one. */
  published4: { key: ['inet_proto', 'inet_service'], ...port4 },
  published6: { key: ['inet_proto', 'inet_service'], ...port6 },
  published4_on: { key: ['inet_proto', 'ipv4_addr', 'inet_service'], ...port4 },
  published6_on: { key: ['inet_proto', 'ipv6_addr', 'inet_service'], ...port6 },
  /** The keys of the four maps above, where the host's input rules decide first (`HandBack`). */
  awaited4: { key: ['inet_proto', 'inet_service'] },
  awaited6: { key: ['inet_proto', 'inet_service'] },
  awaited4_on: { key: ['inet_proto', 'ipv4_addr', 'inet_service'] },
  awaited6_on: { key: ['inet_proto', 'ipv6_addr', 'inet_service'] },
  /** Ports of containers on routed networks, by the container's address. */
  opened4: { key: ['inet_proto', 'ipv4_addr', 'inet_service'] },
  opened6: { key: ['inet_proto', 'ipv6_addr', 'inet_service'] },
  /** Published ports by the container's address, where the outside may use it in the place of the host's. */
  direct4: { key: ['inet_proto', 'ipv4_addr', 'inet_service'] },
  direct6: { key: ['inet_proto', 'ipv6_addr', 'inet_service'] },
};

export const setNames: readonly SetName[] = Object.keys(tableSets) as SetName[];

/** One element. `key` and `value` are their fields with ` . ` between them: `tcp . 8080`, `br0`, `172.17.0.2 . 80`. */
export interface Element {
  set: SetName;
  key: string;
  value?: string;
}

/** Two elements of one identity cannot be at once. */
export function identityOf({ set, key }: Element): string {
  return `${set} ${key}`;
}

/** The declarations of all sets and maps, empty. */
export function setDeclarations(): string {
  return setNames
    .map((name) => {
      const { key, value, interval } = tableSets[name];
      const type = value === undefined ? key.join(' . ') : `${key.join(' . ')} : ${value.join(' . ')}`;
      return `  ${setNoun(name)} ${name} { type ${type};${interval ? ' flags interval;' : ''} }`;
    })
    .join('\n');
}

/** Whether nft calls it a set or a map. */
export function setNoun(name: SetName): 'set' | 'map' {
  return tableSets[name].value === undefined ? 'set' : 'map';
}

/** Statements that add the elements to `table`, or delete them; one a set. */
export function elementStatements(
  verb: 'add' | 'delete',
  table: string,
  elements: Iterable<Element>,
): string[] {
  const bySet = new Map<SetName, string[]>();
  for (const element of elements) {
    const texts = bySet.get(element.set) ?? [];
    texts.push(elementText(verb, element));
    bySet.set(element.set, texts);
  }
  return [...bySet].map(([set, texts]) => `${verb} element inet ${table} ${set} { ${texts.join(', ')} }`);
}

/** The element as bytes for the kernel; undefined when it is one that only nft can write. */
export function encodeElement({ set, key, value }: Element): TableElement | undefined {
  const shape = tableSets[set];
  if (shape.interval === true || shape.value?.includes('verdict') === true) return undefined;
  const encoded = { set, key: encodeFields(shape.key, key) };
  return value === undefined || shape.value === undefined
    ? encoded
    : { ...encoded, value: encodeFields(shape.value, value) };
}

function elementText(verb: 'add' | 'delete', { set, key, value }: Element): string {
  const shape = tableSets[set];
  const match = fieldTexts(shape.key, key);
  if (verb === 'delete' || value === undefined || shape.value === undefined) return match;
  return `${match} : ${fieldTexts(shape.value, value)}`;
}

function fieldTexts(types: readonly Field[], text: string): string {
  return text
    .split(' . ')
    .map((field, index) => (types[index] === 'ifname' ? `"${field}"` : field))
    .join(' . ');
}

const protocolNumbers: Readonly<Record<string, number>> = { tcp: 6, udp: 17, sctp: 132 };
const interfaceNameBytes = 16;

function encodeFields(types: readonly Field[], text: string): Buffer {
  const fields = text.split(' . ').map((field, index) => encodeField(types[index], field));
  return fields.length === 1 && fields[0] !== undefined ? fields[0] : concatenation(...fields);
}

function encodeField(type: Field | undefined, field: string): Buffer {
  if (type === 'inet_proto') return Buffer.from([protocolNumbers[field] ?? 0]);
  if (type === 'inet_service') return Buffer.from([Number(field) >> 8, Number(field) & 255]);
  if (type !== 'ifname') return encodeAddress(field);
  const name = Buffer.alloc(interfaceNameBytes);
  name.write(field);
  return name;
}

/** `4` or `6`, the ending of a set's name, for an address or subnet. */
export function familyDigit(address: string): 4 | 6 {
  return isIPv6(address.split('/')[0] ?? '') ? 6 : 4;
}
