import { errorKind } from '@gantry/base';
import { BuildOptionNotBuiltError, type BuildService, InvalidBuildError } from '@gantry/builder';
import type { Draft, gateway, ops } from '@gantry/buildkit';
import { canonicalString, hostPlatform, type Platform, parseReference, withDefaultTag } from '@gantry/oci';
import type { BuildJob } from './build-job.ts';
import { type FrontendOptions, pullerOf } from './plan-frontend.ts';
import { sessionClient } from './session-client.ts';

export interface BridgeSourcesOptions extends Pick<FrontendOptions, 'images'> {
  builds: Pick<BuildService, 'image'>;
}

type Wanted = Pick<gateway.ResolveImageConfigRequest, 'platform' | 'resolveMode'>;

/** What clients that drive a build by themselves ask about images. */
export class BridgeSources {
  readonly #options: BridgeSourcesOptions;

  constructor(options: BridgeSourcesOptions) {
    this.#options = options;
  }

  /** The digest and the config of an image, which is pulled when it is not here, or `resolveMode` says so. */
  async config(
    job: BuildJob,
    reference: string,
    { platform: given, resolveMode }: Wanted,
  ): Promise<{ digest: string; config: Uint8Array; ref: string }> {
    const platform = platformOf(given);
    const client = job.session && sessionClient(job.session);
    const pull = pullerOf(this.#options.images, client, job.signal);
    const ref = canonicalString(withDefaultTag(parseReference(reference)));
    if (resolveMode === 'pull') await pull(ref, platform);
    const find = () => this.#options.builds.image(ref, platform, job.signal);
    const image = await find().catch(async (error: unknown) => {
      if (errorKind(error) !== 'not-found' || resolveMode === 'pull') throw error;
      await pull(ref, platform);
      return await find();
    });
    return { digest: image.id, config: Buffer.from(JSON.stringify(image.config)), ref };
  }

  /** Of images alone. Throws `BuildOptionNotBuiltError` for other sources. */
  async meta(
    job: BuildJob,
    { source, ...wanted }: gateway.ResolveSourceMetaRequest,
  ): Promise<Draft<gateway.ResolveSourceMetaResponse>> {
    const { identifier = '', attrs = new Map<string, string>() } = source ?? {};
    const [, scheme = '', reference = ''] = /^([a-z-]+):\/\/(.*)$/.exec(identifier) ?? [];
    if (reference === '') throw new InvalidBuildError(`${JSON.stringify(identifier)} is no source`);
    if (scheme !== 'docker-image')
      throw new BuildOptionNotBuiltError(`a question about a source by ${scheme}://`);
    const { digest, config, ref } = await this.config(job, reference, wanted);
    const named = ref.includes('@') ? ref : `${ref}@${digest}`;
    return { source: { identifier: `docker-image://${named}`, attrs }, image: { digest, config } };
  }
}

function platformOf(given: ops.Platform | undefined): Platform {
  if (given === undefined || given.os === '') return hostPlatform();
  const { os, architecture, variant } = given;
  return { os, architecture, ...(variant !== '' && { variant }) };
}
