import type { Container } from '../container.ts';
import { parseVolumesFrom } from '../create/volumes-from.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { peersOf } from '../lifecycle/joined-namespaces.ts';
import { linkedContainers } from '../networks/links.ts';

/**
 * What each of `containers` waits for among them: those whose namespaces it joins, whose volumes it has and that it is linked
 * to. Never a circle: of containers that want each other one goes first, and says by its own failure what it lacks.
 */
export function startOrder(
  environment: Pick<ContainerEnvironment, 'registry'>,
  containers: ReadonlySet<Container>,
): ReadonlyMap<Container, readonly Container[]> {
  const order = new Map<Container, Container[]>();
  for (const container of containers) {
    const wanted = neighboursOf(environment, container).filter((other) => containers.has(other));
    const sound = new Set(
      wanted.filter((other) => other !== container && !waitsFor(order, other, container)),
    );
    order.set(container, [...sound]);
  }
  return order;
}

function neighboursOf(
  environment: Pick<ContainerEnvironment, 'registry'>,
  container: Container,
): Container[] {
  const { registry } = environment;
  const { VolumesFrom: volumesFrom } = container.record.hostConfig;
  const donors = (volumesFrom ?? []).flatMap((text) => registry.tryFind(parseVolumesFrom(text).ref) ?? []);
  const linked = linkedContainers(container, registry).map(({ child }) => child);
  return [...peersOf(environment, container), ...donors, ...linked];
}

/** Whether `container` waits for `target`, by way of others too. */
function waitsFor(
  order: ReadonlyMap<Container, readonly Container[]>,
  container: Container,
  target: Container,
): boolean {
  const seen = new Set<Container>();
  const left = [container];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (next === target) return true;
    if (seen.has(next)) continue;
    seen.add(next);
    left.push(...(order.get(next) ?? []));
  }
  return false;
}
