import { writeFileSync } from 'node:fs';
import { inspectImage } from '@gantry/client';
import { apiStatus } from '../errors.ts';
import type { Invocation } from '../invocation.ts';
import type { OutputOption } from './options/outputs.ts';
import { putEntry } from './session/oci-layout.ts';
import type { Solved } from './solve-build.ts';

/** What is left to do when the engine has built: the id of a quiet build, `--iidfile`, `--metadata-file`, and the index of an OCI layout. */
export async function keepOutputs(
  invocation: Invocation,
  outputs: readonly OutputOption[],
  { solved, isQuiet }: { solved: Solved; isQuiet: boolean },
): Promise<void> {
  const { flags, stdout } = invocation;
  for (const { destination } of outputs) {
    if (destination?.kind === 'layout') noteLayout(destination.path, solved);
  }
  const idFile = flags.string('iidfile');
  const id = idFile !== '' || isQuiet ? await builtImageId(invocation, solved) : undefined;
  if (idFile !== '') writeFileSync(idFile, id ?? '');
  if (flags.string('metadata-file') !== '') {
    writeFileSync(flags.string('metadata-file'), `${JSON.stringify(metadataOf(solved), undefined, 2)}\n`);
  }
  if (isQuiet && id !== undefined) stdout.write(`${id}\n`);
}

/** Of the two digests that an exporter tells the one that the engine knows the image by; undefined when nothing was made. */
async function builtImageId({ engine }: Invocation, { response }: Solved): Promise<string | undefined> {
  const candidates = ['containerimage.config.digest', 'containerimage.digest'].flatMap(
    (key) => response.get(key) ?? [],
  );
  for (const candidate of candidates) {
    try {
      await inspectImage(await engine(), candidate);
      return candidate;
    } catch (error) {
      if (apiStatus(error) !== 404) throw error;
    }
  }
  return candidates.at(-1);
}

function noteLayout(directory: string, { response }: Solved): void {
  const descriptor = response.get('containerimage.descriptor');
  if (descriptor === undefined) return;
  const entry = JSON.parse(Buffer.from(descriptor, 'base64').toString());
  const names = response.get('image.name')?.split(',') ?? ['latest'];
  for (const name of names) putEntry(directory, entry, name);
}

/** Documents that an exporter tells are base64; everything else is text. */
function metadataOf({ ref, response }: Solved): Record<string, unknown> {
  const entries = [...response].map(([key, value]): [string, unknown] => [key, documentIn(value) ?? value]);
  return Object.fromEntries(
    [...entries, ['buildx.build.ref', `default/default/${ref}`] as const].toSorted(byKey),
  );
}

function documentIn(value: string): unknown {
  try {
    const document: unknown = JSON.parse(Buffer.from(value, 'base64').toString());
    return typeof document === 'object' && document !== null && Object.keys(document).length > 0
      ? document
      : undefined;
  } catch {
    return undefined;
  }
}

function byKey([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : 1;
}
