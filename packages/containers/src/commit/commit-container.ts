import type { CommitOptions } from '@gantry/api-types';
import { faultPoint } from '@gantry/base';
import { canonicalString, type Digest, familiarString, parseReference, withDefaultTag } from '@gantry/oci';
import type { Container } from '../container.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { publishContainerEvent } from '../events/container-events.ts';
import { startStubs } from '../files/container-changes.ts';
import { useFileSystem } from '../files/use-file-system.ts';
import { commitConfig } from './commit-config.ts';
import { freezeForCommit } from './freeze-for-commit.ts';

/**
 * Makes an image of a container's image and what it changed in its files; volumes and other mounts are left out. Resolves with
 * its id once it is durable. Commits of one container wait for each other. Throws `InvalidChangeError` and
 * `InvalidReferenceError` before anything is done, `ContainerStateError` while it is being removed.
 */
export async function commitContainer(
  environment: ContainerEnvironment,
  container: Container,
  options: CommitOptions,
): Promise<Digest> {
  const { record } = container;
  const { reference, author, comment, changes } = options;
  const config = commitConfig(record.config, options.config, changes);
  const named = reference === undefined ? undefined : withDefaultTag(parseReference(reference));
  const id = await container.commits.run(async () => {
    using use = await useFileSystem(environment, container);
    const signals = options.signal === undefined ? [use.signal] : [use.signal, options.signal];
    return await environment.ports.images.commit(packChanges(environment, container, options.pause), {
      parent: record.image,
      platform: record.image.platform,
      config,
      createdBy: [...(record.config.Entrypoint ?? []), ...(record.config.Cmd ?? [])].join(' '),
      author,
      comment,
      ...(named === undefined ? {} : { reference: canonicalString(named) }),
      signal: AbortSignal.any(signals),
    });
  });
  const imageRef = named === undefined ? {} : { imageRef: familiarString(named) };
  publishContainerEvent(environment.events, container, 'commit', { comment, imageID: id, ...imageRef });
  return id;
}

/** The container is frozen no longer than its files are read. */
async function* packChanges(
  environment: ContainerEnvironment,
  container: Container,
  pause: boolean,
): AsyncGenerator<Uint8Array> {
  await using _frozen = pause ? await freezeForCommit(environment, container) : undefined;
  yield* environment.ports.snapshots.packChanges(container.id, { stubs: startStubs });
  faultPoint('commit/packed');
}
