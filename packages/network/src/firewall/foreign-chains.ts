import {
  type AcceptRule,
  changeRules,
  type ListedChain,
  type ListedRule,
  listChains,
  listRules,
  type NetlinkSocket,
  type NftChain,
} from '@gantry/kernel';

/**
 * Chains of somebody else at the forward hook, outside `ownTable`, that end in dropping or rejecting what they did not
 * accept: their policy is drop, or their last rule drops or rejects everything (docker, ufw, podman, firewalld). An accept
 * of ours does not outweigh them: each chain at a hook must agree. Where Docker keeps its `DOCKER-USER` chain for such
 * rules, that is the place. `socket` is a netfilter socket.
 */
export function findBlockingChains(socket: NetlinkSocket, ownTable: string): NftChain[] {
  const chains = foreignChains(socket, ownTable);
  return chains.filter((chain) => blocks(socket, chain)).map((chain) => placeFor(chain, chains));
}

/** Puts accepts for each bridge, marked with its name, at the head of the chain, unless they are there already. Returns those that got them. */
export function acceptInChain(
  socket: NetlinkSocket,
  bridges: readonly string[],
  chain: NftChain,
): readonly string[] {
  const rules = listRules(socket, chain);
  const missing = bridges.filter((bridge) => marked(rules, bridge).length < sides.length);
  if (missing.length === 0) return missing;
  changeRules(socket, chain, {
    removed: missing.flatMap((bridge) => marked(rules, bridge)),
    inserted: missing.flatMap((interfaceName) =>
      sides.map((side) => ({ side, interfaceName, comment: markOf(interfaceName) })),
    ),
  });
  return missing;
}

/** Takes every marked rule of the bridges away, wherever it is outside `ownTable`. */
export function withdrawFromChains(
  socket: NetlinkSocket,
  bridges: readonly string[],
  ownTable: string,
): void {
  for (const chain of foreignChains(socket, ownTable)) {
    if (!chain.forwards && chain.name !== dockersPlace) continue;
    const rules = listRules(socket, chain);
    const removed = bridges.flatMap((bridge) => marked(rules, bridge));
    if (removed.length > 0) changeRules(socket, chain, { removed });
  }
}

/** The comment of every rule that is put among other people's for `bridge`. */
export function markOf(bridge: string): string {
  return `gantry: ${bridge}`;
}

const dockersPlace = 'DOCKER-USER';
const sides: readonly AcceptRule['side'][] = ['iifname', 'oifname'];

function foreignChains(socket: NetlinkSocket, ownTable: string): ListedChain[] {
  return listChains(socket).filter(({ table }) => table !== ownTable);
}

function blocks(socket: NetlinkSocket, chain: ListedChain): boolean {
  return chain.forwards && (chain.drops || listRules(socket, chain).at(-1)?.refusesAll === true);
}

function placeFor(chain: NftChain, chains: readonly NftChain[]): NftChain {
  const { family, table } = chain;
  const user = chains.find(
    (other) => other.family === family && other.table === table && other.name === dockersPlace,
  );
  return user ?? chain;
}

function marked(rules: readonly ListedRule[], bridge: string): bigint[] {
  return rules.filter(({ comment }) => comment === markOf(bridge)).map(({ handle }) => handle);
}
