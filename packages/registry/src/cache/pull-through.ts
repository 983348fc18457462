/** Content of another registry that is fetched when it is asked for. */
export interface PullThrough {
  /** Whether the repository is another registry's: nothing may be pushed to it then. */
  covers(repository: string): boolean;

  /**
   * Before a manifest is looked up, by tag or digest: brings it, or the tag's change, into the store. Resolves at once for
   * repositories that are not covered, for digests that are there, and for tags that were asked for a short time ago. When
   * the other registry does not answer or does not know it, what is stored stays and the look-up tells. Throws
   * `UpstreamUnavailableError` when it does not answer and nothing is stored, `QuotaExceededError`.
   */
  prepareManifest(repository: string, reference: string, signal?: AbortSignal): Promise<void>;

  /**
   * A blob that the store does not have, while it comes and is stored; many who ask for one at once share a transfer.
   * Undefined when the repository is not covered or the other registry does not have it. The stream throws when the bytes
   * turn out wrong: what was sent so far is worthless then.
   */
  fetchBlob(repository: string, digest: string, signal?: AbortSignal): Promise<ArrivingBlob | undefined>;
}

export interface ArrivingBlob {
  sizeBytes: number;
  /** From the first byte on, not verified before its end. */
  read(signal?: AbortSignal): AsyncIterable<Uint8Array>;
}

/** No repository is another registry's. */
export const noPullThrough: PullThrough = {
  covers: () => false,
  prepareManifest: async () => {},
  fetchBlob: async () => undefined,
};
