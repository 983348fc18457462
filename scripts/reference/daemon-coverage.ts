import { table } from './markdown.ts';

/** What `apps/daemon/testing/probe-options.ts` prints. */
export interface ProbedDaemon {
  readonly options: readonly ProbedOption[];
  /** Flags and keys that dockerd does not have. */
  readonly own: readonly { flag: string; key: string; help: string }[];
}

interface ProbedOption {
  readonly name: string;
  readonly place: 'flag' | 'key';
  /** Empty when it works. */
  readonly refusal: string;
  readonly ignored: boolean;
}

/** Options that gantryd takes and does not look at, or says nothing about. */
export function daemonBreaches({ options }: ProbedDaemon): string[] {
  return options.flatMap(({ name, refusal, ignored }) => {
    if (ignored)
      return [`gantryd: ${name} is accepted and ignored; read it, or refuse it in unbuilt-options.ts`];
    return /unknown flag|match any configuration/.test(refusal)
      ? [`gantryd: ${name} of dockerd has no verdict; build it, or refuse it in unbuilt-options.ts`]
      : [];
  });
}

export function daemonCoverage({ options, own }: ProbedDaemon): string {
  const flags = options.filter(({ place }) => place === 'flag');
  const keys = options.filter(({ place }) => place === 'key');
  return [
    '# Daemon coverage',
    '',
    "What becomes of every flag of dockerd (28.5.2, those it hides, and 29's) and of every key of its daemon.json: it works, or it is",
    "refused with the error shown. Observed by `scripts/check-coverage.ts`, which gives each to gantryd's reader of them; `npm run check`",
    'fails when one is accepted and changes nothing. "Only" means that the one value is true of Gantry and may be given.',
    '',
    ...table(['', 'all', 'work', 'refused'], [counts('flags', flags), counts('keys', keys)]),
    '',
    '## Flags',
    '',
    ...verdicts(flags),
    '',
    '## Keys of daemon.json',
    '',
    ...verdicts(keys),
    '',
    '## Of our own',
    '',
    ...table(
      ['flag', 'key', ''],
      own.map(({ flag, key, help }) => [`\`--${flag}\``, `\`${key}\``, help]),
    ),
    '',
  ].join('\n');
}

function counts(name: string, options: readonly ProbedOption[]): string[] {
  const refused = options.filter(({ refusal }) => refusal !== '').length;
  return [name, String(options.length), String(options.length - refused), String(refused)];
}

function verdicts(options: readonly ProbedOption[]): string[] {
  const working = options.filter(({ refusal }) => refusal === '').map(({ name }) => `\`${name}\``);
  const refused = options.filter(({ refusal }) => refusal !== '');
  return [
    `Work: ${[...new Set(working)].join(', ')}.`,
    '',
    ...table(
      ['refused', 'error'],
      refused.map(({ name, refusal }) => [`\`${name}\``, refusal]),
    ),
  ];
}
