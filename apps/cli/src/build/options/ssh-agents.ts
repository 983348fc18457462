import { readFileSync, statSync } from 'node:fs';
import { CommandError, NotBuiltError } from '../../errors.ts';

/** The sockets of ssh agents, by the id that a step mounts. */
export type SshAgents = ReadonlyMap<string, string>;

/**
 * `--ssh default`, `--ssh ID=SOCKET`: without a socket the agent of `SSH_AUTH_SOCK`. Throws `CommandError` for a socket that is not there,
 * and for keys in files, which no agent holds.
 */
export function readSshAgents(
  given: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): SshAgents {
  return new Map(
    given.map((text): [string, string] => {
      const equals = text.indexOf('=');
      const id = equals < 0 ? text : text.slice(0, equals);
      const paths = equals < 0 ? [] : text.slice(equals + 1).split(',');
      const [path = environment['SSH_AUTH_SOCK'] ?? ''] = paths;
      if (path === '') {
        throw new CommandError(1, 'ERROR: invalid empty ssh agent socket: make sure SSH_AUTH_SOCK is set');
      }
      if (paths.length > 1) throw new NotBuiltError(`--ssh with several keys (${text})`);
      checkSocket(path);
      return [id === '' ? 'default' : id, path];
    }),
  );
}

function checkSocket(path: string): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined)
    throw new CommandError(1, `ERROR: failed to open ${path}: no such file or directory`);
  if (stat.isSocket()) return;
  if (readFileSync(path).toString('latin1', 0, 64).includes('PRIVATE KEY')) {
    throw new NotBuiltError(`--ssh with a file of a key (${path}; add it to an agent with ssh-add)`);
  }
  throw new CommandError(1, `ERROR: ${path} is neither a socket of an ssh agent nor a key`);
}
