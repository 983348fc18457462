import type { ContainerConfig, ContainerCreateRequest, HostConfig } from '@gantry/api-types';
import { CommandError, UsageError } from '../errors.ts';
import type { FlagValues } from '../grammar/flag-values.ts';
import { checkNames } from './checked-names.ts';
import { parseEnvironment, parseLabels } from './environment.ts';
import { parseHealthCheck } from './health-check.ts';
import { hostConfigOf } from './host-config.ts';
import { parseKeyValues } from './key-values.ts';
import { parseNetworks } from './networks.ts';
import { parsePorts } from './ports.ts';
import { parseVolumes } from './volumes.ts';

export interface CreateSources {
  readonly flags: FlagValues;
  /** The image, then the command. */
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Variables that the client's configuration adds (proxies); what the user sets comes after and wins. */
  readonly addedEnvironment: readonly string[];
  readonly currentDirectory: string;
}

/**
 * The body of `POST /containers/create`. Only what was asked for is set: the rest is the engine's to default. Throws
 * `CommandError` with exit code 125 in Docker's words.
 */
export function createRequestOf(sources: CreateSources): ContainerCreateRequest {
  const { flags } = sources;
  checkNames(flags);
  checkConflicts(flags);
  const ports = parsePorts(flags.list('publish'), flags.list('expose'));
  const networks = parseNetworks(flags);
  const volumes = parseVolumes(flags.list('volume'), sources.currentDirectory);
  const host: HostConfig = { ...hostConfigOf(flags) };
  if (volumes.binds.length > 0) host.Binds = volumes.binds;
  if (Object.keys(ports.bindings).length > 0) host.PortBindings = ports.bindings;
  if (networks.mode !== undefined) host.NetworkMode = networks.mode;
  const request: ContainerCreateRequest = { ...containerConfigOf(sources), HostConfig: host };
  if (Object.keys(ports.exposed).length > 0) request.ExposedPorts = ports.exposed;
  if (Object.keys(volumes.anonymous).length > 0) request.Volumes = volumes.anonymous;
  if (networks.config !== undefined) request.NetworkingConfig = networks.config;
  return request;
}

function containerConfigOf({ flags, args, environment, addedEnvironment }: CreateSources): ContainerConfig {
  const [image = '', ...command] = args;
  const attach = attachedStreams(flags);
  const config: ContainerConfig = {
    Image: image,
    AttachStdin: attach.has('stdin'),
    AttachStdout: attach.has('stdout'),
    AttachStderr: attach.has('stderr'),
    Tty: flags.boolean('tty'),
    OpenStdin: flags.boolean('interactive'),
    StdinOnce: flags.boolean('interactive') && attach.has('stdin'),
  };
  const variables = [
    ...addedEnvironment,
    ...parseEnvironment(flags.list('env-file'), flags.list('env'), environment),
  ];
  const labels = parseLabels(flags.list('label-file'), flags.list('label'));
  const set = (values: Partial<ContainerConfig>): void => void Object.assign(config, values);
  if (variables.length > 0) set({ Env: variables });
  if (command.length > 0) set({ Cmd: command });
  if (labels.length > 0) set({ Labels: parseKeyValues(labels) });
  if (flags.has('entrypoint')) set({ Entrypoint: [flags.string('entrypoint')] });
  if (flags.has('hostname')) set({ Hostname: flags.string('hostname') });
  if (flags.has('domainname')) set({ Domainname: flags.string('domainname') });
  if (flags.has('user')) set({ User: flags.string('user') });
  if (flags.has('workdir')) set({ WorkingDir: flags.string('workdir') });
  if (flags.has('stop-signal')) set({ StopSignal: flags.string('stop-signal') });
  if (flags.has('stop-timeout')) set({ StopTimeout: flags.number('stop-timeout') ?? null });
  const health = parseHealthCheck(flags);
  if (health !== undefined) set({ Healthcheck: health });
  return config;
}

/** What `-a` names; without it stdout and stderr, and stdin with `-i`. */
export function attachedStreams(flags: FlagValues): ReadonlySet<string> {
  const given = flags.list('attach').map((name) => name.toLowerCase());
  const wrong = given.find((name) => !['stdin', 'stdout', 'stderr'].includes(name));
  if (wrong !== undefined) {
    throw new UsageError(
      `invalid argument "${wrong}" for "-a, --attach" flag: valid streams are STDIN, STDOUT and STDERR`,
    );
  }
  if (given.length > 0) return new Set(given);
  return new Set(flags.boolean('interactive') ? ['stdin', 'stdout', 'stderr'] : ['stdout', 'stderr']);
}

function checkConflicts(flags: FlagValues): void {
  const restart = flags.string('restart');
  if (flags.boolean('rm') && restart !== 'no' && restart !== '') {
    throw new CommandError(125, 'conflicting options: cannot specify both --restart and --rm');
  }
  const swappiness = flags.number('memory-swappiness') ?? -1;
  if (swappiness !== -1 && (swappiness < 0 || swappiness > 100)) {
    throw new CommandError(125, `invalid value: ${swappiness}. Valid memory swappiness range is 0-100`);
  }
}
