import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { InitProgram } from '@gantry/containers';
import { type CgroupSupport, fileSystemOf, ProjectQuotas } from '@gantry/kernel';
import type { AddressPoolRange } from '@gantry/network';
import type { CgroupDriver, RuntimeSet, RuntimeTable } from '@gantry/runtime';
import type { MetadataStore } from '@gantry/state';
import { defaultCdiSpecDirs, defaultSearchPath, type EngineOptions } from './engine-options.ts';
import { findProgram } from './find-program.ts';
import { shownSecurity } from './host-security.ts';
import { type ProgramVersion, ProgramVersions } from './program-version.ts';
import { proxyEnvironment } from './proxy-info.ts';

/** What was found out about this engine and its host when it opened. */
export interface EngineFacts {
  engineId: string;
  dataRoot: string;
  backingFileSystem: string;
  /** Containers and volumes can be held to a size. */
  hasProjectQuotas: boolean;
  /** Of the default runtime; asked of the program, when it is asked for. */
  runtimeVersion(): ProgramVersion;
  /** Of the program for `--init`; undefined when the host has none. */
  initVersion(): ProgramVersion | undefined;
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
  /** Where the proxies are told that registries are reached through. */
  proxyEnvironment: NodeJS.ProcessEnv;
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
  const versions = new ProgramVersions();
  return {
    engineId: engineId(store),
    dataRoot: options.dataRoot,
    backingFileSystem: fileSystemOf(options.dataRoot).type,
    runtimeVersion: () => versions.of(programOf(runtime.table, searchPath)),
    initVersion: () => ('path' in initProgram ? versions.of(initProgram.path) : undefined),
    initBinary: 'path' in initProgram ? initProgram.path : '',
    hasProjectQuotas: ProjectQuotas.of(options.dataRoot) !== undefined,
    cgroupDriver,
    cgroupSupport,
    securityOptions: shownSecurity(options, remapsUsers),
    loggingDriver: options.logDriver ?? 'json-file',
    addressPools: options.network?.addressPools ?? [],
    ipv4Forwarding: () => readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8').trim() === '1',
    cdiSpecDirs: options.cdiSpecDirs ?? defaultCdiSpecDirs,
    proxyEnvironment: proxyEnvironment(process.env, options.proxies),
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
