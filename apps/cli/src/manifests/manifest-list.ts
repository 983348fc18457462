import { mediaTypes } from '@gantry/oci';
import { CommandError } from '../errors.ts';
import { type LocalManifest, orderedPlatform } from './image-manifest.ts';

/**
 * The manifest list (of OCI images: the index) of some manifests, as docker writes it, byte for byte. Throws `CommandError` for a manifest
 * of which no platform is known.
 */
export function manifestList(manifests: readonly LocalManifest[]): { mediaType: string; bytes: Buffer } {
  const isOci = manifests[0]?.Descriptor.mediaType === mediaTypes.manifest;
  const mediaType = isOci ? mediaTypes.index : mediaTypes.dockerIndex;
  const document = { schemaVersion: 2, mediaType, manifests: manifests.map(listed) };
  return { mediaType, bytes: Buffer.from(JSON.stringify(document, undefined, 3)) };
}

function listed({ Ref, Descriptor }: LocalManifest): object {
  const { mediaType, digest, size, platform } = Descriptor;
  if (!platform?.architecture || !platform.os) {
    throw new CommandError(1, `manifest ${Ref} must have an OS and Architecture to be pushed to a registry`);
  }
  return { mediaType, size, digest, platform: orderedPlatform(platform) };
}
