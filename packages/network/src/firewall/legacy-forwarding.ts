import { existsSync, readFileSync } from 'node:fs';
import { EngineError } from '@gantry/base';
import { markOf } from './foreign-chains.ts';
import { runProgram } from './run-program.ts';

/** iptables of one family with the kernel's older tables, which nft does not see. */
interface LegacyFamily {
  program: string;
  /** The kernel lists here which of those tables are in use in this network namespace. */
  tables: string;
}

const families: readonly LegacyFamily[] = [
  { program: 'iptables-legacy', tables: '/proc/net/ip_tables_names' },
  { program: 'ip6tables-legacy', tables: '/proc/net/ip6_tables_names' },
];

/**
 * The same as for nft chains, for hosts whose rules are in the older tables. Puts accepts for the bridges at the head of
 * `FORWARD` (or `DOCKER-USER`) when that chain drops what it does not accept, unless they are there already. Returns
 * the chains that got some. Throws when iptables-legacy fails or is missing.
 */
export async function acceptLegacyForwarding(bridges: readonly string[]): Promise<string[]> {
  const changed: string[] = [];
  for (const { program, rules } of await legacyRules()) {
    if (!blocksForwarding(rules)) continue;
    const chain = rules.includes('-N DOCKER-USER') ? 'DOCKER-USER' : 'FORWARD';
    const missing = bridges.filter((bridge) => marked(rules, bridge).length < sides.length);
    for (const bridge of missing) {
      await deleteMarked({ program, rules, bridge });
      for (const side of sides) await iptables(program, '--insert', chain, ...acceptOf(side, bridge));
    }
    if (missing.length > 0) changed.push(`${program} filter ${chain}`);
  }
  return changed;
}

/** Takes every marked rule of the bridges away. */
export async function withdrawLegacyForwarding(bridges: readonly string[]): Promise<void> {
  for (const { program, rules } of await legacyRules()) {
    for (const bridge of bridges) await deleteMarked({ program, rules, bridge });
  }
}

/** The rules of each family that has some, as `iptables --list-rules` prints them. */
export async function legacyRules(): Promise<{ program: string; rules: readonly string[] }[]> {
  const found: { program: string; rules: readonly string[] }[] = [];
  for (const { program } of families.filter(isInUse))
    found.push({ program, rules: await listRules(program) });
  return found;
}

/** Whether what `FORWARD` does not accept is dropped. */
export function blocksForwarding(rules: readonly string[]): boolean {
  const last = rules.findLast((rule) => rule.startsWith('-A FORWARD '));
  return rules.includes('-P FORWARD DROP') || /^-A FORWARD -j (?:DROP|REJECT)\b/.test(last ?? '');
}

const sides = ['-i', '-o'];

async function deleteMarked({
  program,
  rules,
  bridge,
}: {
  program: string;
  rules: readonly string[];
  bridge: string;
}): Promise<void> {
  for (const rule of marked(rules, bridge)) {
    const [, chain = '', side = ''] = /^-A ([\w-]+) -([io]) /.exec(rule) ?? [];
    if (chain !== '') await iptables(program, '--delete', chain, ...acceptOf(`-${side}`, bridge));
  }
}

function marked(rules: readonly string[], bridge: string): string[] {
  return rules.filter((text) => text.includes(`"${markOf(bridge)}"`));
}

function acceptOf(side: string, bridge: string): string[] {
  return [side, bridge, '--match', 'comment', '--comment', markOf(bridge), '--jump', 'ACCEPT'];
}

function isInUse({ tables }: LegacyFamily): boolean {
  return existsSync(tables) && readFileSync(tables, 'utf8').split('\n').includes('filter');
}

async function listRules(program: string): Promise<string[]> {
  return (await iptables(program, '--list-rules')).split('\n');
}

async function iptables(program: string, ...args: readonly string[]): Promise<string> {
  const { code, output, errors } = await runProgram(program, ['--wait', '5', ...args]);
  if (code === 0) return output;
  throw new EngineError('internal', 'firewall', `${program} ${args.join(' ')}: ${errors.trim()}`);
}
