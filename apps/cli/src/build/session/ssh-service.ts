import type { Duplex } from 'node:stream';
import { GrpcError, implement, type ServiceTable, StatusCode, sshforward } from '@gantry/buildkit';
import type { SshAgents } from '../options/ssh-agents.ts';
import { valuesOf } from './file-services.ts';

/** Connects steps with the user's ssh agents; only those that the user named. */
export function sshService(agents: SshAgents): ServiceTable {
  const agentOf = (id: string): (() => Duplex) => {
    const agent = agents.get(id || 'default');
    if (agent !== undefined) return agent;
    throw new GrpcError(StatusCode.notFound, `unset ssh forward key ${id || 'default'}`);
  };
  return implement(sshforward.SSH, {
    checkAgent: ({ id }) => {
      agentOf(id);
      return {};
    },
    forwardAgent: async (messages, { headers, signal }) => {
      const socket = agentOf(valuesOf(headers, 'buildkit.ssh.id')[0] ?? '')();
      signal.addEventListener('abort', () => socket.destroy(), { once: true });
      try {
        await Promise.all([toAgent(messages, socket), fromAgent(socket, (data) => messages.send({ data }))]);
      } finally {
        socket.destroy();
      }
    },
  });
}

async function toAgent(messages: AsyncIterable<{ data: Uint8Array }>, socket: Duplex): Promise<void> {
  for await (const { data } of messages) socket.write(data);
  socket.end();
}

async function fromAgent(socket: Duplex, send: (data: Uint8Array) => Promise<void>): Promise<void> {
  for await (const data of socket as AsyncIterable<Buffer>) await send(data);
}
