import type { ComposedImage } from '@gantry/images';
import { canonicalString, type Digest, familiarString, parseReference } from '@gantry/oci';
import type { ImageOutput } from './build-output.ts';
import type { Export } from './export-outputs.ts';

export interface ExportedImage {
  /** Undefined for an image that this host does not keep. */
  readonly id: Digest | undefined;
  readonly names: readonly string[];
}

/** Sends an image to its registries and makes it one of this host. Throws what sending and recording throw. */
export async function exportImage(
  { environment, request, keep, signal, tell }: Export,
  output: ImageOutput,
  { target }: ComposedImage,
): Promise<ExportedImage> {
  const { composer } = environment.ports;
  const { pushByDigest: byDigest } = output;
  for (const name of output.push ? output.names : []) {
    const reference = parseReference(name);
    const auth = await request.client?.credentials?.(reference.domain, { signal });
    tell(`pushing ${familiarString(reference)}`);
    await composer.send(target, reference, {
      byDigest,
      onProgress: () => {},
      signal,
      ...(auth && {
        auth:
          auth.username === ''
            ? { identitytoken: auth.secret }
            : { username: auth.username, password: auth.secret },
      }),
    });
  }
  const names = byDigest && output.push ? [] : namesOf(output, target.digest);
  if (!output.store) return { id: undefined, names };
  const id = await composer.record(target, names, { scope: keep, signal });
  return { id, names };
}

function namesOf({ names, nameCanonical, danglingNamePrefix }: ImageOutput, digest: Digest): string[] {
  const withDigest = (name: string): string =>
    canonicalString({ ...parseReference(name), tag: undefined, digest });
  if (names.length === 0) return danglingNamePrefix === '' ? [] : [withDigest(danglingNamePrefix)];
  return [...names, ...(nameCanonical ? names.map(withDigest) : [])];
}
