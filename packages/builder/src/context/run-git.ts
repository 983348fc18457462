import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { ProgramMissingError } from '@gantry/images';
import { contained } from '@gantry/kernel';
import { InvalidBuildError } from '../errors.ts';

/** What all calls of git for one source have in common. */
export interface GitCall {
  /** A directory of its own, whose configuration is the only one. */
  readonly home: string;
  readonly signal: AbortSignal;
  /** For the server, if it asks. */
  readonly token?: string;
}

const maxOutputBytes = 8 * 1024 ** 2;
const keptErrorBytes = 4096;

/** Nothing that a repository says is run: no hooks, no helpers, no protocols but those of the network. */
const settings: readonly (readonly [string, string])[] = [
  ['core.hooksPath', '/dev/null'],
  ['core.fsmonitor', 'false'],
  ['credential.helper', ''],
  ['protocol.allow', 'never'],
  ['protocol.http.allow', 'always'],
  ['protocol.https.allow', 'always'],
  ['protocol.git.allow', 'always'],
  ['protocol.ssh.allow', 'always'],
  ['http.followRedirects', 'initial'],
];

/** Returns its output. Throws `InvalidBuildError` with git's words, `ProgramMissingError`, and the signal's reason. */
export async function runGit(call: GitCall, words: readonly string[]): Promise<string> {
  const { home, signal } = call;
  signal.throwIfAborted();
  const child = spawn('env', contained(['git', ...words]), {
    cwd: home,
    env: variables(call),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const kill = (): void => void child.kill('SIGKILL');
  signal.addEventListener('abort', kill, { once: true });
  const output: Buffer[] = [];
  let length = 0;
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => {
    length += chunk.length;
    if (length <= maxOutputBytes) output.push(chunk);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-keptErrorBytes);
  });
  const [code] = (await once(child, 'close')) as [number | null];
  signal.removeEventListener('abort', kill);
  signal.throwIfAborted();
  if (code === 127) throw new ProgramMissingError('git', 'git', 'sources from git repositories');
  if (code !== 0)
    throw new InvalidBuildError(`git ${words.find((word) => /^[a-z]/.test(word)) ?? ''}: ${errors.trim()}`);
  return Buffer.concat(output).toString();
}

function variables({ home, token }: GitCall): NodeJS.ProcessEnv {
  const basic = Buffer.from(`x-access-token:${token ?? ''}`).toString('base64');
  const all = [
    ...settings,
    ...(token === undefined ? [] : [['http.extraHeader', `Authorization: basic ${basic}`] as const]),
  ];
  return {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: home,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_SSH_COMMAND: 'ssh -o BatchMode=yes -o StrictHostKeyChecking=accept-new',
    GIT_CONFIG_COUNT: String(all.length),
    ...Object.fromEntries(
      all.flatMap(([key, value], index) => [
        [`GIT_CONFIG_KEY_${index}`, key],
        [`GIT_CONFIG_VALUE_${index}`, value],
      ]),
    ),
  };
}
