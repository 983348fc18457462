import type { Clock, Logger } from '@gantry/base';
import { withNetworkNamespace } from '@gantry/kernel';
import { ResolverNotOpenedError } from '../errors.ts';
import { ContainerResolver } from './container-resolver.ts';
import type { NameSource } from './name-source.ts';
import { stopRedirecting } from './redirect.ts';
import type { UpstreamServer } from './upstream/upstream-server.ts';

/** The resolvers of all containers that ask the engine for names. */
export interface ResolverHost {
  /**
   * Answers what is asked of 127.0.0.11:53 inside the namespace, by UDP and TCP, from when it resolves. Idempotent: for a
   * container that has a resolver in this namespace it changes what it answers by, and no question is lost. After a
   * restart of the engine it takes over from the resolver of before. Throws `ResolverNotOpenedError`.
   */
  open(sandbox: ResolverSandbox): Promise<void>;
  /** Closes every socket in the namespace before it returns, so that it can go. Idempotent. */
  close(containerId: string): void;
  /** As `close`, of a container that goes on without: the rules go too, those of an earlier engine as well. Throws a `KernelError`. */
  withdraw(containerId: string, namespacePath: string): void;
}

export interface ResolverSandbox {
  containerId: string;
  /** Path of the pinned network namespace, whose loopback is up. */
  namespacePath: string;
  /** Who is asked for what is no name of ours, in this order; three at most. */
  upstream: readonly UpstreamServer[];
  /** False for a container with internal networks alone: nothing of it leaves through the host. */
  forwards: boolean;
  /** True when its resolv.conf has a dots threshold of its own (`ndots`): names of one label are not asked outside then, so that
   * the client goes on with its search domains. */
  keepsSingleLabels: boolean;
  names: NameSource;
}

/** Resolvers that live in this process. Disposing closes them all; the rules in the namespaces stay for the next engine. */
export function openResolverHost({
  clock,
  logger,
}: {
  clock: Clock;
  logger: Logger;
}): ResolverHost & Disposable {
  const resolvers = new Map<string, ContainerResolver>();
  const close = (containerId: string): void => {
    resolvers.get(containerId)?.[Symbol.dispose]();
    resolvers.delete(containerId);
  };
  return {
    open: async (sandbox) => {
      const { containerId, namespacePath } = sandbox;
      let resolver = resolvers.get(containerId);
      if (resolver?.namespacePath !== namespacePath) {
        close(containerId);
        try {
          resolver = new ContainerResolver(namespacePath, {
            clock,
            logger: logger.child({ component: 'dns', containerId }),
          });
        } catch (error) {
          throw new ResolverNotOpenedError(containerId, error);
        }
        resolvers.set(containerId, resolver);
      }
      resolver.use(sandbox);
      await resolver.listening;
    },
    close,
    withdraw: (containerId, namespacePath) => {
      close(containerId);
      withNetworkNamespace(namespacePath, stopRedirecting);
    },
    [Symbol.dispose]: () => {
      for (const containerId of resolvers.keys()) close(containerId);
    },
  };
}
