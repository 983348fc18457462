import { realpathSync, statSync } from 'node:fs';
import { familiarString, parseReferenceWithTag } from '@gantry/oci';
import { CommandError } from '../errors.ts';
import { isRemoteContext } from './build-inputs.ts';
import type { ContentStore } from './session/content-service.ts';
import { LocalDirectory } from './session/local-directory.ts';
import { openLayout } from './session/oci-layout.ts';
import type { SentTree } from './session/sent-tree.ts';

export interface NamedContexts {
  readonly trees: Map<string, SentTree>;
  readonly attributes: Map<string, string>;
  /** By the names that the attributes call them. */
  readonly stores: Map<string, ContentStore>;
}

/**
 * `--build-context NAME=VALUE`: a directory, an address, `docker-image://`, `target:` or `oci-layout://PATH[:TAG][@DIGEST]`. Throws
 * `CommandError`.
 */
export function readNamedContexts(given: readonly string[]): NamedContexts {
  const contexts: NamedContexts = { trees: new Map(), attributes: new Map(), stores: new Map() };
  for (const text of given) {
    const equals = text.indexOf('=');
    if (equals < 1) throw new CommandError(1, `ERROR: invalid context value: ${text}, expected key=value`);
    addContext(contexts, contextName(text.slice(0, equals)), text.slice(equals + 1));
  }
  return contexts;
}

function addContext({ trees, attributes, stores }: NamedContexts, name: string, value: string): void {
  if (isRemoteContext(value) || /^(?:docker-image:\/\/|target:)/.test(value)) {
    attributes.set(`context:${name}`, value);
    return;
  }
  if (value.startsWith('oci-layout://')) {
    const { store, tag, digest } = openLayout(value.slice('oci-layout://'.length));
    const storeName = `layout-${stores.size}`;
    stores.set(`oci:${storeName}`, store);
    attributes.set(`context:${name}`, `oci-layout://${storeName}:${tag}@${digest}`);
    return;
  }
  const stat = statSync(value, { throwIfNoEntry: false });
  if (stat === undefined)
    throw new CommandError(
      1,
      `ERROR: failed to get build context ${name}: stat ${value}: no such file or directory`,
    );
  if (!stat.isDirectory())
    throw new CommandError(1, `ERROR: failed to get build context path ${value}: not a directory`);
  const local = name === 'context' || name === 'dockerfile' ? `_${name}` : name;
  trees.set(local, new LocalDirectory(realpathSync(value)));
  attributes.set(`context:${name}`, `local:${local}`);
}

/** As an image's name, of which `latest` is left out. */
function contextName(text: string): string {
  return familiarString(parseReferenceWithTag(text)).replace(/:latest$/, '');
}
