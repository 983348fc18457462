import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { errorMessage } from '@gantry/base';
import type { InitProgram } from '@gantry/containers';
import { type CgroupSupport, fileSystemOf } from '@gantry/kernel';
import type { AddressPoolRange } from '@gantry/network';
import type { CgroupDriver, RuntimeSet, RuntimeTable } from '@gantry/runtime';
import type { MetadataStore } from '@gantry/state';
import { defaultCdiSpecDirs, defaultSearchPath, type EngineOptions } from './engine-options.ts';
import { findProgram } from './find-program.ts';
import { shownSecurity } from './host-security.ts';

/** What was found out about this engine and its host when it opened. */
export interface EngineFacts {
  engineId: string;
  dataRoot: string;
  backingFileSystem: string;
  /** Of the default runtime; asked of the program, when it is asked for. */
  runtimeVersion(): string;
  /** For `--init`; empty when the host has none. */
  initBinary: string;
  cgroupDriver: CgroupDriver;
  cgroupSupport: CgroupSupport;
  /** As `docker info` shows them. */
  securityOptions: readonly string[];
  /** Of containers that ask for none. */
  loggingDriver: string;
  /** Where networks get subnets from, when that was said. */
  addressPools: readonly AddressPoolRange[];
  ipv4Forwarding(): boolean;
  cdiSpecDirs: readonly string[];
  /** `host:port` of the API where anybody may use it. */
  openTcpAddresses: readonly string[];
}

export interface FactSources {
  options: EngineOptions;
  store: MetadataStore;
  runtime: RuntimeSet;
  initProgram: InitProgram;
  cgroupDriver: CgroupDriver;
  cgroupSupport: CgroupSupport;
  remapsUsers: boolean;
}

export function readEngineFacts(sources: FactSources): EngineFacts {
  const { options, store, runtime, initProgram, cgroupDriver, cgroupSupport, remapsUsers } = sources;
  const searchPath = options.searchPath ?? defaultSearchPath;
  return {
    engineId: engineId(store),
    dataRoot: options.dataRoot,
    backingFileSystem: fileSystemOf(options.dataRoot).type,
    runtimeVersion: () => readVersion(programOf(runtime.table, searchPath)),
    initBinary: 'path' in initProgram ? initProgram.path : '',
    cgroupDriver,
    cgroupSupport,
    securityOptions: shownSecurity(options, remapsUsers),
    loggingDriver: options.logDriver ?? 'json-file',
    addressPools: options.network?.addressPools ?? [],
    ipv4Forwarding: () => readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8').trim() === '1',
    cdiSpecDirs: options.cdiSpecDirs ?? defaultCdiSpecDirs,
    openTcpAddresses: options.openTcpAddresses ?? [],
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

/** The default runtime's program. */
function programOf({ runtimes, defaultName }: RuntimeTable, searchPath: string): string {
  const program = runtimes[defaultName]?.path ?? defaultName;
  return program.startsWith('/') ? program : (findProgram(program, searchPath) ?? program);
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
