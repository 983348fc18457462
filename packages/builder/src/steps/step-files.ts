import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { resolvConf } from '@gantry/containers';
import type { Attachment } from '@gantry/network';
import type { SpecMount } from '@gantry/runtime';
import type { BuilderEnvironment } from '../builder-environment.ts';

export interface StepFilesRequest {
  id: string;
  hostname: string;
  attachment: Attachment | undefined;
  onHostNetwork: boolean;
  /** `name:address`. */
  extraHosts: readonly string[];
  /** Programs that the Dockerfile itself holds. */
  scripts: readonly StepScript[];
}

/** A program of a heredoc: where the step finds it, and its text. */
export interface StepScript {
  readonly destination: string;
  readonly text: string;
}

/** The hosts and resolv.conf of a step, mounted over those of its file system, which stay as they are; disposing removes them. */
export interface StepFiles extends Disposable {
  readonly mounts: readonly SpecMount[];
  /** Of further files of the moment. */
  readonly directory: string;
}

export function writeStepFiles(environment: BuilderEnvironment, request: StepFilesRequest): StepFiles {
  const { workDirectory, defaults } = environment;
  const directory = path.join(workDirectory, request.id);
  mkdirSync(directory, { mode: 0o700 });
  const names = resolvConf(defaults.dns, defaults.hostFiles, {
    reachesHostLoopback: request.onHostNetwork,
    resolver: request.attachment?.resolver?.nameserver,
  });
  const files = { 'resolv.conf': names, hosts: hostsText(request) };
  const mounts = Object.entries(files).map(([name, text]): SpecMount => {
    const source = path.join(directory, name);
    writeFileSync(source, text);
    chmodSync(source, 0o644);
    return { type: 'bind', source, destination: `/etc/${name}`, options: ['rbind', 'rprivate', 'ro'] };
  });
  const scripts = request.scripts.map(({ destination, text }, index): SpecMount => {
    const source = path.join(directory, `script-${index}`);
    writeFileSync(source, text);
    chmodSync(source, 0o755);
    return { type: 'bind', source, destination, options: ['rbind', 'rprivate', 'ro'] };
  });
  return {
    mounts: [...mounts, ...scripts],
    directory,
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  };
}

function hostsText({ attachment, extraHosts, hostname }: StepFilesRequest): string {
  const own = attachment?.endpoints
    .flatMap(({ ipv4, ipv6 }) => [ipv4, ipv6])
    .flatMap((place) => place?.address ?? []);
  return [
    '127.0.0.1\tlocalhost',
    '::1\tlocalhost ip6-localhost ip6-loopback',
    ...(own ?? []).map((address) => `${address}\t${hostname}`),
    ...extraHosts.map((entry) => {
      const at = entry.indexOf(':');
      return `${entry.slice(at + 1)}\t${entry.slice(0, at)}`;
    }),
    '',
  ].join('\n');
}
