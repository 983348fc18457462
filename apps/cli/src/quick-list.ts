import { existsSync } from 'node:fs';
import path from 'node:path';
import type { ContainerSummary } from '@gantry/api-types';
import { getOnce } from '@gantry/client';
import type { Output } from '@gantry/terminal';
import { defaultSocket } from './config/default-socket.ts';
import { containerRow, containerView } from './output/container-rows.ts';
import { printList } from './output/list-output.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** `[-H unix://…] ps [-a] [-q]`: the words that `quickList` can do. */
export interface QuickWords {
  readonly host: string | undefined;
  readonly all: boolean;
  readonly quiet: boolean;
}

/**
 * `gantry ps` as most people type it, without loading the grammar: half of the time that the usual way takes after the
 * start of Node. It prints the same. Resolves with false, nothing printed, whenever anything is not plain: a
 * configuration file, another kind of address, an engine that does not answer or refuses; then the usual way is taken.
 */
export async function quickList(
  { host, all, quiet }: QuickWords,
  environment: Environment,
  stdout: Output,
): Promise<boolean> {
  const socketPath = plainSocket(host, environment);
  if (socketPath === undefined || hasConfiguration(environment)) return false;
  const target = `/containers/json${all ? '?all=1' : ''}`;
  const answer = await getOnce({ kind: 'unix', path: socketPath }, target).catch(() => undefined);
  if (answer === undefined) return false;
  const containers = answer as ContainerSummary[];
  const now = new Date();
  const rows = containers.map((container) => containerRow(container, { full: false, now }));
  await printList(stdout, containerView(false), rows, { format: '', quiet });
  return true;
}

function plainSocket(host: string | undefined, environment: Environment): string | undefined {
  const address = host ?? (environment['GANTRY_HOST'] || environment['DOCKER_HOST']);
  if (address) return address.startsWith('unix:///') ? address.slice('unix://'.length) : undefined;
  return environment['DOCKER_CONTEXT'] ? undefined : defaultSocket;
}

function hasConfiguration(environment: Environment): boolean {
  if (environment['DOCKER_API_VERSION']) return true;
  const directory = environment['DOCKER_CONFIG'] || path.join(environment['HOME'] ?? '/', '.docker');
  return existsSync(path.join(directory, 'config.json'));
}
