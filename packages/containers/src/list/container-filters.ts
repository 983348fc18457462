import type { Filters } from '@gantry/api-types';
import type { Container } from '../container.ts';
import { exposedPorts } from '../create/options/ports.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { InvalidFilterError } from '../errors.ts';
import { healthStatus } from '../health/show-health.ts';
import type { ContainerRegistry } from '../state/container-registry.ts';
import type { ContainerStatus } from '../state/container-state.ts';
import { matchesLabelFilter, matchesPattern } from './filter-values.ts';

/** True when the container matches one value of a filter. */
type Matcher = (container: Container) => boolean;

export interface ContainerFilter {
  matches(container: Container): boolean;
  /** The filter asks for containers that do not run, so that they are listed without `all`. */
  includesStopped: boolean;
}

const statuses: ReadonlySet<string> = new Set<ContainerStatus>([
  'created',
  'running',
  'paused',
  'restarting',
  'removing',
  'exited',
  'dead',
]);
const healthStates: ReadonlySet<string> = new Set(['none', 'starting', 'healthy', 'unhealthy']);

/** Docker's filters of containers. Throws `InvalidFilterError` for a key or a value that it does not know. */
export function containerFilter(environment: ContainerEnvironment, filters: Filters): ContainerFilter {
  const groups = [...filters].map(([key, values]) => filterGroup(environment, key, values));
  return {
    matches: (container) => groups.every((matches) => matches(container)),
    includesStopped: filters.has('status') || filters.has('exited'),
  };
}

/** Values of a key are alternatives; labels must all match. */
function filterGroup(environment: ContainerEnvironment, key: string, values: readonly string[]): Matcher {
  const matchers = values.map((value) => matcherOf(environment, key, value));
  if (matchers.length === 0) {
    // Checks the key.
    if (key !== 'health' && key !== 'status') matcherOf(environment, key, '0');
    return () => true;
  }
  if (key === 'label') return (container) => matchers.every((matches) => matches(container));
  return (container) => matchers.some((matches) => matches(container));
}

function matcherOf(environment: ContainerEnvironment, key: string, value: string): Matcher {
  switch (key) {
    case 'id':
      return ({ id }) => id.startsWith(value) || matchesPattern(id, value);
    case 'name':
      return ({ name }) => matchesPattern(name, value) || matchesPattern(`/${name}`, value);
    case 'label':
      return ({ record }) => matchesLabelFilter(record.config.Labels ?? {}, value);
    case 'status':
      if (!statuses.has(value)) throw invalidWord(key, 'state', value, statuses);
      return ({ state }) => state.status === value;
    case 'health':
      if (!healthStates.has(value)) throw invalidWord(key, 'health', value, healthStates);
      return (container) => healthStatus(container) === value;
    case 'exited':
      if (!/^-?\d+$/.test(value)) throw invalidNumber(key, value);
      return ({ state }) => state.status === 'exited' && state.last.exitCode === Number(value);
    case 'is-task':
      if (!/^(?:0|1|true|false)$/i.test(value))
        throw new InvalidFilterError(`invalid filter 'is-task=[${value}]'`);
      return () => /^(?:0|false)$/i.test(value);
    case 'isolation':
      return () => value === 'default' || value === '';
    case 'ancestor':
      return ancestorMatcher(value);
    case 'network':
      return networkMatcher(environment, value);
    case 'volume':
      return ({ record }) =>
        record.mounts.some(
          (mount) => mount.destination === value || (mount.type === 'volume' && mount.volumeName === value),
        );
    case 'publish':
    case 'expose':
      return portMatcher(environment, key, value);
    case 'before':
    case 'since':
      return orderMatcher(environment.registry, key, value);
    default:
      throw new InvalidFilterError(`invalid filter '${key}'`);
  }
}

/** By the image's id or a prefix, or by the name that the container was made from. */
function ancestorMatcher(value: string): Matcher {
  const hex = value.replace(/^sha256:/, '');
  const isPrefix = /^[0-9a-f]{4,64}$/.test(hex);
  return ({ record }) => {
    const { id, reference } = record.image;
    if (isPrefix && id.slice('sha256:'.length).startsWith(hex)) return true;
    return canonicalReference(reference) === canonicalReference(value);
  };
}

/** Enough of Docker's normalisation to compare two names as users type them. */
function canonicalReference(reference: string): string {
  const plain = reference.replace(/^docker\.io\//, '').replace(/^library\//, '');
  return /[:@][^/]*$/.test(plain) ? plain : `${plain}:latest`;
}

function networkMatcher({ ports }: ContainerEnvironment, value: string): Matcher {
  const network = ports.network
    .networks()
    .find(({ id, name }) => name === value || id === value || (value.length > 11 && id.startsWith(value)));
  return ({ record }) => record.network.endpoints[network?.name ?? value] !== undefined;
}

/** `80`, `80/udp` or `8000-8010/tcp`: published is a port of the host now, exposed one of the container. */
function portMatcher(
  { ports: { network } }: ContainerEnvironment,
  key: 'publish' | 'expose',
  value: string,
): Matcher {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/.exec(value);
  if (match === null) throw new InvalidFilterError(`invalid port specification: "${value}"`);
  const first = Number(match[1]);
  const last = Number(match[2] ?? match[1]);
  const protocol = match[3] ?? 'tcp';
  return ({ id, record }) => {
    const ports =
      key === 'publish'
        ? (network.attachment(id)?.ports ?? []).map(({ hostPort, protocol }) => ({
            port: hostPort,
            protocol,
          }))
        : exposedPorts(record.config);
    return ports.some((port) => port.protocol === protocol && port.port >= first && port.port <= last);
  };
}

function orderMatcher(registry: ContainerRegistry, key: 'before' | 'since', value: string): Matcher {
  const other = registry.find(value);
  return ({ record }) =>
    key === 'before' ? record.createdAt < other.record.createdAt : record.createdAt > other.record.createdAt;
}

function invalidWord(
  key: string,
  noun: string,
  value: string,
  words: ReadonlySet<string>,
): InvalidFilterError {
  const known = [...words].join(', ');
  return new InvalidFilterError(
    `invalid filter '${key}=${value}': invalid value for ${noun} (${value}): must be one of ${known}`,
  );
}

function invalidNumber(key: string, value: string): InvalidFilterError {
  const reason = `strconv.Atoi: parsing ${JSON.stringify(value)}: invalid syntax`;
  return new InvalidFilterError(`invalid filter '${key}=${value}': ${reason}`);
}
