import { existsSync, rmSync, writeFileSync } from 'node:fs';
import type { ContainerCreateRequest, ContainerCreateResponse } from '@gantry/api-types';
import { createContainer, formatAddress } from '@gantry/client';
import { windowSize } from '@gantry/terminal';
import { proxyEnvironment } from '../config/proxies.ts';
import { apiStatus, CommandError } from '../errors.ts';
import type { Invocation } from '../invocation.ts';
import { refuseContentTrust } from '../options/content-trust.ts';
import { createRequestOf } from '../options/create-request.ts';
import { withDefaultTag } from '../options/image-name.ts';
import { pullWithProgress } from './pull-image.ts';

/**
 * What `run` and `create` share: the request from the flags, a pull when it is wanted, the id file. The connections for
 * `requestsAfter` requests are made while the engine creates.
 */
export async function createFromFlags(
  invocation: Invocation,
  { requestsAfter }: { requestsAfter: number } = { requestsAfter: 0 },
): Promise<{ id: string; request: ContainerCreateRequest }> {
  const { flags, args, environment, stderr } = invocation;
  try {
    refuseContentTrust(invocation);
  } catch (error) {
    throw asRunFailure(error);
  }
  const pull = flags.string('pull');
  if (!['always', 'missing', 'never', ''].includes(pull)) {
    throw new CommandError(
      125,
      `invalid pull option: '${pull}': must be one of "always", "missing" or "never"`,
    );
  }
  const request = createRequestOf({
    flags,
    args,
    environment,
    addedEnvironment: await proxyVariables(invocation),
    currentDirectory: process.cwd(),
  });
  const size = request.Tty ? windowSize(1) : undefined;
  if (size !== undefined) (request.HostConfig ??= {}).ConsoleSize = [size.rows, size.columns];
  const afterCreate = flags.boolean('use-api-socket') ? await useApiSocket(invocation, request) : undefined;
  const idFile = claimIdFile(flags.string('cidfile'));
  const { Id, Warnings } = await createWithImage(invocation, { request, pull, requestsAfter });
  for (const warning of Warnings ?? []) stderr.write(`WARNING: ${warning}\n`);
  if (idFile !== undefined) writeFileSync(idFile, Id);
  await afterCreate?.(Id);
  return { id: Id, request };
}

/** Loaded when it is asked for: hardly anybody does. */
async function useApiSocket(
  invocation: Invocation,
  request: ContainerCreateRequest,
): Promise<(id: string) => Promise<void>> {
  return (await import('./api-socket.ts')).addApiSocket(invocation, request);
}

/** Proxies that the configuration gives to containers and builds. The engine is only looked for when there are any. */
export async function proxyVariables({ config, engine }: Invocation): Promise<string[]> {
  if (config().proxies === undefined) return [];
  return proxyEnvironment(config(), formatAddress((await engine()).address));
}

async function createWithImage(
  invocation: Invocation,
  { request, pull, requestsAfter }: { request: ContainerCreateRequest; pull: string; requestsAfter: number },
): Promise<ContainerCreateResponse> {
  const { flags, stderr } = invocation;
  const image = request.Image ?? '';
  const platform = flags.string('platform') || invocation.environment['DOCKER_DEFAULT_PLATFORM'] || undefined;
  const create = async (): Promise<ContainerCreateResponse> => {
    const client = await invocation.engine();
    const creating = createContainer(client, request, { name: flags.string('name') || undefined, platform });
    // When the request has left: the engine works while we connect.
    setImmediate(() => client.connectAhead(requestsAfter));
    return await creating;
  };
  const pullNow = (): Promise<void> =>
    pullWithProgress(invocation, {
      name: image,
      platform,
      output: flags.boolean('quiet') ? undefined : stderr,
    });
  try {
    if (pull === 'always') await pullNow();
    return await create();
  } catch (error) {
    if (pull !== 'missing' || !isMissingImage(error)) throw asRunFailure(error);
  }
  try {
    if (!flags.boolean('quiet')) stderr.write(`Unable to find image '${withDefaultTag(image)}' locally\n`);
    await pullNow();
    return await create();
  } catch (error) {
    throw asRunFailure(error);
  }
}

/** A failure before the container ran: the exit code is 125, whatever went wrong. */
export function asRunFailure(error: unknown): unknown {
  if (error instanceof Error && !('exitCode' in error)) Object.assign(error, { exitCode: 125 });
  return error;
}

/** Also when the image is here for other platforms only. */
function isMissingImage(error: unknown): boolean {
  if (apiStatus(error) !== 404 || !(error instanceof Error)) return false;
  return /no such image|does not provide the specified platform/i.test(error.message);
}

function claimIdFile(file: string): string | undefined {
  if (file === '') return undefined;
  if (existsSync(file)) {
    throw new CommandError(
      125,
      `container ID file found, make sure the other container isn't running or delete ${file}`,
    );
  }
  try {
    writeFileSync(file, '', { flag: 'wx' });
    rmSync(file);
  } catch (error) {
    throw new CommandError(125, `failed to create the container ID file: ${(error as Error).message}`);
  }
  return file;
}
