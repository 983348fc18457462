import { existsSync, readFileSync } from 'node:fs';
import { EngineError } from '@gantry/base';
import { markOf } from './foreign-chains.ts';
import { runProgram } from './run-program.ts';

const program = 'iptables-legacy';

/**
 * The same as for nft chains, for hosts whose rules are in the kernel's older tables, which nft does not see. Puts
 * accepts for `bridge` at the head of `FORWARD` (or `DOCKER-USER`) when that chain drops what it does not accept; what
 * is there already is replaced. Returns the chain, or undefined when nothing blocks. Throws when iptables-legacy fails
 * or is missing.
 */
export async function acceptLegacyForwarding(bridge: string): Promise<string | undefined> {
  if (!hasLegacyRules()) return undefined;
  await withdrawLegacyForwarding(bridge);
  const rules = (await iptables('--list-rules')).split('\n');
  const last = rules.findLast((rule) => rule.startsWith('-A FORWARD '));
  const blocks = rules.includes('-P FORWARD DROP') || /^-A FORWARD -j (?:DROP|REJECT)\b/.test(last ?? '');
  if (!blocks) return undefined;
  const chain = rules.includes('-N DOCKER-USER') ? 'DOCKER-USER' : 'FORWARD';
  for (const side of sides) await iptables('--insert', chain, ...acceptOf(side, bridge));
  return chain;
}

/** Takes every marked rule of `bridge` away. */
export async function withdrawLegacyForwarding(bridge: string): Promise<void> {
  if (!hasLegacyRules()) return;
  const rules = (await iptables('--list-rules')).split('\n');
  for (const rule of rules.filter((text) => text.includes(`"${markOf(bridge)}"`))) {
    const [, chain = '', side = ''] = /^-A ([\w-]+) -([io]) /.exec(rule) ?? [];
    if (chain !== '') await iptables('--delete', chain, ...acceptOf(`-${side}`, bridge));
  }
}

const sides = ['-i', '-o'];

function acceptOf(side: string, bridge: string): string[] {
  return [side, bridge, '--match', 'comment', '--comment', markOf(bridge), '--jump', 'ACCEPT'];
}

/** The kernel lists the older tables that are in use in this network namespace. */
function hasLegacyRules(): boolean {
  const list = '/proc/net/ip_tables_names';
  return existsSync(list) && readFileSync(list, 'utf8').split('\n').includes('filter');
}

async function iptables(...args: readonly string[]): Promise<string> {
  const { code, output, errors } = await runProgram(program, ['--wait', '5', ...args]);
  if (code === 0) return output;
  throw new EngineError('internal', 'firewall', `${program} ${args.join(' ')}: ${errors.trim()}`);
}
