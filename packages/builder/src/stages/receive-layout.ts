import type { ReceivedImage } from '@gantry/images';
import { digestHex, type Platform } from '@gantry/oci';
import type { LayoutReference } from '../context/named-context.ts';
import { BuildOptionNotBuiltError } from '../errors.ts';
import type { Build } from './stage-build.ts';

/** Takes an image from a store that the client offers; what is here already is not asked for. Throws what `receiveImage` throws. */
export async function receiveLayout(
  { environment, request, keep, signal, materials }: Omit<Build, 'stage' | 'image' | 'layout' | 'files'>,
  { store, name, digest }: LayoutReference,
  platform: Platform,
): Promise<ReceivedImage> {
  const content = request.client?.content?.(`oci:${store}`);
  if (content === undefined)
    throw new BuildOptionNotBuiltError('an OCI layout of a client that lends no store');
  const wanted = { name, digest, platform, signal };
  const image = await environment.ports.composer.receive(content, wanted, keep);
  const uri = `pkg:oci/layout@${encodeURIComponent(digest)}?platform=${encodeURIComponent(`${platform.os}/${platform.architecture}`)}`;
  materials.add({ uri, digest: { sha256: digestHex(digest) } });
  return image;
}
