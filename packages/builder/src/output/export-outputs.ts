import type { ComposedImage, ImageFormat } from '@gantry/images';
import type { Digest } from '@gantry/oci';
import type { BuildRequest } from '../build-request.ts';
import type { BuilderEnvironment } from '../builder-environment.ts';
import { InvalidBuildError } from '../errors.ts';
import { builderArguments, isOn } from '../plan/builder-arguments.ts';
import type { Keep } from '../steps/layers.ts';
import type { NamedAttestation } from './attest/attest.ts';
import {
  type ArchiveOutput,
  type BuildOutput,
  type ImageOutput,
  makesImage,
  type OutputForm,
} from './build-output.ts';
import { exportArchive } from './export-archive.ts';
import { exportFiles } from './export-files.ts';
import { exportImage } from './export-image.ts';
import { type PlatformResult, platformImage } from './platform-image.ts';
import { sourceDateEpoch } from './source-date-epoch.ts';

/** What all outputs of one build share. */
export interface Export {
  readonly environment: BuilderEnvironment;
  readonly request: BuildRequest;
  /** In the order that they were asked for. */
  readonly results: readonly PlatformResult[];
  readonly attestations: PlatformAttestations;
  /** Records of the steps of a result, for the config of its image; undefined when no image shall have them. */
  readonly inlineCache: ((result: PlatformResult) => string) | undefined;
  readonly keep: Keep;
  readonly signal: AbortSignal;
  /** A line for people. */
  readonly tell: (line: string) => void;
}

/** What is said of each platform's result, made when it is first asked for. */
export type PlatformAttestations = (result: PlatformResult) => Promise<readonly NamedAttestation[]>;

/** What an output tells, by the names of BuildKit's `ExporterResponse`. */
export type OutputMetadata = Readonly<Record<string, string>>;

export interface ExportedOutputs {
  /** Of the first output that is an image of this host. */
  readonly id: Digest | undefined;
  readonly metadata: OutputMetadata;
}

/**
 * Brings the result of a build to where it shall go, one output after the other; images of this host last, so that none is there
 * when another output fails. Throws `InvalidBuildError`, and what storing, sending and the client throw.
 */
export async function exportOutputs(outputs: readonly BuildOutput[], work: Export): Promise<ExportedOutputs> {
  refuseImpossible(outputs, work);
  let id: Digest | undefined;
  let metadata: OutputMetadata = {};
  const ordered = outputs.toSorted((a, b) => Number(a.type === 'image') - Number(b.type === 'image'));
  for (const output of ordered) {
    work.signal.throwIfAborted();
    if (!makesImage(output)) {
      if (output.type !== 'cacheonly') await exportFiles(work, output);
      continue;
    }
    const image = await compose(work, output);
    const told = output.type === 'image' ? await exportImage(work, output, image) : undefined;
    if (output.type !== 'image') await exportArchive(work, output, image);
    id ??= told?.id;
    metadata = { ...metadata, ...imageMetadata(image), ...nameMetadata(told?.names ?? output.names) };
  }
  return { id, metadata };
}

function refuseImpossible(outputs: readonly BuildOutput[], { results, request: { client } }: Export): void {
  for (const output of outputs) {
    if (output.type === 'docker' && results.length > 1)
      throw new InvalidBuildError('docker exporter does not currently support exporting manifest lists');
    const wanted = takenBy(output);
    if (wanted !== undefined && client?.[wanted] === undefined)
      throw new InvalidBuildError(`an output of type ${output.type} needs a client that takes it`);
  }
}

function takenBy(output: BuildOutput): 'receiveArchive' | 'receiveDirectory' | 'content' | undefined {
  if (output.type === 'local') return 'receiveDirectory';
  if (output.type === 'tar') return 'receiveArchive';
  if (output.type === 'oci' || output.type === 'docker') return output.tar ? 'receiveArchive' : 'content';
  return undefined;
}

async function compose(work: Export, output: ImageOutput | ArchiveOutput): Promise<ComposedImage> {
  const { environment, request, results, keep, signal } = work;
  const { form } = output;
  const latestTime = form.sourceDateEpoch ?? sourceDateEpoch(request.buildArguments);
  if (form.rewriteTimestamp && latestTime === undefined)
    throw new InvalidBuildError("'rewrite-timestamp' needs SOURCE_DATE_EPOCH");
  const platforms = await Promise.all(
    results.map(async (result) =>
      platformImage(result, {
        labels: request.labels,
        latestTime,
        // A docker archive has no place for them.
        attestations: output.type === 'docker' ? [] : await work.attestations(result),
        inlineCache: work.inlineCache?.(result),
      }),
    ),
  );
  const format = formatOf(output, form, form.rewriteTimestamp ? latestTime : undefined);
  const index = request.multiPlatform || isOn(request.buildArguments, builderArguments.multiPlatform);
  return await environment.ports.composer.compose(
    { platforms, format, names: output.names, index, signal },
    keep,
  );
}

/** An image that stays here is not packed: that would take longer than most builds. */
function formatOf(
  { type, ...output }: ImageOutput | ArchiveOutput,
  form: OutputForm,
  latestFileTime: number | undefined,
): ImageFormat {
  const leaves = type !== 'image' || ('push' in output && output.push);
  return {
    family: form.family ?? (type === 'docker' ? 'docker' : 'oci'),
    packing: form.packing ?? (leaves ? 'gzip' : 'none'),
    ...(form.level !== undefined && { level: form.level }),
    force: form.forcePacking,
    annotations: form.annotations,
    ...(latestFileTime !== undefined && { latestFileTime }),
    artifacts: form.artifacts,
  };
}

function imageMetadata({ target, manifests }: ComposedImage): OutputMetadata {
  const [only, more] = manifests;
  return {
    'containerimage.digest': target.digest,
    'containerimage.descriptor': Buffer.from(JSON.stringify(target)).toString('base64'),
    ...(only !== undefined && more === undefined && { 'containerimage.config.digest': only.config }),
  };
}

function nameMetadata(names: readonly string[]): OutputMetadata {
  return names.length === 0 ? {} : { 'image.name': names.join(',') };
}
