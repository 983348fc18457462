import type { HostConfig } from '@gantry/api-types';
import type { Container } from '../container.ts';
import { InvalidOptionError, LinkError } from '../errors.ts';
import type { ContainerRegistry } from '../state/container-registry.ts';
import type { NetworkChoice } from './choose-networks.ts';
import { isUserDefined } from './network-names.ts';

export interface Link {
  /** The other container's name or id. */
  name: string;
  alias: string;
}

/** Reads `name[:alias]`; without one the alias is the name. Throws `InvalidOptionError` with Docker's words. */
export function parseLink(text: string): Link {
  if (text === '') throw new InvalidOptionError('empty string specified for links');
  const [name = '', alias = name, more] = text.split(':');
  if (more !== undefined) throw new InvalidOptionError(`bad format for links: ${text}`);
  // `/web:/web/db`, as inspect shows a link, is taken back.
  return { name: name.replace(/^\//, ''), alias: alias.slice(alias.lastIndexOf('/') + 1) };
}

/**
 * The links of a container that is made, on the default bridge: ids by alias. On a network that users made they are the
 * endpoint's. Throws `InvalidOptionError` for a container that is not there, or has the host's network.
 */
export function legacyLinks(
  host: HostConfig,
  choice: NetworkChoice,
  registry: ContainerRegistry,
): Record<string, string> {
  if (isUserDefined(choice.shownMode)) return {};
  const links: Record<string, string> = {};
  for (const { name, alias } of (host.Links ?? []).map(parseLink)) {
    const child = linkedContainer(registry, name);
    if (links[alias] !== undefined && links[alias] !== child.id) {
      throw new InvalidOptionError(`conflicting options: two links have the alias ${alias}`, {
        option: 'HostConfig.Links',
      });
    }
    links[alias] = child.id;
  }
  return links;
}

/** The containers that a container is linked to and that still exist, by alias. */
export function linkedContainers(
  { record }: Pick<Container, 'record'>,
  registry: Pick<ContainerRegistry, 'get'>,
): { alias: string; child: Container }[] {
  return Object.entries(record.network.links ?? {}).flatMap(([alias, id]) => {
    const child = registry.get(id);
    return child === undefined ? [] : [{ alias, child }];
  });
}

/** `HostConfig.Links` as `inspect` shows it. */
export function shownLinks(container: Container, registry: ContainerRegistry): string[] | null {
  const links = linkedContainers(container, registry);
  return links.length === 0
    ? null
    : links.map(({ alias, child }) => `/${child.name}:/${container.name}/${alias}`);
}

/** Throws `LinkError` for a linked container that does not run, or is not on the default bridge. */
export function checkLinks(container: Container, registry: ContainerRegistry): void {
  for (const { alias, child } of linkedContainers(container, registry)) {
    if (child.run === undefined) {
      throw new LinkError(
        `Cannot link to a non running container: /${child.name} AS /${container.name}/${alias}`,
      );
    }
    if (child.record.network.endpoints['bridge'] === undefined) {
      throw new LinkError(`Cannot link to /${child.name}, as it does not belong to the default network`);
    }
  }
}

/** A container in another's namespace stands for that one. */
function linkedContainer(registry: ContainerRegistry, name: string): Container {
  const seen = new Set<Container>();
  let ref = name;
  for (;;) {
    const child = registry.tryFind(ref);
    if (child === undefined || seen.has(child)) {
      throw new InvalidOptionError(`could not get container for ${ref}: No such container: ${ref}`, {
        option: 'HostConfig.Links',
      });
    }
    const { mode, peer } = child.record.network;
    if (mode === 'host') {
      throw new InvalidOptionError(
        "conflicting options: host type networking can't be used with links. This would result in undefined behavior",
      );
    }
    if (mode === 'own' || peer === undefined) return child;
    seen.add(child);
    ref = peer;
  }
}
