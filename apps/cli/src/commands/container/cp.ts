import type { ContainerPathStat } from '@gantry/api-types';
import { type ApiClient, readContainerPath, statContainerPath, writeContainerPath } from '@gantry/client';
import { formatSize } from '@gantry/terminal';
import { type CopyInfo, localDestination, localSource, planCopy } from '../../copy/copy-info.ts';
import { packLocal } from '../../copy/pack-local.ts';
import { absolutePath, followedPath, linkTargetPath, rebase, splitPath } from '../../copy/paths.ts';
import { unpackLocal } from '../../copy/unpack-local.ts';
import { apiStatus, CommandError } from '../../errors.ts';
import type { CommandHandler, Invocation } from '../../invocation.ts';

/** `gantry cp`: out of a container, or into one. */
export const copyCommand: CommandHandler = async (invocation) => {
  const [source, destination] = invocation.args.map(splitArgument);
  if (source?.path === '') throw new CommandError(1, 'source can not be empty');
  if (destination?.path === '') throw new CommandError(1, 'destination can not be empty');
  const [from = '', to = ''] = [source?.container, destination?.container];
  if (from !== '' && to !== '') throw new CommandError(1, 'copying between containers is not supported');
  if (from === '' && to === '') throw new CommandError(1, 'must specify at least one container source');
  const paths = { source: source?.path ?? '', destination: destination?.path ?? '' };
  const copy: Copy = { ...paths, ...optionsOf(invocation), client: await invocation.engine(), invocation };
  if (from === '') await copyIn(copy, to);
  else await copyOut(copy, from);
  return 0;
};

interface Copy {
  source: string;
  destination: string;
  /** Owners are the container's user. */
  archive: boolean;
  followLink: boolean;
  quiet: boolean;
  client: ApiClient;
  invocation: Invocation;
}

/** What was copied is told to a person only, unless it is asked for: `--quiet=false`. */
function optionsOf({ flags, stdout }: Invocation): Pick<Copy, 'archive' | 'followLink' | 'quiet'> {
  return {
    archive: flags.boolean('archive'),
    followLink: flags.boolean('follow-link'),
    quiet: flags.has('quiet') ? flags.boolean('quiet') : !stdout.isTerminal,
  };
}

/** Bits of Go's `fs.FileMode`. */
const goDirectory = 2 ** 31;
const goSymlink = 2 ** 27;
const goDevice = 2 ** 26;
const goIrregular = 2 ** 19;

async function copyOut(copy: Copy, container: string): Promise<void> {
  const { client } = copy;
  let { source } = copy;
  let rebaseName: string | undefined;
  if (copy.followLink) {
    const stat = await statContainerPath(client, container, source).catch(() => undefined);
    if (stat !== undefined && hasBit(stat, goSymlink)) {
      const followed = followedPath(source, linkTargetPath(source, stat.linkTarget));
      [source, rebaseName] = [followed.path, followed.rebaseName];
    }
  }
  const { stat, archive } = await readContainerPath(client, container, source);
  if (copy.destination === '-') {
    for await (const chunk of archive) copy.invocation.stdout.write(chunk);
    return;
  }
  const destination = absolutePath(copy.destination, process.cwd());
  const info: CopyInfo = { path: source, exists: true, isDirectory: hasBit(stat, goDirectory), rebaseName };
  const plan = planCopy(info, localDestination(destination));
  const { base } = splitPath(source);
  const count = { bytes: 0 };
  const name = plan.name ?? rebaseName;
  await unpackLocal(counted(archive, count), plan.directory, (entry) =>
    name === undefined ? entry : rebase(entry, latin1(base), latin1(name)),
  );
  tell(copy, count.bytes, destination);
}

async function copyIn(copy: Copy, container: string): Promise<void> {
  const { client, archive: copyUidGid } = copy;
  const destination = await containerDestination(client, container, copy.destination);
  if (copy.source === '-') {
    if (!destination.isDirectory) {
      throw new CommandError(1, `destination "${container}:${copy.destination}" must be a directory`);
    }
    await writeContainerPath(client, container, process.stdin, { path: destination.path, copyUidGid });
    return;
  }
  const source = localSource(absolutePath(copy.source, process.cwd()), copy.followLink);
  const plan = planCopy(source, destination);
  const name = plan.name ?? source.rebaseName ?? splitPath(source.path).base;
  const count = { bytes: 0 };
  const archive = counted(packLocal(source.path, name), count);
  await writeContainerPath(client, container, archive, { path: plan.directory, copyUidGid });
  tell(copy, count.bytes, `${container}:${destination.path}`);
}

/** What is at the destination; a link that it names is followed once by its full target. Nothing there is no error yet. */
async function containerDestination(client: ApiClient, container: string, given: string): Promise<CopyInfo> {
  let path = given;
  let stat = await statIfThere(() => statContainerPath(client, container, path));
  if (stat !== undefined && hasBit(stat, goSymlink)) {
    path = linkTargetPath(given, stat.linkTarget);
    stat = await statIfThere(() => statContainerPath(client, container, path));
  }
  if (stat === undefined) return { path, exists: false, isDirectory: false };
  const odd = hasBit(stat, goDevice) ? 'a device' : hasBit(stat, goIrregular) ? 'an irregular file' : '';
  if (odd !== '') {
    const place = `destination "${container}:${given}"`;
    throw new CommandError(1, `${place} must be a directory or a regular file: got ${odd}`);
  }
  return { path, exists: true, isDirectory: hasBit(stat, goDirectory) };
}

/** The parent may still exist: only a container that does not is an error here. */
async function statIfThere(look: () => Promise<ContainerPathStat>): Promise<ContainerPathStat | undefined> {
  try {
    return await look();
  } catch (error) {
    if (apiStatus(error) === undefined) throw error;
    return undefined;
  }
}

/** `container:path`, unless it is a path of this machine: absolute, or with a dot in front of its colon. */
function splitArgument(text: string): { container: string; path: string } {
  const colon = text.indexOf(':');
  const isLocal = text.startsWith('/') || colon < 0 || text.startsWith('.');
  return isLocal
    ? { container: '', path: text }
    : { container: text.slice(0, colon), path: text.slice(colon + 1) };
}

function tell({ quiet, invocation }: Copy, bytes: number, destination: string): void {
  if (!quiet) invocation.stderr.write(`Successfully copied ${formatSize(bytes)} to ${destination}\n`);
}

async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  count: { bytes: number },
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    count.bytes += chunk.length;
    yield chunk;
  }
}

function hasBit({ mode }: ContainerPathStat, bit: number): boolean {
  return Math.floor(mode / bit) % 2 === 1;
}

function latin1(text: string): string {
  return Buffer.from(text).toString('latin1');
}
