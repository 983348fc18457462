import { BuildOptionNotBuiltError, InvalidBuildError } from '../../errors.ts';

/** What shall be said of the image that a build makes. */
export interface AttestationWishes {
  readonly provenance?: ProvenanceWish;
  readonly sbom?: SbomWish;
}

export interface ProvenanceWish {
  /** `max` says the build arguments, the labels and the Dockerfile too. */
  readonly mode: 'min' | 'max';
  /** Of SLSA's predicate. */
  readonly version: 'v0.2' | 'v1';
  /** A URI of who builds. */
  readonly builderId: string;
  readonly reproducible: boolean;
  /** In images alone, not as a file beside files. */
  readonly inlineOnly: boolean;
}

/** The packages in the image. */
export interface SbomWish {
  readonly inlineOnly: boolean;
}

/**
 * Reads `attest:provenance` and `attest:sbom`, as BuildKit's clients send them: `key=value` pairs with commas between. Others are
 * refused. Throws `InvalidBuildError`, `BuildOptionNotBuiltError`.
 */
export function readAttestations(attributes: ReadonlyMap<string, string>): AttestationWishes {
  let wishes: AttestationWishes = {};
  for (const [name, text] of attributes) {
    const fields = new Fields(name, text);
    // What buildx's `--attest type=…` said comes too.
    fields.text('type');
    const disabled = fields.flag('disabled');
    if (name === 'attest:provenance') {
      const provenance = provenanceOf(fields);
      if (!disabled) wishes = { ...wishes, provenance };
    } else if (name === 'attest:sbom') {
      const sbom = sbomOf(fields);
      if (!disabled) wishes = { ...wishes, sbom };
    } else throw new BuildOptionNotBuiltError(`the attestation '${name.replace(/^attest:/, '')}'`);
    fields.end();
  }
  return wishes;
}

function provenanceOf(fields: Fields): ProvenanceWish {
  return {
    mode: fields.choice('mode', ['min', 'max'], 'min'),
    version: fields.choice('version', ['v0.2', 'v1'], 'v0.2'),
    builderId: fields.text('builder-id') ?? '',
    reproducible: fields.flag('reproducible'),
    inlineOnly: fields.flag('inline-only'),
  };
}

function sbomOf(fields: Fields): SbomWish {
  const generator = fields.text('generator') ?? '';
  if (generator !== '') throw new BuildOptionNotBuiltError(`an SBOM by a generator image (${generator})`);
  return { inlineOnly: fields.flag('inline-only') };
}

/** The pairs of one attestation, each to be asked for by its key. */
class Fields {
  readonly #name: string;
  readonly #left: Map<string, string>;

  constructor(name: string, text: string) {
    this.#name = name;
    const pairs = text.split(',').filter((pair) => pair !== '' && pair !== 'true');
    this.#left = new Map(
      pairs.map((pair) => {
        const at = pair.indexOf('=');
        return at < 0 ? [pair, 'true'] : [pair.slice(0, at), pair.slice(at + 1)];
      }),
    );
  }

  text(key: string): string | undefined {
    const value = this.#left.get(key);
    this.#left.delete(key);
    return value;
  }

  flag(key: string): boolean {
    const value = this.text(key) ?? 'false';
    if (value === 'true' || value === '1') return true;
    if (value === 'false' || value === '0') return false;
    throw new InvalidBuildError(`invalid value ${JSON.stringify(value)} of '${key}' in ${this.#name}`);
  }

  choice<T extends string>(key: string, choices: readonly T[], usual: T): T {
    const value = this.text(key) ?? usual;
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    throw new InvalidBuildError(
      `invalid value ${JSON.stringify(value)} of '${key}' in ${this.#name}: it is one of ${choices.join(', ')}`,
    );
  }

  end(): void {
    const [key] = this.#left.keys();
    if (key !== undefined) throw new BuildOptionNotBuiltError(`'${key}' in ${this.#name}`);
  }
}
