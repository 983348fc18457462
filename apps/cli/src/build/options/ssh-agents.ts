import { readFileSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { CommandError } from '../../errors.ts';
import { openKeyAgent } from '../ssh/key-agent.ts';
import { readSshKey } from '../ssh/private-key.ts';

/** What connects with an ssh agent, by the id that a step mounts. */
export type SshAgents = ReadonlyMap<string, () => Duplex>;

/** A private key has a few kB. */
const maxKeyBytes = 128 * 1024;

/**
 * `--ssh default`, `--ssh ID=SOCKET`, `--ssh ID=KEY[,KEY…]`: without a place the agent of `SSH_AUTH_SOCK`; of keys in files an agent that only
 * signs with them. Throws `CommandError` for what is not there, or neither.
 */
export function readSshAgents(
  given: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): SshAgents {
  return new Map(
    given.map((text): [string, () => Duplex] => {
      const equals = text.indexOf('=');
      const id = equals < 0 ? text : text.slice(0, equals);
      const places = equals < 0 ? [environment['SSH_AUTH_SOCK'] ?? ''] : text.slice(equals + 1).split(',');
      return [id === '' ? 'default' : id, agentAt(places)];
    }),
  );
}

function agentAt(places: readonly string[]): () => Duplex {
  const [first = ''] = places;
  if (places.includes('')) {
    throw new CommandError(1, 'ERROR: invalid empty ssh agent socket: make sure SSH_AUTH_SOCK is set');
  }
  const sockets = places.filter((place) => statOf(place).isSocket());
  if (sockets.length > 0 && places.length > 1) {
    throw new CommandError(1, `ERROR: only a single socket is allowed: ${places.join(',')}`);
  }
  if (sockets.length > 0) return () => connect(first);
  const keys = places.map((place) => {
    if (statOf(place).size > maxKeyBytes)
      throw new CommandError(1, `ERROR: ${place} is too large for an ssh key`);
    return readSshKey(readFileSync(place, 'utf8'), place);
  });
  return () => openKeyAgent(keys);
}

function statOf(place: string): NonNullable<ReturnType<typeof statSync>> {
  const stat = statSync(place, { throwIfNoEntry: false });
  if (stat !== undefined) return stat;
  throw new CommandError(1, `ERROR: failed to open ${place}: no such file or directory`);
}
