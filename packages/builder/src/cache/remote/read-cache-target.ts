import type { CacheLocation } from '../../build-request.ts';
import { BuildOptionNotBuiltError, InvalidBuildError } from '../../errors.ts';
import { NamedAttributes } from '../../named-attributes.ts';
import type { CacheForm } from './export-cache.ts';

/** What `--cache-to` asks for, beside the place. */
export interface CacheTarget {
  readonly mode: 'min' | 'max';
  /** A cache that cannot be written fails no build. */
  readonly ignoresErrors: boolean;
  readonly form: CacheForm;
}

/** Attributes that say where: see `openCachePlace`. A client has dealt with `tag` by itself. */
const placeNames: Readonly<Record<string, readonly string[]>> = {
  registry: ['ref'],
  local: ['dest', 'tag'],
};

const mostLevels = { none: 0, gzip: 9, zstd: 22 } as const;

/** Throws `InvalidBuildError`, and `BuildOptionNotBuiltError` for an attribute or a type that nobody here knows. */
export function readCacheTarget({ type, attributes: given }: CacheLocation): CacheTarget {
  const names = placeNames[type];
  if (names === undefined) throw new BuildOptionNotBuiltError(`cache to type=${type}`);
  const attributes = new NamedAttributes(`a cache of type ${type}`, given);
  for (const name of names) attributes.text(name);
  const mode = given.get('mode') ?? 'min';
  attributes.text('mode');
  if (mode !== 'min' && mode !== 'max') throw new InvalidBuildError(`invalid cache mode: ${mode}`);
  if (given.get('compression') === 'estargz')
    // Its layers unpack to other bytes than those of the steps.
    throw new BuildOptionNotBuiltError('compression=estargz of a cache');
  const compression = attributes.choice('compression', ['uncompressed', 'gzip', 'zstd']) ?? 'gzip';
  const packing = compression === 'uncompressed' ? 'none' : compression;
  const level = attributes.number('compression-level', 0, mostLevels[packing]);
  const oci = attributes.flag('oci-mediatypes') ?? true;
  const isImage = attributes.flag('image-manifest') ?? oci;
  if (isImage && !oci) throw new InvalidBuildError('image-manifest=true needs oci-mediatypes=true');
  if (packing === 'zstd' && !oci) throw new InvalidBuildError('compression=zstd needs oci-mediatypes=true');
  // Every layer of a step is packed anew.
  attributes.flag('force-compression');
  const ignoresErrors = attributes.flag('ignore-error') ?? false;
  attributes.end();
  const form = { family: oci ? 'oci' : 'docker', isImage, packing } as const;
  return { mode, ignoresErrors, form: { ...form, ...(level !== undefined && { level }) } };
}
