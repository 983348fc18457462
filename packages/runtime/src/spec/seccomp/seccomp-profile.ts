import { EngineError } from '@gantry/base';
import { type JsonObject, JsonReader, parseJsonObject, type RuntimeSyscall } from '@gantry/oci';
import { InvalidSeccompProfileError } from '../errors.ts';

/**
 * A seccomp profile as users write it for Docker: the OCI runtime's, with rules that hold for some capabilities, processors
 * or kernels only.
 */
export interface SeccompProfile {
  defaultAction: string;
  defaultErrnoRet?: number;
  architectures?: string[];
  archMap?: { architecture: string; subArchitectures: string[] }[];
  flags?: string[];
  syscalls: ProfileRule[];
}

export interface ProfileRule extends RuntimeSyscall {
  includes: RuleCondition;
  excludes: RuleCondition;
}

export interface RuleCondition {
  caps: string[];
  /** Go's names: `amd64`, `arm64`. */
  arches: string[];
  /** `kernel.major * 1000 + minor`; in `includes` only. */
  minKernel?: number;
}

const what = 'seccomp profile';
/** More than any processor has; the compiled filter is bounded by the kernel. */
const mostNames = 20_000;
const actions: ReadonlySet<string> = new Set(
  'KILL KILL_PROCESS KILL_THREAD TRAP ERRNO TRACE ALLOW LOG'.split(' ').map((name) => `SCMP_ACT_${name}`),
);
const operators: ReadonlySet<string> = new Set(
  'NE LT LE EQ GE GT MASKED_EQ'.split(' ').map((name) => `SCMP_CMP_${name}`),
);
const flags: ReadonlySet<string> = new Set(
  'TSYNC LOG SPEC_ALLOW'.split(' ').map((name) => `SECCOMP_FILTER_FLAG_${name}`),
);
const read = new JsonReader(what);

/**
 * Reads a profile of at most 4 MB. Throws `InvalidSeccompProfileError` naming what is wrong; a profile that hands calls to
 * another process (`SCMP_ACT_NOTIFY`) is refused.
 */
export function parseSeccompProfile(text: string): SeccompProfile {
  try {
    return parseProfile(parseJsonObject(Buffer.from(text), what));
  } catch (error) {
    if (error instanceof InvalidSeccompProfileError || !(error instanceof EngineError)) throw error;
    throw new InvalidSeccompProfileError(`Decoding seccomp profile failed: ${error.message}`);
  }
}

function parseProfile(document: JsonObject): SeccompProfile {
  if (isGiven(document['listenerPath'])) read.fail("has a 'listenerPath', which is not implemented");
  if (isGiven(document['architectures']) && isGiven(document['archMap'])) {
    fail(
      "'architectures' and 'archMap' were specified in the seccomp profile, use either 'architectures' or 'archMap'",
    );
  }
  const syscalls = list(document['syscalls'], 'syscalls').map((rule) =>
    parseRule(read.object(rule, 'syscalls')),
  );
  const names = syscalls.reduce((count, rule) => count + rule.names.length, 0);
  if (names > mostNames) read.fail(`names more than ${mostNames} system calls`);
  return {
    defaultAction: action(document['defaultAction'], 'defaultAction'),
    ...errno(document, 'defaultErrnoRet'),
    ...(isGiven(document['architectures']) && {
      architectures: read.strings(document['architectures'], 'architectures').map(architecture),
    }),
    ...(isGiven(document['archMap']) && {
      archMap: read.array(document['archMap'], 'archMap').map((entry) => parseArchitectures(entry)),
    }),
    ...(isGiven(document['flags']) && { flags: read.strings(document['flags'], 'flags').map(flag) }),
    syscalls,
  };
}

function parseRule(rule: JsonObject): ProfileRule {
  const hasName = rule['name'] !== undefined && rule['name'] !== null && rule['name'] !== '';
  const names = list(rule['names'], 'names').map((name) => read.string(name, 'names'));
  if (hasName && names.length > 0) {
    fail("'name' and 'names' were specified in the seccomp profile, use either 'name' or 'names'");
  }
  if (hasName) names.push(read.string(rule['name'], 'name'));
  const wrong = names.find((name) => !/^\w{1,64}$/.test(name));
  if (wrong !== undefined) read.fail(`has a system call ${JSON.stringify(wrong)}`);
  const args = list(rule['args'], 'args').map((arg) => parseArgument(read.object(arg, 'args')));
  return {
    names,
    action: action(rule['action'], 'action'),
    ...errno(rule, 'errnoRet'),
    ...(args.length > 0 && { args }),
    includes: parseCondition(rule['includes'], 'includes'),
    excludes: parseCondition(rule['excludes'], 'excludes'),
  };
}

function parseArgument(arg: JsonObject): NonNullable<RuntimeSyscall['args']>[number] {
  const index = read.size(arg['index'] ?? 0, 'args.index');
  if (index > 5) read.fail(`has an argument ${index}: a system call has six, from 0`);
  const op = read.string(arg['op'], 'args.op');
  if (!operators.has(op)) read.fail(`has an operator ${JSON.stringify(op)}`);
  return {
    index,
    value: read.size(arg['value'] ?? 0, 'args.value'),
    valueTwo: read.size(arg['valueTwo'] ?? 0, 'args.valueTwo'),
    op,
  };
}

function parseCondition(value: unknown, field: string): RuleCondition {
  const condition = read.object(value ?? {}, field);
  const kernel = condition['minKernel'];
  return {
    caps: list(condition['caps'], `${field}.caps`).map((name) => read.string(name, `${field}.caps`)),
    arches: list(condition['arches'], `${field}.arches`).map((name) => read.string(name, `${field}.arches`)),
    ...(isGiven(kernel) && { minKernel: kernelVersion(read.string(kernel, `${field}.minKernel`)) }),
  };
}

function parseArchitectures(value: unknown): { architecture: string; subArchitectures: string[] } {
  const entry = read.object(value, 'archMap');
  return {
    architecture: architecture(read.string(entry['architecture'], 'archMap.architecture')),
    subArchitectures: list(entry['subArchitectures'], 'archMap.subArchitectures').map((name) =>
      architecture(read.string(name, 'archMap.subArchitectures')),
    ),
  };
}

function kernelVersion(text: string): number {
  const [, major, minor] = /^(\d{1,3})\.(\d{1,3})/.exec(text) ?? [];
  if (major === undefined) read.fail(`has a minKernel ${JSON.stringify(text)}`);
  return Number(major) * 1000 + Number(minor);
}

function action(value: unknown, field: string): string {
  const name = read.string(value, field);
  if (!actions.has(name)) fail(`string ${name} is not a valid action for seccomp`);
  return name;
}

function architecture(name: string): string {
  if (!/^SCMP_ARCH_\w{1,32}$/.test(name)) fail(`string ${name} is not a valid arch for seccomp`);
  return name;
}

function flag(name: string): string {
  if (!flags.has(name)) read.fail(`has a flag ${JSON.stringify(name)}`);
  return name;
}

function errno<Name extends string>(document: JsonObject, name: Name): Partial<Record<Name, number>> {
  const value = document[name];
  if (value === undefined || value === null) return {};
  return { [name]: read.size(value, name) } as Partial<Record<Name, number>>;
}

function list(value: unknown, field: string): unknown[] {
  return value === undefined || value === null ? [] : read.array(value, field);
}

function isGiven(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return false;
  return !Array.isArray(value) || value.length > 0;
}

/** In Docker's words alone. */
function fail(message: string): never {
  throw new InvalidSeccompProfileError(message);
}
