import { EngineError } from '@gantry/base';
import { type Digest, formatPlatform, type Platform } from '@gantry/oci';

/** `No such image: x:latest`: the CLI reads this text before it pulls. `details.ref` is what was asked for. */
export class ImageNotFoundError extends EngineError {
  override readonly name = 'ImageNotFoundError';
  /** `familiar` is the reference in Docker's short form, with its tag. */
  constructor(familiar: string) {
    super('not-found', 'image-not-found', `No such image: ${familiar}`, { details: { ref: familiar } });
  }
}

/** An id prefix that several images share. */
export class AmbiguousImageError extends EngineError {
  override readonly name = 'AmbiguousImageError';
  constructor(prefix: string, matches: readonly Digest[]) {
    super('not-found', 'image-ambiguous', 'ambiguous reference', { details: { ref: prefix, matches } });
  }
}

/** The image exists, but not for this platform, or its content for it is not here. */
export class PlatformNotFoundError extends EngineError {
  override readonly name = 'PlatformNotFoundError';
  constructor(ref: string, platform: Platform) {
    const asked = formatPlatform(platform);
    super(
      'not-found',
      'image-platform-not-found',
      `image with reference ${ref} was found but does not provide the specified platform (${asked})`,
      { details: { ref, platform: asked } },
    );
  }
}

/** Removal that `force` would allow (`forceable`), or not. The message is Docker's. */
export class ImageInUseError extends EngineError {
  override readonly name = 'ImageInUseError';
  constructor(message: string, details: { imageId?: Digest; forceable: boolean; containerId?: string }) {
    super('conflict', 'image-in-use', message, { details });
  }
}

/** An archive, manifest, index or config that breaks its format or a bound. Nothing of it was kept. */
export class InvalidImageError extends EngineError {
  override readonly name = 'InvalidImageError';
  constructor(reason: string, options: { cause?: unknown; subject?: string } = {}) {
    super('invalid', 'image-invalid', reason, {
      cause: options.cause,
      details: options.subject === undefined ? {} : { subject: options.subject },
    });
  }
}

/** A blob that an image names is neither in the archive nor in the store. */
export class ImageContentMissingError extends EngineError {
  override readonly name = 'ImageContentMissingError';
  constructor(digest: Digest, what: string) {
    super('not-found', 'image-content-missing', `content digest ${digest}: not found`, {
      details: { digest, what },
    });
  }
}

/** A change instruction (`docker import --change`) that is unknown or malformed. */
export class InvalidChangeError extends EngineError {
  override readonly name = 'InvalidChangeError';
  constructor(reason: string, instruction: string) {
    super('invalid', 'image-change-invalid', reason, { details: { instruction } });
  }
}

/** A filter that does not exist or has a value that means nothing. The message is Docker's. */
export class InvalidFilterError extends EngineError {
  override readonly name = 'InvalidFilterError';
  constructor(filter: string, value?: string) {
    const text = value === undefined ? `invalid filter '${filter}'` : `invalid filter '${filter}=[${value}]'`;
    super('invalid', 'image-filter-invalid', text, {
      details: { filter, ...(value === undefined ? {} : { value }) },
    });
  }
}

/** An index that has nothing for the platform. The message is Docker's. */
export class NoMatchingManifestError extends EngineError {
  override readonly name = 'NoMatchingManifestError';
  constructor(image: string, platform: Platform) {
    const asked = formatPlatform(platform);
    super(
      'not-found',
      'no-matching-manifest',
      `no matching manifest for ${asked} in the manifest list entries`,
      {
        details: { image, platform: asked },
      },
    );
  }
}

/** What the registry has under the name is no container image, or one of a format that is no longer read. */
export class NotAnImageError extends EngineError {
  override readonly name = 'NotAnImageError';
  constructor(image: string, mediaType: string) {
    const isSchema1 = /manifest\.v1\+(json|prettyjws)$/.test(mediaType);
    super(
      'invalid',
      'not-an-image',
      isSchema1
        ? `${image} is in Docker image format v1 or manifest version 2, schema 1, which is not supported any more: push it again with a current client`
        : `${image} is not a container image: unsupported media type ${JSON.stringify(mediaType)}`,
      { details: { image, mediaType } },
    );
  }
}

/** What is to be pushed has no such name here. The message is Docker's. */
export class NoSuchTagError extends EngineError {
  override readonly name = 'NoSuchTagError';
  constructor(image: string) {
    super('not-found', 'no-such-tag', `An image does not exist locally with the tag: ${image}`, {
      details: { image },
    });
  }
}

/** An index is to be pushed, and neither this host nor the registry has all that it names. */
export class IncompleteIndexError extends EngineError {
  override readonly name = 'IncompleteIndexError';
  constructor(image: string, digest: Digest) {
    super(
      'not-found',
      'index-incomplete',
      `cannot push ${image}: ${digest} is neither here nor in the registry. The image has several platforms, and not all of them were pulled: pull them, or push one with --platform`,
      { details: { image, digest } },
    );
  }
}

/** A signature is asked for of an image that none can be had of. */
export class UnverifiableImageError extends EngineError {
  override readonly name = 'UnverifiableImageError';
  constructor(image: string, reason: string) {
    super('invalid', 'image-unverifiable', `${image} cannot be verified: ${reason}`, { details: { image } });
  }
}

/** A name of `mirror/` that is not made on this host. */
export class UnknownMirrorImageError extends EngineError {
  override readonly name = 'UnknownMirrorImageError';
  constructor(familiar: string) {
    super(
      'not-found',
      'mirror-image-unknown',
      `cannot make ${familiar}: of the namespace mirror/, which is made on this host, there are mirror/debian, mirror/ubuntu and mirror/busybox`,
      { details: { ref: familiar } },
    );
  }
}

/** A program that the operation runs is not installed. The message names the Debian package that has it. */
export class ProgramMissingError extends EngineError {
  override readonly name = 'ProgramMissingError';
  constructor(program: string, packageName: string, purpose: string) {
    super(
      'unavailable',
      'program-missing',
      `${program} is not installed: ${purpose} needs it (Debian package ${packageName})`,
      { details: { program, packageName } },
    );
  }
}

/** A layer that its registry does not hand out: the manifest names other places, which are anybody's choice and are not asked. */
export class ForeignLayerError extends EngineError {
  override readonly name = 'ForeignLayerError';
  constructor(digest: Digest, urls: readonly string[]) {
    super(
      'not-found',
      'foreign-layer',
      `layer ${digest} is not in the registry: it is a foreign layer, to be had from ${urls[0] ?? 'elsewhere'}. Layers are not fetched from the addresses of a manifest: push the image to your registry with this layer in it`,
      { details: { digest } },
    );
  }
}
