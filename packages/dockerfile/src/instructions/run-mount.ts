import { parseByteSize } from '@gantry/base';
import { SyntaxProblem } from '../errors.ts';
import { suggestion } from '../text/suggestion.ts';
import { booleanField, type Field, readFields } from './fields.ts';

const types = ['bind', 'cache', 'tmpfs', 'secret', 'ssh'] as const;
const sharings = ['shared', 'private', 'locked'] as const;

/** What `RUN --mount` asks for, its variables put in. What is not said is left out, but for `type` and `readOnly`. */
export interface RunMount {
  readonly type: (typeof types)[number];
  readonly from?: string;
  readonly source?: string;
  readonly target?: string;
  readonly readOnly: boolean;
  /** Bytes; tmpfs only. */
  readonly size?: number;
  readonly id?: string;
  /** cache only; `shared` where not said. */
  readonly sharing?: (typeof sharings)[number];
  /** secret and ssh only. */
  readonly required?: boolean;
  /** secret only: the variable that holds it; empty for the one named after its id. */
  readonly env?: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
}

type Draft = { -readonly [Key in keyof RunMount]?: RunMount[Key] };
type Reader = (draft: Draft, value: string | undefined, field: Field) => void;

const fields: Readonly<Record<string, Reader>> = {
  type: (draft, value, field) => {
    draft.type = oneOf(types, valueOf(value, field), 'mount type');
  },
  from: (draft, value, field) => {
    draft.from = valueOf(value, field);
  },
  source: (draft, value, field) => {
    draft.source = valueOf(value, field);
  },
  target: (draft, value, field) => {
    draft.target = valueOf(value, field);
  },
  readonly: (draft, value, field) => {
    draft.readOnly = booleanField(field.key, value);
  },
  readwrite: (draft, value, field) => {
    draft.readOnly = !booleanField(field.key, value);
  },
  required: (draft, value, field) => {
    onlyFor(['secret', 'ssh'], draft, field);
    draft.required = booleanField(field.key, value);
  },
  size: (draft, value, field) => {
    onlyFor(['tmpfs'], draft, field);
    draft.size = readSize(field.key, valueOf(value, field));
  },
  id: (draft, value, field) => {
    draft.id = valueOf(value, field);
  },
  sharing: (draft, value, field) => {
    draft.sharing = oneOf(sharings, valueOf(value, field), 'sharing value');
  },
  mode: (draft, value, field) => {
    draft.mode = readNumber(field.key, valueOf(value, field), 8);
  },
  uid: (draft, value, field) => {
    draft.uid = readNumber(field.key, valueOf(value, field), 10);
  },
  gid: (draft, value, field) => {
    draft.gid = readNumber(field.key, valueOf(value, field), 10);
  },
  env: (draft, value, field) => {
    draft.env = valueOf(value, field);
  },
};

const otherNames: Readonly<Record<string, string>> = {
  src: 'source',
  dst: 'target',
  destination: 'target',
  ro: 'readonly',
  rw: 'readwrite',
};

/**
 * Reads one `--mount`, in the order of its fields; `expand` puts variables into a value. Throws `SyntaxProblem` in BuildKit's
 * words for what the type does not take.
 */
export function readRunMount(text: string, expand: (value: string) => string): RunMount {
  const draft: Draft = {};
  for (const field of readFields(text)) {
    const name = otherNames[field.key] ?? field.key;
    const read = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (read === undefined) throw unknownField(field);
    read(draft, field.value === undefined ? undefined : expand(field.value), field);
  }
  return checked(draft);
}

/** Refuses a variable in `from`, which no build can follow. Throws `SyntaxProblem`. */
export function checkMountSource(text: string): void {
  for (const { key, value = '' } of readFields(text)) {
    if (key === 'from' && /\$./.test(value))
      throw new SyntaxProblem("'from' doesn't support variable expansion, define alias stage instead");
  }
}

function checked(draft: Draft): RunMount {
  const type = draft.type ?? 'bind';
  if (type === 'bind' || type === 'tmpfs') {
    for (const key of ['mode', 'uid', 'gid'] as const) {
      if (draft[key] !== undefined) throw new SyntaxProblem(`${key} not allowed for "${type}" type mounts`);
    }
  }
  if (type === 'secret') checkSecret(draft);
  if (draft.sharing !== undefined && type !== 'cache')
    throw new SyntaxProblem(`invalid cache sharing set for ${type} mount`);
  if (draft.env !== undefined && type !== 'secret')
    throw new SyntaxProblem(`unexpected key 'env' for mount type '${type}'`);
  return { ...draft, type, readOnly: draft.readOnly ?? (type !== 'cache' && type !== 'tmpfs') };
}

function checkSecret(draft: Draft): void {
  if (draft.from !== undefined) throw new SyntaxProblem('secret mount should not have a from');
  if (draft.sharing !== undefined) throw new SyntaxProblem('secret mount should not define sharing');
  if (!draft.source && !draft.target && !draft.id)
    throw new SyntaxProblem('invalid secret mount. one of source, target required');
  if (draft.source && draft.id) throw new SyntaxProblem("both source and id can't be set");
}

function valueOf(value: string | undefined, field: Field): string {
  if (value !== undefined) return value;
  throw new SyntaxProblem(`invalid field '${field.written}' must be a key=value pair`);
}

function unknownField(field: Field): SyntaxProblem {
  if (field.value === undefined)
    return new SyntaxProblem(`invalid field '${field.written}' must be a key=value pair`);
  const hint = suggestion(field.key, [...Object.keys(fields), ...Object.keys(otherNames)]);
  return new SyntaxProblem(`unexpected key '${field.key}' in '${field.written}'${hint}`);
}

function onlyFor(allowed: readonly string[], draft: Draft, field: Field): void {
  const type = draft.type ?? 'bind';
  if (!allowed.includes(type))
    throw new SyntaxProblem(`unexpected key '${field.key}' for mount type '${type}'`);
}

function oneOf<T extends string>(options: readonly T[], value: string, what: string): T {
  const found = options.find((option) => option === value.toLowerCase());
  if (found !== undefined) return found;
  throw new SyntaxProblem(`unsupported ${what} ${JSON.stringify(value)}${suggestion(value, options)}`);
}

function readSize(key: string, value: string): number {
  try {
    return parseByteSize(value);
  } catch {
    throw new SyntaxProblem(`invalid value for ${key}: ${value}`);
  }
}

function readNumber(key: string, value: string, base: 8 | 10): number {
  const digits = base === 8 ? /^[0-7]{1,11}$/ : /^\d{1,10}$/;
  const number = digits.test(value) ? Number.parseInt(value, base) : Number.NaN;
  if (number <= 0xffff_ffff) return number;
  throw new SyntaxProblem(`invalid value ${value} for ${key}`);
}
