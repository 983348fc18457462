import { execFile } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { mountLines } from './mount-table.ts';

/** Where leaks show. Each source lists what is there now, one line each; a line that is new at the end is a leak. */
export interface LeakSourceOptions {
  /** A path, an environment entry (`NAME=value`) or a cgroup name that marks this test's processes. */
  tag: string;
  cgroupPrefix: string;
  directories: readonly string[];
}

export type LeakSource = (options: LeakSourceOptions) => Promise<string[]>;

export const leakSources: Readonly<Record<string, LeakSource>> = {
  mount: listMounts,
  process: listProcesses,
  'network namespace': listNetworkNamespaces,
  link: listLinks,
  'nft rule': listRules,
  cgroup: listCgroups,
  descriptor: listDescriptors,
  file: listFiles,
};

async function listMounts(): Promise<string[]> {
  const lines = mountLines(await readFile('/proc/self/mountinfo', 'utf8'));
  return lines.filter((line) => line.type !== 'nsfs').map((line) => `${line.point} (${line.type})`);
}

/** Pinned ones: a namespace that no mount and no process holds is gone. */
async function listNetworkNamespaces(): Promise<string[]> {
  const lines = mountLines(await readFile('/proc/self/mountinfo', 'utf8'));
  return lines.filter((line) => line.type === 'nsfs').map((line) => line.point);
}

async function listProcesses(options: LeakSourceOptions): Promise<string[]> {
  const entries = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(entries.map((pid) => describeProcess(pid, options)));
  return found.filter((line) => line !== undefined);
}

async function describeProcess(pid: string, options: LeakSourceOptions): Promise<string | undefined> {
  const read = (file: string): Promise<string> => readFile(`/proc/${pid}/${file}`, 'latin1').catch(() => '');
  if (Number(pid) === process.pid) return undefined;
  const status = await read('stat');
  const fields = status.slice(status.lastIndexOf(')') + 2).split(' ');
  // Dead, and its parent's to reap, which may be a slow process 1.
  if (fields[0] === 'Z' && Number(fields[1]) !== process.pid) return undefined;
  const [command, cgroup, environment] = await Promise.all([
    read('cmdline'),
    read('cgroup'),
    read('environ'),
  ]);
  const cwd = await readlink(`/proc/${pid}/cwd`).catch(() => '');
  const ours =
    Number(fields[1]) === process.pid ||
    [command, environment, cwd].some((text) => text.includes(options.tag)) ||
    (options.cgroupPrefix !== '' && cgroup.includes(options.cgroupPrefix));
  if (!ours) return undefined;
  const name = status.slice(status.indexOf('(') + 1, status.lastIndexOf(')'));
  return `${pid} ${name} ${command.replaceAll('\0', ' ').trim().slice(0, 200)}`.trim();
}

async function listLinks(): Promise<string[]> {
  const table = await readFile('/proc/thread-self/net/dev', 'utf8');
  return table
    .split('\n')
    .slice(2)
    .map((line) => line.split(':')[0]?.trim() ?? '')
    .filter((name) => name !== '');
}

/** Empty when nft is not installed: then nobody can have made a table either. */
async function listRules(): Promise<string[]> {
  const { stdout } = await promisify(execFile)('nft', ['--stateless', 'list', 'ruleset']).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return { stdout: '' };
      throw error;
    },
  );
  let table = '';
  return stdout
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      if (line.startsWith('table ')) table = line.replace(' {', '');
      return `${table}: ${line.trim()}`;
    });
}

async function listCgroups({ cgroupPrefix }: LeakSourceOptions): Promise<string[]> {
  if (cgroupPrefix === '') return [];
  const found: string[] = [];
  const visit = async (directory: string, depth: number): Promise<void> => {
    const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
    for (const entry of entries) {
      if (!entry.isDirectory()) continue;
      const child = path.join(directory, entry.name);
      if (entry.name.startsWith(cgroupPrefix)) found.push(child);
      else if (depth > 0) await visit(child, depth - 1);
    }
  };
  await visit('/sys/fs/cgroup', 5);
  return found;
}

async function listDescriptors(): Promise<string[]> {
  const numbers = await readdir('/proc/self/fd');
  const lines = await Promise.all(
    numbers.map(async (number) => {
      const target = await readlink(`/proc/self/fd/${number}`).catch(() => undefined);
      return target === undefined || target.endsWith('/fd') ? undefined : `${number} → ${target}`;
    }),
  );
  return lines.filter((line) => line !== undefined);
}

async function listFiles({ directories }: LeakSourceOptions): Promise<string[]> {
  const lists = await Promise.all(
    directories.map(async (directory) => {
      const names = await readdir(directory, { recursive: true }).catch(() => []);
      return names.map((name) => path.join(directory, name));
    }),
  );
  return lists.flat();
}
