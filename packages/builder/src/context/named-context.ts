import { canonicalString, type Digest, isDigest, parseReference, withDefaultTag } from '@gantry/oci';
import type { BuilderEnvironment } from '../builder-environment.ts';
import { BuildOptionNotBuiltError, InvalidBuildError } from '../errors.ts';
import type { SourceFiles } from '../sources/source-files.ts';
import { fetchAddress } from './fetch-address.ts';
import { receiveDirectory } from './receive-directory.ts';
import type { SourceRequest } from './source-request.ts';

/** What a name means that `--build-context` gave a meaning. */
export type NamedContext =
  | { readonly kind: 'image'; readonly reference: string }
  | { readonly kind: 'stage'; readonly name: string }
  /** An image in a store that the client offers. */
  | { readonly kind: 'layout'; readonly layout: LayoutReference }
  /** Files, which have no image's config. */
  | { readonly kind: 'files'; readonly address: string };

export interface LayoutReference {
  /** What the client calls its store. */
  readonly store: string;
  /** For people. */
  readonly name: string;
  readonly digest: Digest;
}

/** Finds the named context for a name in FROM or `--from`: by the name as written, or as an image's with its tag. */
export function findNamedContext(
  contexts: ReadonlyMap<string, string>,
  name: string,
): NamedContext | undefined {
  const address = contexts.get(name) ?? contexts.get(name.toLowerCase()) ?? byImage(contexts, name);
  if (address === undefined) return undefined;
  const [, scheme = '', rest = ''] =
    /^(docker-image:\/\/|oci-layout:\/\/|target:|input:|result:)(.*)$/.exec(address) ?? [];
  if (scheme === 'docker-image://' || scheme === 'result:') return { kind: 'image', reference: rest };
  if (scheme === 'target:') return { kind: 'stage', name: rest };
  if (scheme === 'oci-layout://') return { kind: 'layout', layout: layoutReference(rest) };
  if (scheme !== '') throw new BuildOptionNotBuiltError(`a build context by ${scheme}`);
  return { kind: 'files', address };
}

/** `STORE[:TAG]@DIGEST`, as clients write what they have found in a layout. Throws `InvalidBuildError`. */
function layoutReference(text: string): LayoutReference {
  const [, store = '', digest = ''] = /^([^:@]+)(?::[^@]*)?@(.+)$/.exec(text) ?? [];
  if (!isDigest(digest))
    throw new InvalidBuildError(`oci-layout reference ${JSON.stringify(text)} has no digest`);
  return { store, name: `oci-layout://${text}`, digest };
}

function byImage(contexts: ReadonlyMap<string, string>, name: string): string | undefined {
  const wanted = canonical(name);
  if (wanted === undefined) return undefined;
  return [...contexts].find(([own]) => canonical(own) === wanted)?.[1];
}

/** Undefined for what is no image's name. */
function canonical(name: string): string | undefined {
  try {
    return canonicalString(withDefaultTag(parseReference(name)));
  } catch {
    return undefined;
  }
}

/** The files of a named context. */
export async function openNamedFiles(
  environment: BuilderEnvironment,
  address: string,
  request: SourceRequest,
): Promise<SourceFiles> {
  if (!address.startsWith('local:')) return await fetchAddress(environment, address, request);
  const wish = { include: [], exclude: [], follow: [] };
  return await receiveDirectory(environment, { name: address.slice('local:'.length), wish }, request);
}
