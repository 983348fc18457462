import { dockerApiVersion, type Outcome, type ProbedOperation } from '@gantry/http-api/testing';
import { quietly, refusalText, table } from './markdown.ts';

/** What has nothing to do here, and why: nothing else may be accepted and ignored. */
const withoutEffect: Readonly<Record<string, string>> = {
  'ContainerStart detachKeys': 'a start opens no session: attach brings its own keys',
  'ImageList digests': 'digests are always there',
  'NetworkInspect verbose': 'adds what services of a swarm do, and there is no swarm',
  'PluginList filters': 'there are no plugins',
};

/** Parts of Docker's API that the server neither has nor refuses, and exceptions that are none any more. */
export function apiBreaches(all: readonly ProbedOperation[]): string[] {
  const unused = new Set(Object.keys(withoutEffect));
  const breaches: string[] = [];
  for (const { operation, outcome, parameters, fields } of all) {
    if (outcome.kind === 'ignored')
      breaches.push(`${operation.method} ${operation.path} (${operation.id}) has no route`);
    for (const [name, part] of [...parameters, ...fields]) {
      const key = `${operation.id} ${name}`;
      if (part.kind !== 'ignored' || unused.delete(key)) continue;
      breaches.push(
        `${operation.method} ${operation.path}: '${name}' is accepted and ignored; read it, or refuse it with NotBuiltError`,
      );
    }
  }
  return [
    ...breaches,
    ...[...unused].map((key) => `${key} is not without effect: scripts/reference/api-coverage.ts`),
  ];
}

/** `values`: what is refused for its value, and where. */
export function apiCoverage(all: readonly ProbedOperation[], values: readonly string[][]): string {
  const groups = [...new Set(all.map(({ operation }) => operation.group))];
  return [
    '# API coverage',
    '',
    `What Gantry does with every operation, parameter and body field of Docker's Engine API ${dockerApiVersion}, and with the operations that`,
    "Docker's server has beyond its file: it works, or it is refused with the error shown. Observed by `scripts/check-coverage.ts`, which asks",
    'the API server for each; `npm run check` fails when one is accepted and ignored. Of a field with few words as values each is tried.',
    '',
    ...table(
      ['', 'operations', 'work', 'refused'],
      groups.map((group) => countsOf(group, all)),
    ),
    '',
    ...groups.flatMap((group) =>
      groupLines(
        group,
        all.filter(({ operation }) => operation.group === group),
      ),
    ),
    '## Refused by name in the sources',
    '',
    'Everything that the sources call not built, so also values of fields that work otherwise.',
    '',
    ...table(['what', 'from'], values),
    '',
  ].join('\n');
}

function countsOf(group: string, all: readonly ProbedOperation[]): string[] {
  const own = all.filter(({ operation }) => operation.group === group);
  const working = own.filter(({ outcome }) => outcome.kind === 'works').length;
  return [group, String(own.length), String(working), String(own.length - working)];
}

function groupLines(group: string, operations: readonly ProbedOperation[]): string[] {
  const working = operations.filter(({ outcome }) => outcome.kind === 'works');
  const refused = operations.flatMap(({ operation, outcome }) =>
    outcome.kind === 'refused'
      ? [
          [
            `\`${operation.method} ${operation.path}\``,
            operation.id,
            String(outcome.status),
            refusalText(outcome.message),
          ],
        ]
      : [],
  );
  return [
    `## ${group}`,
    '',
    ...working.flatMap(operationLines),
    ...(refused.length > 0 ? [...table(['refused', 'operation', 'status', 'error'], refused), ''] : []),
  ];
}

function operationLines({ operation, parameters, fields }: ProbedOperation): string[] {
  const refused = mergeRefusals([...parameters, ...fields]);
  const idle = [...parameters, ...fields].filter(([, { kind }]) => kind === 'ignored');
  const lines = [
    `### ${operation.id}: \`${operation.method} ${operation.path}\``,
    '',
    'Works.',
    ...listed('Parameters that work', parameters),
    ...listed('Body fields that work', fields),
    ...idle.map(([name]) => `\`${name}\` has no effect: ${withoutEffect[`${operation.id} ${name}`] ?? ''}.`),
  ];
  return [
    ...lines,
    '',
    ...(refused.length > 0 ? [...table(['refused', 'status', 'error', 'but'], refused), ''] : []),
  ];
}

function listed(title: string, parts: ReadonlyMap<string, Outcome>): string[] {
  const names = [...parts].filter(([, { kind }]) => kind === 'works').map(([name]) => `\`${name}\``);
  return names.length === 0 ? [] : [`${title}: ${names.join(', ')}.`];
}

/** Fields beneath one that is refused as a whole make one row. */
function mergeRefusals(parts: readonly (readonly [string, Outcome])[]): string[][] {
  const byRow = new Map<string, { names: string[]; cells: string[] }>();
  for (const [name, outcome] of parts) {
    if (outcome.kind !== 'refused') continue;
    const cells = [String(outcome.status), refusalText(outcome.message), quietly(outcome.but ?? [])];
    const key = cells.join('|');
    const row = byRow.get(key) ?? { names: [], cells };
    row.names.push(name);
    byRow.set(key, row);
  }
  const all = parts.map(([name]) => name);
  return [...byRow.values()].map(({ names, cells }) => [shortened(names, all), ...cells]);
}

/** The object that all of the fields make up, or each of them. */
function shortened(names: readonly string[], all: readonly string[]): string {
  const parent = commonParent(names);
  const within = all.filter((name) => name === parent || /^(?:\[\]|\{\})*\./.test(name.slice(parent.length)));
  const isWhole = parent !== '' && within.every((name) => !name.startsWith(parent) || names.includes(name));
  return (isWhole ? [parent] : names).map((name) => `\`${name}\``).join(', ');
}

function commonParent([first = '', ...others]: readonly string[]): string {
  if (others.length === 0) return first;
  const parts = first.split('.');
  const shared = parts.findIndex((_part, index) => {
    const prefix = parts.slice(0, index + 1).join('.');
    return !others.every((other) => other.startsWith(`${prefix}.`));
  });
  return parts
    .slice(0, shared === -1 ? parts.length : shared)
    .join('.')
    .replace(/(?:\[\]|\{\})+$/, '');
}
