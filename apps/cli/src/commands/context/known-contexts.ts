import { formatAddress } from '@gantry/client';
import {
  type ContextMetadata,
  defaultContext,
  defaultDescription,
  type StoredContext,
} from '../../config/contexts/context.ts';
import { ContextStore } from '../../config/contexts/context-store.ts';
import { currentContext } from '../../config/contexts/current-context.ts';
import { defaultSocket } from '../../config/default-socket.ts';
import { defaultHost } from '../../config/engine-host.ts';
import type { Invocation } from '../../invocation.ts';

/** The contexts that a command can name: the stored ones, and the one that flags and environment make. */
export interface KnownContexts {
  readonly store: ContextStore;
  readonly current: string;
  /** Throws `CommandError` when there is none of that name. */
  readonly read: (name: string) => StoredContext;
}

type Sources = Pick<Invocation, 'globals' | 'environment' | 'config' | 'configDirectory'>;

export function knownContexts({ globals, environment, config, configDirectory }: Sources): KnownContexts {
  const store = new ContextStore(configDirectory);
  return {
    store,
    current: currentContext({ flags: globals, environment, config: config() }),
    read: (name) =>
      name === defaultContext
        ? { metadata: defaultMetadata({ globals, environment }), tls: new Map() }
        : store.read(name),
  };
}

function defaultMetadata({
  globals,
  environment,
}: Pick<Sources, 'globals' | 'environment'>): ContextMetadata {
  const host = defaultHost({ flags: globals, environment });
  const Host = host ?? formatAddress({ kind: 'unix', path: defaultSocket });
  return { Name: defaultContext, Metadata: {}, Endpoints: { docker: { Host, SkipTLSVerify: false } } };
}

/** What copies of the default context are described as. */
export function describedCopy({ metadata, tls }: StoredContext, name: string): StoredContext {
  const { Metadata, Endpoints } = metadata;
  const described = metadata.Name === defaultContext ? { Description: defaultDescription } : Metadata;
  return { metadata: { Name: name, Metadata: described, Endpoints }, tls };
}
