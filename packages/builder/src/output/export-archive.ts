import { faultPoint } from '@gantry/base';
import type { ComposedImage } from '@gantry/images';
import type { ArchiveOutput } from './build-output.ts';
import type { Export } from './export-outputs.ts';

/** What BuildKit's clients call the store that they offer for a directory (`tar=false`); they write its `index.json` themselves. */
const layoutStore = 'export';

/** Sends an image to the client: as an archive, or blob by blob into an OCI layout. Throws what the client throws. */
export async function exportArchive(
  { environment, request, signal, tell }: Export,
  { type, id, names, tar, form }: ArchiveOutput,
  { target }: ComposedImage,
): Promise<void> {
  const { composer, content } = environment.ports;
  tell(`sending the image to the client (${type})`);
  if (tar) {
    const annotations = form.layoutAnnotations;
    const archive = await composer.archive(target, { names, style: type, annotations });
    await request.client?.receiveArchive?.(id, archive, { signal });
  } else {
    const store = request.client?.content?.(layoutStore);
    for (const { digest, size } of await composer.blobs(target)) {
      const known = await store?.size(digest, { signal });
      if (known === size) continue;
      await store?.write({ digest, sizeBytes: size, read: () => content.read(digest) }, { signal });
    }
  }
  faultPoint('build-send/archive-sent');
}
