import { createHash } from 'node:crypto';
import type { RemoteRepository } from '@gantry/distribution';
import { type Descriptor, parseDigest } from '@gantry/oci';
import { SignatureFault } from './errors.ts';

/** An image whose signatures are looked for, where it is pulled from. */
export interface SignedImage {
  /** Its repository with the domain: `docker.io/library/debian`. */
  name: string;
  /** What the tag stood for, or the digest that was asked for: an index, or a manifest. It is what is signed. */
  target: Pick<Descriptor, 'digest' | 'mediaType' | 'size'>;
  repository: Pick<RemoteRepository, 'manifest' | 'blob' | 'referrers'>;
}

/** An image has fewer signatures; more are not looked at. */
export const maxSignatures = 64;
const maxEnvelopeBytes = 1 << 20;

/** A small blob whose digest is checked. Throws `SignatureFault` when it is not what its descriptor says, and what fetching throws. */
export async function envelopeBytes(
  repository: SignedImage['repository'],
  descriptor: Descriptor,
  signal: AbortSignal,
): Promise<Buffer> {
  if (descriptor.size > maxEnvelopeBytes) {
    throw new SignatureFault(`signature ${descriptor.digest} is larger than ${maxEnvelopeBytes} bytes`);
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of repository.blob(descriptor, { signal })) {
    size += chunk.length;
    if (size > descriptor.size) break;
    chunks.push(chunk);
  }
  const bytes = Buffer.concat(chunks);
  const digest = parseDigest(`sha256:${createHash('sha256').update(bytes).digest('hex')}`);
  if (digest !== descriptor.digest) {
    throw new SignatureFault(`signature ${descriptor.digest} has other bytes than its digest says`);
  }
  return bytes;
}
