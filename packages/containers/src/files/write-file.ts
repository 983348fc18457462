import {
  changeMode,
  changeOwner,
  changeTimes,
  type Descriptor,
  type Directory,
  openFlags,
  truncateFile,
} from '@gantry/kernel';
import type { TarEntry, TarMember, TarSegment } from '@gantry/oci';
import { applyXattrs, type SkippedXattrs } from '@gantry/snapshots';
import { ContentWriter } from './content-writer.ts';

/** Where a file is made, and how: by the host's root when nothing is said. */
export interface WritePlace {
  directory: Directory;
  name: Uint8Array;
  asMaker?: (work: () => Descriptor) => Descriptor;
}

/**
 * Makes a file in a directory, as its tar entry says. Content is written on pool threads: a slow disk holds up nobody else.
 * Throws EEXIST when the name is taken.
 */
export async function writeFile(
  { directory, name, asMaker = (work) => work() }: WritePlace,
  { entry, content }: TarMember,
  skipped: SkippedXattrs,
): Promise<void> {
  const flags = openFlags.writeOnly | openFlags.create | openFlags.exclusive | openFlags.noFollow;
  using file = asMaker(() => directory.open(name, { flags, mode: 0o600 }));
  await writeContent(file, entry, content);
  changeOwner(file, entry.uid, entry.gid);
  applyXattrs(file, entry.xattrs, skipped);
  changeMode(file, entry.mode);
  changeTimes(file, entry.atimeNs ?? entry.mtimeNs, entry.mtimeNs);
}

/** The stored bytes come without the holes of a sparse file: each run goes to its place. */
async function writeContent(
  file: Descriptor,
  entry: TarEntry,
  content: AsyncIterable<Uint8Array>,
): Promise<void> {
  const runs: TarSegment[] = [...(entry.segments ?? [{ offset: 0, lengthBytes: entry.sizeBytes }])];
  let run = runs.shift();
  let done = 0;
  const writer = new ContentWriter(file);
  try {
    for await (const chunk of content) {
      for (let rest = chunk; rest.length > 0 && run !== undefined; ) {
        const part = rest.subarray(0, run.lengthBytes - done);
        await writer.write(part, run.offset + done);
        rest = rest.subarray(part.length);
        done += part.length;
        if (done < run.lengthBytes) continue;
        [run, done] = [runs.shift(), 0];
      }
    }
    await writer.flush();
  } finally {
    await writer.idle();
  }
  if (entry.segments !== undefined) truncateFile(file, entry.sizeBytes);
}
