import type { Nft, NftObject } from './nft.ts';

/** A chain of somebody else that ends in dropping or rejecting what it did not accept. */
export interface BlockingChain {
  family: string;
  table: string;
  /** The chain to put an accept into. */
  chain: string;
}

interface ChainObject {
  family: string;
  table: string;
  name: string;
  hook?: string;
  policy?: string;
}

interface RuleObject {
  family: string;
  table: string;
  chain: string;
  handle: number;
  comment?: string;
  expr: readonly Readonly<Record<string, unknown>>[];
}

/**
 * Chains at the forward hook, outside `ownTable`, whose policy is drop or whose last rule drops or rejects everything
 * (docker, ufw, podman, firewalld). An accept of ours does not outweigh them: each chain at a hook must agree. Where
 * Docker keeps its `DOCKER-USER` chain for such rules, that is the place.
 */
export async function findBlockingChains(nft: Nft, ownTable: string): Promise<BlockingChain[]> {
  const chains = await foreignChains(nft, ownTable);
  const blocking: BlockingChain[] = [];
  for (const { family, table, name, hook, policy } of chains) {
    if (hook !== 'forward') continue;
    if (policy !== 'drop' && !endsInRefusal(await rulesOf(nft, { family, table, chain: name }))) continue;
    const user = chains.find(
      (other) => other.family === family && other.table === table && other.name === 'DOCKER-USER',
    );
    blocking.push({ family, table, chain: user?.name ?? name });
  }
  return blocking;
}

/** Puts accepts for each bridge, marked with its name, at the head of the chain, unless they are there already. Returns those that got them. */
export async function acceptInChain(
  nft: Nft,
  bridges: readonly string[],
  chain: BlockingChain,
): Promise<readonly string[]> {
  const rules = await rulesOf(nft, chain);
  const missing = bridges.filter((bridge) => marked(rules, bridge).length < sides.length);
  const script = missing.flatMap((bridge) => [
    ...deletions(rules, bridge, chain),
    ...sides.map(
      (side) => `insert rule ${placeOf(chain)} ${side} "${bridge}" accept comment "${markOf(bridge)}"`,
    ),
  ]);
  if (script.length > 0) await nft.apply(`${script.join('\n')}\n`);
  return missing;
}

/** Takes every marked rule of the bridges away, wherever it is outside `ownTable`. */
export async function withdrawFromChains(
  nft: Nft,
  bridges: readonly string[],
  ownTable: string,
): Promise<void> {
  for (const { family, table, name, hook } of await foreignChains(nft, ownTable)) {
    if (hook !== 'forward' && name !== 'DOCKER-USER') continue;
    const chain = { family, table, chain: name };
    const rules = await rulesOf(nft, chain);
    const script = bridges.flatMap((bridge) => deletions(rules, bridge, chain));
    if (script.length > 0) await nft.apply(`${script.join('\n')}\n`);
  }
}

const sides = ['iifname', 'oifname'];

/** A name that nft's grammar could read as something else is left alone. */
async function foreignChains(nft: Nft, ownTable: string): Promise<ChainObject[]> {
  const plainName = /^[A-Za-z_][\w./-]*$/;
  return objectsOf<ChainObject>(await nft.list('chains'), 'chain').filter(
    ({ family, table, name }) =>
      ['ip', 'ip6', 'inet'].includes(family) &&
      table !== ownTable &&
      plainName.test(table) &&
      plainName.test(name),
  );
}

function marked(rules: readonly RuleObject[], bridge: string): RuleObject[] {
  return rules.filter((rule) => rule.comment === markOf(bridge));
}

function deletions(rules: readonly RuleObject[], bridge: string, chain: BlockingChain): string[] {
  return marked(rules, bridge).map((rule) => `delete rule ${placeOf(chain)} handle ${rule.handle}`);
}

async function rulesOf(nft: Nft, { family, table, chain }: BlockingChain): Promise<RuleObject[]> {
  return objectsOf<RuleObject>(await nft.list('chain', family, table, chain), 'rule');
}

function endsInRefusal(rules: readonly RuleObject[]): boolean {
  const last = rules
    .at(-1)
    ?.expr.filter((expression) => !('counter' in expression) && !('log' in expression));
  const [only, ...others] = last ?? [];
  return only !== undefined && others.length === 0 && ('drop' in only || 'reject' in only);
}

/** The comment of every rule that is put among other people's for `bridge`. */
export function markOf(bridge: string): string {
  return `gantry: ${bridge}`;
}

function placeOf({ family, table, chain }: BlockingChain): string {
  return `${family} ${table} ${chain}`;
}

function objectsOf<T>(objects: readonly NftObject[], kind: string): T[] {
  return objects.flatMap((object) => (object[kind] === undefined ? [] : [object[kind] as T]));
}
