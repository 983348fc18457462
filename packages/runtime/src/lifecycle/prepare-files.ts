import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { faultPoint } from '@gantry/base';
import { isErrno } from '@gantry/kernel';
import type { RuntimeSpec } from '@gantry/oci';
import { type CgroupDriver, cgroupPathOf, cgroupsPathOf, innerCgroup } from '../cgroups/cgroup-place.ts';
import type { ContainerFiles } from '../container-files.ts';
import type { StartRequest } from '../container-runtime.ts';
import { AlreadyStartedError } from '../errors.ts';
import { hasTimeNamespace, withoutTimeNamespace } from '../programs/time-namespace.ts';
import type { RuntimeContext } from '../runtime-context.ts';
import { makeEmptyInput, makePrivateFifo } from '../shim/stdio.ts';
import { hasUserNamespace, reachableRoot } from './reachable-root.ts';
import { type StartRecord, writeStartRecord } from './start-record.ts';

/** Makes a container's folder with all that its first process needs. Throws `AlreadyStartedError`. */
export function prepareFiles(
  { cgroups, cgroupDriver, bootId, seccompFilters, folders }: RuntimeContext,
  files: ContainerFiles,
  request: StartRequest,
): StartRecord {
  try {
    mkdirSync(files.directory, { mode: 0o700 });
  } catch (error) {
    if (isErrno(error, 'EEXIST')) throw new AlreadyStartedError(files.containerId);
    throw error;
  }
  faultPoint('start/folder-made');
  // Of a container whose folder somebody else removed: they would be taken for this one's.
  for (const stale of [files.initPid, files.exit]) rmSync(stale, { force: true });
  const cgroupsPath =
    request.spec.linux.cgroupsPath ??
    cgroupsPathOf(cgroupDriver, defaultParent[cgroupDriver], files.containerId);
  const cgroupPath = cgroupPathOf(cgroupDriver, cgroupsPath);
  const record: StartRecord = {
    version: 1,
    bootId,
    terminal: request.terminal !== undefined,
    stdin: request.stdin && request.terminal === undefined,
    cgroupPath,
    countsOutOfMemory: (request.spec.linux.resources?.memory?.limit ?? 0) > 0,
    ...(sharesPids(request.spec) && { sharesPids: true }),
    ...(hasTimeNamespace(request.spec) && { hasOwnTime: true }),
  };
  const config = JSON.stringify(
    seccompFilters.apply({
      ...configOf(request, { cgroupsPath, cgroupDriver, version: cgroups.version }),
      ...(hasUserNamespace(request.spec) && {
        root: { ...request.spec.root, path: reachableRoot(folders, files.containerId) },
      }),
    }),
  );
  writeFileSync(files.config, config, { mode: 0o600 });
  makePrivateFifo(files.stdout);
  makePrivateFifo(files.stderr);
  makePrivateFifo(files.sleep);
  if (record.stdin) makePrivateFifo(files.stdin);
  makeEmptyInput(files.nullDevice);
  faultPoint('start/bundle-written');
  writeStartRecord(files.record, record);
  faultPoint('start/start-record-written');
  return record;
}

function sharesPids({ linux }: RuntimeSpec): boolean {
  const own = linux.namespaces.find(({ type }) => type === 'pid');
  return own === undefined || own.path !== undefined;
}

/**
 * The container's own cgroup on v2: one below the given, whose `memory.events` stay when the OCI runtime has removed
 * the container's.
 */
function configOf(request: StartRequest, cgroup: CgroupChoice): RuntimeSpec {
  const { terminal } = request;
  const spec = withoutTimeNamespace(request.spec);
  const hasSize = terminal !== undefined && terminal.rows > 0 && terminal.columns > 0;
  const process = {
    ...spec.process,
    terminal: terminal !== undefined,
    ...(hasSize ? { consoleSize: { height: terminal.rows, width: terminal.columns } } : {}),
  };
  return { ...spec, process, ...placedSpec(spec, cgroup) };
}

interface CgroupChoice {
  cgroupsPath: string;
  cgroupDriver: CgroupDriver;
  version: 1 | 2;
}

function placedSpec(
  spec: RuntimeSpec,
  { cgroupsPath, cgroupDriver, version }: CgroupChoice,
): Pick<RuntimeSpec, 'linux' | 'annotations'> {
  if (version === 1) return { linux: { ...spec.linux, cgroupsPath } };
  if (cgroupDriver === 'cgroupfs') {
    return { linux: { ...spec.linux, cgroupsPath: path.posix.join(cgroupsPath, innerCgroup) } };
  }
  const annotations = { ...spec.annotations, 'run.oci.systemd.subgroup': innerCgroup };
  return { annotations, linux: { ...spec.linux, cgroupsPath } };
}

const defaultParent: Readonly<Record<CgroupDriver, string>> = {
  cgroupfs: '/gantry',
  systemd: 'system.slice',
};
