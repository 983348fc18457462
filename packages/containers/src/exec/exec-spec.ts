import type { RuntimeProcess } from '@gantry/oci';
import { ownNamespaces, type TerminalSize } from '@gantry/runtime';
import type { Container } from '../container.ts';
import { containerCapabilities } from '../create/options/capabilities.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { containerSpec, processVariables, workingDirectory } from '../lifecycle/container-spec.ts';
import { processUser } from '../lifecycle/container-user.ts';
import { variablesOfLinks } from '../networks/linked-addresses.ts';
import type { Exec } from './exec.ts';

/** The OCI process of an exec: the container's own, changed as the request says. Throws `UnknownUserError`. */
export async function execProcess(
  environment: ContainerEnvironment,
  container: Container,
  { request, command }: Exec,
  terminal: TerminalSize | undefined,
): Promise<RuntimeProcess> {
  const { ports, defaults } = environment;
  const { record, directory, id } = container;
  const { config } = record;
  const rootfs = await ports.snapshots.mount(id);
  const {
    devices: _devices,
    terminal: _terminal,
    ...base
  } = containerSpec({
    record,
    filesDirectory: directory,
    rootfs,
    namespaces: ownNamespaces,
    sharedMemory: 'none',
    sources: { of: () => ({ path: '', isDirectory: false }) },
    linkVariables: [],
    defaults,
  });
  const user = request.User ?? '';
  const { user: specUser, home } = processUser(record, rootfs, user === '' ? (config.User ?? '') : user);
  const term = terminal === undefined ? [] : ['TERM=xterm'];
  const links = variablesOfLinks(environment, container);
  const own = [...term, ...links, ...(config.Env ?? []), ...(request.Env ?? [])];
  const directoryInside = request.WorkingDir ?? '';
  return ports.buildSpec({
    ...base,
    ...(terminal && { terminal }),
    args: command,
    env: processVariables(record, own, home),
    workingDirectory: directoryInside === '' ? workingDirectory(record) : directoryInside,
    user: specUser,
    ...(request.Privileged === true && {
      capabilities: containerCapabilities({ add: [], drop: [], privileged: true }),
    }),
  }).process;
}
