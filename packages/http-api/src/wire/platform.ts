import { hostPlatform, parsePlatform } from '@gantry/oci';
import type { ImagePlatform } from '../backends/image-backend.ts';
import { InvalidRequestError } from '../errors.ts';
import { bounded, type Query } from './query.ts';

/** `platform=linux/arm64/v8`; undefined when missing. Throws invalid for one that cannot be. */
export function platformFromText(query: Query): ImagePlatform | undefined {
  const text = query.text('platform');
  return text === '' ? undefined : imagePlatform(parsePlatform(text, hostPlatform()));
}

/** `platform={"os":"linux","architecture":"arm64"}`; undefined when missing. Throws `InvalidRequestError`. */
export function platformFromJson(query: Query): ImagePlatform | undefined {
  const text = query.text('platform');
  return text === '' ? undefined : parseJson(text);
}

/** The same of a parameter that may be given several times; undefined when missing. Throws `InvalidRequestError`. */
export function platformsFromJson(query: Query, name: string): ImagePlatform[] | undefined {
  const texts = query.all(name).filter((text) => text !== '');
  return texts.length === 0 ? undefined : texts.map(parseJson);
}

function parseJson(text: string): ImagePlatform {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw badPlatform(text, error);
  }
  const { os, architecture, variant } = (value ?? {}) as Record<string, unknown>;
  if (typeof os !== 'string' || typeof architecture !== 'string') throw badPlatform(text);
  if (variant !== undefined && typeof variant !== 'string') throw badPlatform(text);
  return imagePlatform({ os, architecture, ...(variant === undefined ? {} : { variant }) });
}

function imagePlatform(platform: {
  os: string;
  architecture: string;
  variant?: string | undefined;
}): ImagePlatform {
  const { os, architecture, variant } = platform;
  return { os, architecture, ...(variant === undefined || variant === '' ? {} : { variant }) };
}

function badPlatform(text: string, cause?: unknown): InvalidRequestError {
  return new InvalidRequestError(
    `failed to parse platform: ${bounded(text)} is not {"os":…,"architecture":…}`,
    {
      code: 'bad-platform',
      cause,
    },
  );
}
