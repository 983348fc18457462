import path from 'node:path';
import type { ContainerConfig, ContainerCreateRequest } from '@gantry/api-types';
import type { ImageRunConfig } from '@gantry/oci';
import { InvalidOptionError } from '../errors.ts';
import { mergeHealthConfig } from '../health/health-check.ts';
import { parseSignal } from '../signals.ts';
import { checkVariables, mergeVariables } from './options/environment-variables.ts';

/**
 * Docker's Config of a container: what the request says, and the image's defaults where it says nothing. Throws
 * `InvalidOptionError` with Docker's words when the result cannot be run.
 */
export function mergeImageConfig(request: ContainerCreateRequest, image: ImageRunConfig): ContainerConfig {
  const env = request.Env ?? [];
  checkVariables(env);
  const config: ContainerConfig = {
    Hostname: request.Hostname ?? '',
    Domainname: request.Domainname ?? '',
    User: orElse(request.User, image.User),
    AttachStdin: request.AttachStdin ?? false,
    AttachStdout: request.AttachStdout ?? false,
    AttachStderr: request.AttachStderr ?? false,
    Tty: request.Tty ?? false,
    OpenStdin: request.OpenStdin ?? false,
    StdinOnce: request.StdinOnce ?? false,
    Env: mergeVariables(env, image.Env ?? []),
    ...command(request, image),
    Image: request.Image ?? '',
    WorkingDir: workingDirectory(orElse(request.WorkingDir, image.WorkingDir)),
    ...(request.NetworkDisabled === true && { NetworkDisabled: true }),
    OnBuild: (request.OnBuild ?? []).length > 0 ? (request.OnBuild ?? null) : null,
    Labels: { ...image.Labels, ...request.Labels },
  };
  const exposed = { ...image.ExposedPorts, ...request.ExposedPorts, ...boundPorts(request) };
  if (Object.keys(exposed).length > 0) config.ExposedPorts = exposed;
  const volumes = { ...image.Volumes, ...request.Volumes };
  if (Object.keys(volumes).length > 0) config.Volumes = volumes;
  const stopSignal = orElse(request.StopSignal ?? undefined, image.StopSignal);
  if (stopSignal !== '') {
    parseSignal(stopSignal);
    config.StopSignal = stopSignal;
  }
  if (request.StopTimeout !== null && request.StopTimeout !== undefined) {
    config.StopTimeout = stopTimeout(request.StopTimeout);
  }
  const health = mergeHealthConfig(request.Healthcheck, image.Healthcheck);
  if (health !== undefined) config.Healthcheck = health;
  const shell = request.Shell ?? image.Shell ?? [];
  if (shell.length > 0) config.Shell = shell;
  checkHostNames(config);
  return config;
}

/** What is run, in Docker's two parts; `--entrypoint ''` takes the image's entrypoint away. */
function command(
  request: ContainerCreateRequest,
  image: ImageRunConfig,
): Pick<ContainerConfig, 'Cmd' | 'Entrypoint'> {
  const givenEntrypoint = asList(request.Entrypoint);
  const givenCommand = asList(request.Cmd);
  const resets = givenEntrypoint.length === 1 && givenEntrypoint[0] === '';
  const own = givenEntrypoint.length > 0;
  const entrypoint = resets ? [] : own ? givenEntrypoint : (image.Entrypoint ?? []);
  const cmd = givenCommand.length > 0 || own ? givenCommand : (image.Cmd ?? []);
  if (entrypoint.length + cmd.length === 0) throw new InvalidOptionError('no command specified');
  if ([...entrypoint, ...cmd].some((word) => word.includes('\0'))) {
    throw new InvalidOptionError('invalid command: it contains a NUL');
  }
  const entrypointField = entrypoint.length > 0 ? { Entrypoint: entrypoint } : {};
  return { Cmd: cmd, ...entrypointField };
}

/** Published ports count as exposed. */
function boundPorts(request: ContainerCreateRequest): Record<string, object> {
  const keys = Object.keys(request.HostConfig?.PortBindings ?? {});
  return Object.fromEntries(keys.map((key) => [key.includes('/') ? key : `${key}/tcp`, {}]));
}

function workingDirectory(directory: string): string {
  if (directory === '') return '';
  if (!directory.startsWith('/') || directory.includes('\0')) {
    throw new InvalidOptionError(
      `the working directory '${directory}' is invalid, it needs to be an absolute path`,
      { option: 'Config.WorkingDir' },
    );
  }
  return path.posix.normalize(directory);
}

function stopTimeout(seconds: number): number {
  if (Number.isSafeInteger(seconds)) return seconds;
  throw new InvalidOptionError(`invalid stop timeout: ${seconds}`, { option: 'Config.StopTimeout' });
}

/** sethostname(2) takes 64 bytes; the names also go into /etc/hosts. */
function checkHostNames({ Hostname: hostname = '', Domainname: domainname = '' }: ContainerConfig): void {
  for (const name of [hostname, domainname]) {
    if (name === '' || /^[a-zA-Z0-9_.-]{1,64}$/.test(name)) continue;
    throw new InvalidOptionError(`invalid hostname format: ${name}`, { option: 'Config.Hostname' });
  }
}

function orElse(own: string | undefined, inherited: string | undefined): string {
  return own === undefined || own === '' ? (inherited ?? '') : own;
}

/** Clients may send a single string where Docker has a list. */
function asList(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.map(String) : [];
}
