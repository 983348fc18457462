import { mkdirSync } from 'node:fs';
import { familiarString, parseReference } from '@gantry/oci';
import { CommandError } from '../errors.ts';
import type { OutputOption } from './options/outputs.ts';
import { ContentStore } from './session/content-service.ts';
import type { Receiver } from './session/file-services.ts';

export interface ExporterRequest {
  readonly type: string;
  readonly attrs: ReadonlyMap<string, string>;
}

/** What the engine's own image store is called in BuildKit's protocol. */
const engineStore = 'moby';

/**
 * The exporters that a build asks for, images with the names of `--tag`; the engine keeps the image when no output is named. Throws
 * `CommandError` for a push without a name.
 */
export function exportersOf(outputs: readonly OutputOption[], tags: readonly string[]): ExporterRequest[] {
  const names = tags.map((tag) => familiarString(parseReference(tag))).join(',');
  const wanted = outputs.length > 0 ? outputs : [{ type: 'image', attributes: new Map<string, string>() }];
  return kept(wanted).map(({ type, attributes, destination }) => {
    const isImage = type === 'image' || type === 'oci' || type === 'docker';
    const attrs = new Map(attributes);
    if (isImage && names !== '') attrs.set('name', names);
    if (attrs.get('push') === 'true' && !attrs.get('name')) {
      throw new CommandError(1, 'ERROR: tag is needed when pushing to registry');
    }
    const isInEngine = type === 'image' || (type === 'docker' && destination === undefined);
    return { type: isInEngine ? engineStore : type, attrs };
  });
}

/** Where the outputs come to on this side, by the number of their exporter; an OCI layout is a store, which is put into `stores`. */
export function receiversOf(
  outputs: readonly OutputOption[],
  stores: Map<string, ContentStore>,
): Map<number, Receiver> {
  const receivers = new Map<number, Receiver>();
  for (const [number, { destination }] of kept(outputs).entries()) {
    if (destination?.kind === 'layout') {
      mkdirSync(destination.path, { recursive: true });
      stores.set('export', new ContentStore(destination.path));
    } else if (destination !== undefined) receivers.set(number, destination);
  }
  return receivers;
}

/** `cacheonly` says that nothing is made. */
function kept(outputs: readonly OutputOption[]): OutputOption[] {
  return outputs.filter(({ type }) => type !== 'cacheonly');
}
