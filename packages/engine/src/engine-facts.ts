import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { errorMessage } from '@gantry/base';
import { type CgroupLayout, fileSystemOf } from '@gantry/kernel';
import type { ContainerRuntime } from '@gantry/runtime';
import type { MetadataStore } from '@gantry/state';
import { findProgram } from './doctor/program-checks.ts';
import { defaultSearchPath, type EngineOptions } from './engine-options.ts';
import { hasSwapLimit } from './host-limits.ts';

/** What was found out about this engine and its host when it opened. */
export interface EngineFacts {
  engineId: string;
  dataRoot: string;
  backingFileSystem: string;
  runtimeName: string;
  runtimePath: string;
  /** Asked of the program, when it is asked for. */
  runtimeVersion(): string;
  /** Undefined when the host has no init binary for `--init`. */
  initBinary: string | undefined;
  cgroupVersion: '1' | '2';
  hasController(name: string): boolean;
  swapLimit: boolean;
  /** Of containers that ask for none. */
  loggingDriver: string;
  debug: boolean;
  ipv4Forwarding(): boolean;
}

export interface FactSources {
  options: EngineOptions;
  store: MetadataStore;
  runtime: ContainerRuntime;
  initPath: string | undefined;
  layout: CgroupLayout;
}

export function readEngineFacts({ options, store, runtime, initPath, layout }: FactSources): EngineFacts {
  const searchPath = options.searchPath ?? defaultSearchPath;
  const runtimePath = findProgram(runtime.name, searchPath) ?? runtime.name;
  return {
    engineId: engineId(store),
    dataRoot: options.dataRoot,
    backingFileSystem: fileSystemOf(options.dataRoot).type,
    runtimeName: runtime.name,
    runtimePath,
    runtimeVersion: () => readVersion(runtimePath),
    initBinary: initPath,
    cgroupVersion: layout.version === 2 ? '2' : '1',
    hasController: controllerTest(layout),
    swapLimit: hasSwapLimit(layout),
    loggingDriver: options.logDriver ?? 'json-file',
    debug: options.debug === true,
    ipv4Forwarding: () => readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8').trim() === '1',
  };
}

/** Made once for each data root. */
function engineId(store: MetadataStore): string {
  const collection = store.collection<{ id: string }>('engine', { version: 1 });
  const known = collection.get('identity');
  if (known !== undefined) return known.id;
  const id = randomUUID();
  collection.put('identity', { id });
  return id;
}

function controllerTest(layout: CgroupLayout): (name: string) => boolean {
  if (layout.version === 1) return (name) => layout.controllers.has(name);
  const listed = readFileSync(`${layout.unified ?? '/sys/fs/cgroup'}/cgroup.controllers`, 'utf8').trim();
  const names = new Set(listed.split(' '));
  return (name) => names.has(name);
}

/** The first line of `--version` has it last: `crun version 1.8.1`. */
function readVersion(program: string): string {
  try {
    const [line = ''] = execFileSync(program, ['--version'], { encoding: 'utf8' }).split('\n');
    return line.split(' ').at(-1) ?? '';
  } catch (error) {
    return `unknown: ${errorMessage(error)}`;
  }
}
