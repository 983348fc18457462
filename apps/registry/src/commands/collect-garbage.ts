import { openLogger } from '@gantry/program';
import { openStorage } from '@gantry/registry';
import { StoreBusyError } from '@gantry/state';
import { CommandLineError } from '../command-line-error.ts';
import { loadSettings } from '../configuration.ts';

/** `gantry-registry gc`: what the registry does by itself, of one that does not run. Prints what went. */
export async function collectGarbage(words: readonly string[]): Promise<number> {
  const { root, logLevel } = loadSettings(words, process.env);
  try {
    // Nobody pushes: nothing has to be waited for.
    await using storage = await openStorage({ directory: root, logger: openLogger(logLevel), graceMs: 0 });
    await storage.uploads.expire(new Date());
    const { removedBlobs, removedBytes, unlinkedBlobs } = await storage.collectGarbage();
    console.log(
      `removed ${removedBlobs} blobs (${removedBytes} bytes), took ${unlinkedBlobs} out of repositories`,
    );
    return 0;
  } catch (error) {
    if (!(error instanceof StoreBusyError)) throw error;
    throw new CommandLineError(
      `a registry runs over ${root}: it collects by itself, or when an administrator posts to /api/v1/garbage-collection`,
    );
  }
}
