import { parseByteSize, parseGoBoolean, parseGoDuration } from '@gantry/base';
import { parseNetworkOption } from '../options/network-option.ts';

/** How a flag's values are taken. */
interface FlagType {
  /** The flag may be given several times, and all its values count. */
  readonly multiple?: boolean;
  /** What help calls the type, when not its own name. */
  readonly label?: string;
  /** Throws `Error` with the reason when the text does not fit. */
  readonly check?: (text: string) => void;
  /** One occurrence may hold several values, split at commas. */
  readonly commas?: boolean;
}

const text: FlagType = {};
const texts: FlagType = { multiple: true };

const types: Readonly<Record<string, FlagType>> = {
  string: text,
  bool: { check: (value) => void parseGoBoolean(value) },
  int: { check: (value) => checkInteger(value, 'ParseInt') },
  int64: { label: 'int', check: (value) => checkInteger(value, 'ParseInt') },
  uint: { check: (value) => checkInteger(value, 'ParseUint') },
  uint16: { check: (value) => checkInteger(value, 'ParseUint', 65_535) },
  uint32: { check: (value) => checkInteger(value, 'ParseUint', 4_294_967_295) },
  uint64: { label: 'uint', check: (value) => checkInteger(value, 'ParseUint') },
  float: { check: checkFloat },
  decimal: { check: checkDecimal },
  duration: { check: (value) => void parseGoDuration(value) },
  bytes: { check: (value) => value === '-1' || void parseByteSize(value) },
  list: texts,
  stringArray: texts,
  map: texts,
  stringToString: { multiple: true, commas: true },
  stringSlice: { multiple: true, label: 'strings', commas: true },
  ipSlice: { multiple: true, label: 'strings', commas: true },
  ipNetSlice: { multiple: true, label: 'strings', commas: true },
  filter: { multiple: true, check: checkFilter },
  ip: { label: 'string' },
  ulimit: { multiple: true, check: checkUlimit },
  mount: texts,
  network: { multiple: true, check: (value) => void parseNetworkOption(value) },
  'gpu-request': texts,
  port: texts,
  config: texts,
  secret: texts,
  pref: texts,
  command: text,
  'credential-spec': text,
  'pem-file': text,
  'external-ca': texts,
  'node-addr': text,
};

/** The type of a flag. Throws for a name that no table may use. */
export function flagType(name: string): FlagType {
  const type = types[name];
  if (type === undefined) throw new Error(`unknown flag type: ${name}`);
  return type;
}

function checkInteger(
  value: string,
  parser: 'ParseInt' | 'ParseUint',
  max: number = Number.MAX_SAFE_INTEGER,
): void {
  const pattern =
    parser === 'ParseInt' ? /^[+-]?(?:0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|\d+)$/ : /^(?:0[xX][0-9a-fA-F]+|\d+)$/;
  if (!pattern.test(value)) throw new Error(`strconv.${parser}: parsing "${value}": invalid syntax`);
  if (Math.abs(Number(value)) > max)
    throw new Error(`strconv.${parser}: parsing "${value}": value out of range`);
}

function checkFloat(value: string): void {
  if (value.trim() === '' || Number.isNaN(Number(value))) {
    throw new Error(`strconv.ParseFloat: parsing "${value}": invalid syntax`);
  }
}

function checkDecimal(value: string): void {
  const match = /^[+-]?(?:\d+(?:\.(\d*))?|\.(\d+))(?:\/(\d+))?$/.exec(value);
  if (match === null || match[3] === '0') throw new Error(`failed to parse ${value} as a rational number`);
  if ((match[1] ?? match[2] ?? '').length > 9) throw new Error('value is too precise');
}

function checkFilter(value: string): void {
  if (value !== '' && !value.includes('=')) throw new Error('bad format of filter (expected name=value)');
}

/** setrlimit(2), in Docker's words. */
const ulimitNames: ReadonlySet<string> = new Set(
  'core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack'.split(
    ' ',
  ),
);

function checkUlimit(value: string): void {
  const match = /^([^=]*)=(-?\d+)(?::(-?\d+))?$/.exec(value);
  if (match === null) throw new Error(`invalid ulimit argument: ${value}`);
  const [name = ''] = value.split('=');
  if (!ulimitNames.has(name)) throw new Error(`invalid ulimit type: ${name}`);
  const [, , soft, hard] = match;
  if (hard !== undefined && hard !== '-1' && (soft === '-1' || Number(soft) > Number(hard))) {
    throw new Error(`ulimit soft limit must be less than or equal to hard limit: ${soft} > ${hard}`);
  }
}
