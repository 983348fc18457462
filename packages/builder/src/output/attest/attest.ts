import type { Attestation } from '@gantry/images';
import { formatPlatform } from '@gantry/oci';
import type { BuilderEnvironment } from '../../builder-environment.ts';
import { mountLayers } from '../../steps/layered-tree.ts';
import type { PlatformResult } from '../platform-image.ts';
import type { AttestationWishes } from './attestation-wishes.ts';
import { type BuildFacts, provenance } from './provenance.ts';
import { findPackages } from './sbom/find-packages.ts';
import { spdxDocument } from './sbom/spdx.ts';

/** An attestation, and the file that has it where an output is files. */
export interface NamedAttestation extends Attestation {
  readonly file: string;
  /** It belongs into images alone. */
  readonly inlineOnly: boolean;
}

/** Says of one platform's result what was asked for. Throws what mounting throws. */
export async function attest(
  environment: BuilderEnvironment,
  { platform, state }: PlatformResult,
  { wishes, facts }: { wishes: AttestationWishes; facts: Omit<BuildFacts, 'platform'> },
): Promise<readonly NamedAttestation[]> {
  const made: NamedAttestation[] = [];
  if (wishes.provenance !== undefined) {
    const { inlineOnly } = wishes.provenance;
    const said = provenance(wishes.provenance, { ...facts, platform });
    made.push({ ...said, file: 'provenance.json', inlineOnly });
  }
  if (wishes.sbom !== undefined) {
    await using mounted = await mountLayers(environment, state.layerIds);
    using tree = mounted.open();
    const found = await findPackages({ root: mounted.root, tree }, facts.request.signal);
    const createdAt = new Date(state.createdAt);
    const said = spdxDocument({ name: `image for ${formatPlatform(platform)}`, createdAt, found });
    made.push({ ...said, file: 'sbom.spdx.json', inlineOnly: wishes.sbom.inlineOnly });
  }
  return made;
}
