import type { Attestation } from '@gantry/images';
import { formatPlatform, hostPlatform, type Platform } from '@gantry/oci';
import type { BuildRequest } from '../../build-request.ts';
import type { ProvenanceWish } from './attestation-wishes.ts';
import type { Material } from './materials.ts';

/** What happened in a build, as far as provenance says it. */
export interface BuildFacts {
  readonly id: string;
  readonly request: BuildRequest;
  readonly platform: Platform;
  readonly materials: readonly Material[];
  readonly dockerfile: Uint8Array;
  readonly startedAt: Date;
  readonly finishedAt: Date;
}

/**
 * How the image came to be, as a SLSA predicate in the shape that BuildKit gives it (docs/attestations/slsa-provenance.md), for those
 * who read that.
 */
export function provenance(wish: ProvenanceWish, facts: BuildFacts): Attestation {
  if (wish.version === 'v1')
    return { predicateType: 'https://slsa.dev/provenance/v1', predicate: predicateV1(wish, facts) };
  return { predicateType: 'https://slsa.dev/provenance/v0.2', predicate: predicateV02(wish, facts) };
}

function predicateV02(wish: ProvenanceWish, facts: BuildFacts): object {
  const { id, startedAt, finishedAt, materials } = facts;
  return {
    builder: { id: wish.builderId },
    buildType: 'https://mobyproject.org/buildkit@v1',
    materials,
    invocation: {
      configSource: { entryPoint: entryPoint(facts) },
      parameters: parameters(wish, facts),
      environment: { platform: formatPlatform(hostPlatform()) },
    },
    metadata: {
      buildInvocationID: id,
      buildStartedOn: startedAt.toISOString(),
      buildFinishedOn: finishedAt.toISOString(),
      completeness: { parameters: wish.mode === 'max', environment: true, materials: false },
      reproducible: wish.reproducible,
      'https://mobyproject.org/buildkit@v1#metadata': sourceMetadata(wish, facts),
    },
  };
}

function predicateV1(wish: ProvenanceWish, facts: BuildFacts): object {
  const { id, startedAt, finishedAt, materials } = facts;
  return {
    buildDefinition: {
      buildType: 'https://github.com/moby/buildkit/blob/master/docs/attestations/slsa-definitions.md',
      externalParameters: {
        configSource: { path: entryPoint(facts) },
        request: parameters(wish, facts),
      },
      internalParameters: { builderPlatform: formatPlatform(hostPlatform()) },
      resolvedDependencies: materials,
    },
    runDetails: {
      builder: { id: wish.builderId },
      metadata: {
        invocationID: id,
        startedOn: startedAt.toISOString(),
        finishedOn: finishedAt.toISOString(),
        buildkit_completeness: { request: wish.mode === 'max', resolvedDependencies: false },
        buildkit_reproducible: wish.reproducible,
        buildkit_metadata: sourceMetadata(wish, facts),
      },
    },
  };
}

function entryPoint({ request: { dockerfile } }: BuildFacts): string {
  return dockerfile.path;
}

/** Values that a user gave may be his own business: they are in `max` alone. */
function parameters({ mode }: ProvenanceWish, { request, platform }: BuildFacts): object {
  const { target, noCache, buildArguments, labels, context } = request;
  const given = [
    ...[...buildArguments].map(([name, value]) => [`build-arg:${name}`, value ?? '']),
    ...[...labels].map(([name, value]) => [`label:${name}`, value]),
  ];
  return {
    frontend: 'dockerfile.v0',
    args: {
      ...(target !== '' && { target }),
      ...(noCache && { 'no-cache': '' }),
      platform: formatPlatform(platform),
      ...(mode === 'max' && Object.fromEntries(given)),
    },
    ...(context.kind === 'client' && { locals: [{ name: context.name }] }),
  };
}

function sourceMetadata({ mode }: ProvenanceWish, facts: BuildFacts): object {
  if (mode === 'min') return {};
  const data = Buffer.from(facts.dockerfile).toString('base64');
  return { source: { infos: [{ filename: entryPoint(facts), language: 'Dockerfile', data }] } };
}
