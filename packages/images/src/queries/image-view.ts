import { type Digest, familiarName, familiarString, parseReference } from '@gantry/oci';

/** `debian:bookworm`, … as Docker shows an image's names. What was pulled by its digest has none for it. */
export function repoTags(names: readonly string[]): string[] {
  return names
    .map(parseReference)
    .filter(({ digest }) => digest === undefined)
    .map(familiarString);
}

/** `debian@sha256:…`, once for each repository. */
export function repoDigests(names: readonly string[], id: Digest): string[] {
  const repositories = names.map((name) => familiarName(parseReference(name)));
  return [...new Set(repositories)].map((repository) => `${repository}@${id}`);
}

/** Milliseconds since the Unix epoch; 0 for a missing or malformed time. */
export function timeMs(time: string | undefined): number {
  const parsed = Date.parse(time ?? '');
  return Number.isNaN(parsed) ? 0 : parsed;
}
