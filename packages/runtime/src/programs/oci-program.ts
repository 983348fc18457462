import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import { RuntimeNotFoundError } from '../errors.ts';

/** An OCI runtime on this machine. crun and runc take the same commands; what they guarantee differs: see the README. */
export interface OciProgram {
  /** `crun`, `runc`: the base name. */
  readonly name: string;
  /** Absolute path. */
  readonly file: string;
  /** Given to it before everything else. */
  readonly args?: readonly string[];
}

/**
 * Finds a runtime by name or absolute path; without one, crun and then runc. Throws `RuntimeNotFoundError`.
 */
export function findProgram(name?: string): OciProgram {
  for (const candidate of name === undefined ? ['crun', 'runc'] : [name]) {
    const places = path.isAbsolute(candidate)
      ? [candidate]
      : programFolders.map((folder) => path.join(folder, candidate));
    const file = places.find(isExecutable);
    if (file !== undefined) return { name: path.basename(file), file };
  }
  throw new RuntimeNotFoundError(name ?? 'crun');
}

export interface RuntimeCommand {
  /** The runtime's own state folder. */
  state: string;
  log: string;
  pidFile: string;
  /** Absolute, or relative to the folder that the command is started in (a socket address has 108 bytes). */
  consoleSocket?: string;
  containerId: string;
  /** Cgroups are asked of systemd. */
  systemdCgroup?: boolean;
}

/** Runs a bundle and stays until its init has ended. */
export function runArguments(command: RuntimeCommand, bundle: string): string[] {
  return [
    ...globalArguments(command),
    ...driverArguments(command),
    'run',
    '--bundle',
    bundle,
    ...processArguments(command),
  ];
}

/** Runs a further process and stays until it has ended. */
export function execArguments(command: RuntimeCommand, processFile: string): string[] {
  return [...globalArguments(command), 'exec', '--process', processFile, ...processArguments(command)];
}

/** Changes limits of a running container: what systemd is to know of them. `resources` is a file. */
export function updateArguments(state: string, containerId: string, resources: string): string[] {
  return ['--root', state, 'update', '--resources', resources, containerId];
}

/** Kills what is left of a container and forgets it. */
export function deleteArguments(state: string, containerId: string): string[] {
  return ['--root', state, 'delete', '--force', containerId];
}

/** All that an OCI runtime sees of our environment. */
export const programEnvironment: readonly string[] = [
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
];

const programFolders = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

function globalArguments({ state, log }: RuntimeCommand): string[] {
  return ['--root', state, '--log', log];
}

function driverArguments({ systemdCgroup = false }: RuntimeCommand): string[] {
  return systemdCgroup ? ['--systemd-cgroup'] : [];
}

function processArguments({ pidFile, consoleSocket, containerId }: RuntimeCommand): string[] {
  const console = consoleSocket === undefined ? [] : ['--console-socket', consoleSocket];
  return ['--pid-file', pidFile, ...console, containerId];
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
