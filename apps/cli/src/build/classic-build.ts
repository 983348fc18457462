import { writeFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { createGzip } from 'node:zlib';
import type { ProgressMessage } from '@gantry/api-types';
import { type BuildQuery, buildImage, ProgressError } from '@gantry/client';
import { ProgressPrinter, windowSize } from '@gantry/terminal';
import { registryAuths } from '../config/registry-auth.ts';
import { CommandError } from '../errors.ts';
import type { Invocation } from '../invocation.ts';
import { parseKeyValues } from '../options/key-values.ts';
import { resourcesOf } from '../options/resources.ts';
import { progressMode } from '../progress/choose-display.ts';
import { proxyVariables } from '../streams/create-container.ts';
import { isRemoteContext } from './build-inputs.ts';
import { platformsOf } from './frontend-attributes.ts';
import { type PackedContext, packDirectoryContext, packDockerfileAlone } from './local-context.ts';
import { readStandardInput } from './standard-input.ts';

/** Builds by `POST /build`, which needs no session. The id of what was built is the last that a quiet build prints. */
export async function classicBuild(invocation: Invocation): Promise<number> {
  const { flags, args, engine, stdout, config } = invocation;
  const [given = ''] = args;
  const isRemote = isRemoteContext(given);
  const context = isRemote ? undefined : await packContext(given, flags.string('file'));
  const mode = progressMode({ mode: flags.string('progress'), environment: invocation.environment });
  if (flags.string('progress') === 'rawjson') {
    throw new CommandError(1, 'ERROR: the classic builder has no --progress=rawjson');
  }
  const isSilent = mode === 'quiet' || mode === 'none';
  const quiet = flags.boolean('quiet');
  const idFile = flags.string('iidfile');
  const archive = context && flags.boolean('compress') ? compressed(context.archive) : context?.archive;
  const messages = await buildImage(await engine(), {
    context: archive,
    registryConfig: registryAuths(config()),
    parameters: {
      ...(await parametersOf(invocation)),
      dockerfile: context?.dockerfile ?? (flags.string('file') || undefined),
      remote: isRemote ? given : undefined,
    },
  });
  const printer = new ProgressPrinter(stdout, windowSize(1)?.columns ?? 80);
  let id = '';
  for await (const message of inBuildsCode(messages)) {
    const built = (message.aux as { ID?: string } | undefined)?.ID;
    if (built !== undefined) id = built;
    else if (quiet) id = message.stream?.trim() || id;
    else if (!isSilent) printer.print(message);
  }
  if (quiet) stdout.write(`${id}\n`);
  if (idFile !== '') writeFileSync(idFile, id);
  return 0;
}

/** The program ends with the code of the command that failed. */
async function* inBuildsCode(messages: AsyncIterable<ProgressMessage>): AsyncGenerator<ProgressMessage> {
  try {
    yield* messages;
  } catch (error) {
    if (error instanceof ProgressError && error.exitCode !== undefined)
      throw new CommandError(error.exitCode, error.message, { cause: error });
    throw error;
  }
}

async function packContext(given: string, file: string): Promise<PackedContext> {
  if (given === '-') {
    if (file === '-')
      throw new CommandError(1, "invalid argument: can't use stdin for both build context and dockerfile");
    const { isArchive, content } = await readStandardInput();
    if (isArchive) return { archive: content, dockerfile: file || 'Dockerfile' };
    return packDockerfileAlone(await buffer(content));
  }
  return packDirectoryContext(given, file === '-' ? { content: await buffer(process.stdin) } : file);
}

async function parametersOf(invocation: Invocation): Promise<BuildQuery['parameters']> {
  const { flags, environment } = invocation;
  const { Memory, MemorySwap, CpuShares, CpuPeriod, CpuQuota, CpusetCpus, CpusetMems } = resourcesOf(flags);
  const given = flags.list('build-arg').map((text): [string, string | null] => {
    const at = text.indexOf('=');
    return at < 0 ? [text, environment[text] ?? null] : [text.slice(0, at), text.slice(at + 1)];
  });
  const proxies = (await proxyVariables(invocation)).map((text): [string, string] => {
    const at = text.indexOf('=');
    return [text.slice(0, at), text.slice(at + 1)];
  });
  const list = (name: string) => (flags.list(name).length > 0 ? JSON.stringify(flags.list(name)) : undefined);
  return {
    t: flags.list('tag'),
    target: flags.string('target') || undefined,
    buildargs: JSON.stringify(Object.fromEntries([...proxies, ...given])),
    labels: JSON.stringify(parseKeyValues(flags.list('label'))),
    platform: platformsOf({ flags, environment })[0],
    nocache: flags.boolean('no-cache') || undefined,
    pull: flags.boolean('pull') || undefined,
    q: flags.boolean('quiet') || undefined,
    networkmode: flags.string('network'),
    extrahosts: flags.list('add-host').join(',') || undefined,
    shmsize: flags.number('shm-size') || undefined,
    rm: flags.boolean('rm'),
    forcerm: flags.boolean('force-rm') || undefined,
    squash: flags.boolean('squash') || undefined,
    cgroupparent: flags.string('cgroup-parent') || undefined,
    isolation: flags.string('isolation') || undefined,
    cachefrom: list('cache-from'),
    securityopt: list('security-opt'),
    ulimits: list('ulimit'),
    memory: Memory,
    memswap: MemorySwap,
    cpushares: CpuShares,
    cpuperiod: CpuPeriod,
    cpuquota: CpuQuota,
    cpusetcpus: CpusetCpus,
    cpusetmems: CpusetMems,
  };
}

async function* compressed(archive: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  yield* Readable.from(archive, { objectMode: false }).pipe(createGzip()) as AsyncIterable<Uint8Array>;
}
