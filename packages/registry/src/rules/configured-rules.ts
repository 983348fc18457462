import { matchesAny } from '../patterns/name-pattern.ts';
import { MediaTypeNotAllowedError, TagImmutableError } from './errors.ts';
import type { BlobWrite, ManifestWrite, PushRules } from './push-rules.ts';
import type { QuotaLedger } from './quota-ledger.ts';
import type { RuleSettings } from './rule-settings.ts';

/** The rules of the configuration. */
export class ConfiguredRules implements PushRules {
  readonly #settings: RuleSettings;
  readonly #ledger: QuotaLedger;

  constructor(settings: RuleSettings, ledger: QuotaLedger) {
    this.#settings = settings;
    this.#ledger = ledger;
  }

  checkBlob({ repository, digest, sizeBytes }: BlobWrite): void {
    this.#ledger.check(repository, { digest, sizeBytes });
  }

  checkManifest({
    repository,
    digest,
    sizeBytes,
    mediaType,
    artifactType,
    tag,
    previousDigest,
  }: ManifestWrite): void {
    if (tag !== undefined && previousDigest !== undefined && previousDigest !== digest) {
      this.checkTagRemoval(repository, tag);
    }
    for (const { repositories, allowed } of this.#settings.mediaTypes) {
      const isAllowed = allowed.includes(mediaType) || allowed.includes(artifactType ?? '');
      if (!isAllowed && matchesAny(repositories, repository)) {
        throw new MediaTypeNotAllowedError(repository, artifactType ?? mediaType);
      }
    }
    this.#ledger.check(repository, { digest, sizeBytes });
  }

  checkTagRemoval(repository: string, tag: string): void {
    const pattern = immutablePattern(this.#settings, repository, tag);
    if (pattern !== undefined) throw new TagImmutableError(repository, tag, pattern);
  }
}

/** The pattern that keeps a tag as it is; undefined when none does. */
export function immutablePattern(
  { immutableTags }: Pick<RuleSettings, 'immutableTags'>,
  repository: string,
  tag: string,
): string | undefined {
  for (const { repositories, tags } of immutableTags) {
    if (!matchesAny(repositories, repository)) continue;
    const found = tags.find((pattern) => pattern.matches(tag));
    if (found !== undefined) return found.text;
  }
  return undefined;
}
