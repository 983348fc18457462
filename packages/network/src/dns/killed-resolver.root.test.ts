import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { test } from 'node:test';
import { askDns, DnsDatagramClient, DnsStreamClient, questionBytes } from '../../testing/dns-client.ts';
import { addressIn, readMessage } from '../../testing/dns-message.ts';
import { LoopbackNamespaces } from '../../testing/loopback-namespaces.ts';

const script = path.join(import.meta.dirname, '..', '..', 'testing', 'resolve-until-killed.ts');

test('a client that never pauses is answered again after the engine was killed and came back', async () => {
  await using namespaces = new LoopbackNamespaces();
  const from = namespaces.make();
  // One socket throughout: the kernel goes on sending its flow to where it went first, unless that is forgotten.
  using client = new DnsDatagramClient(from);
  const answered = async (): Promise<string[]> => {
    client.send(questionBytes({ name: 'web' }));
    return readMessage(await client.next()).answers.map(addressIn);
  };
  for (const address of ['10.0.0.1', '10.0.0.2', '10.0.0.3']) {
    const engine = await startEngine(from, address);
    assert.deepEqual(await answered(), [address]);
    assert.deepEqual((await askDns({ from, name: 'web', transport: 'tcp' })).answers.map(addressIn), [
      address,
    ]);
    using stream = new DnsStreamClient(from);
    await kill(engine);
    await stream.closed;
    const refused = client.nextRefusal();
    client.send(questionBytes({ name: 'web' }));
    await refused;
  }
  const tables = execFileSync('nsenter', [`--net=${from}`, 'nft', 'list', 'ruleset']).toString();
  assert.equal(tables.match(/dnat to/g)?.length, 2);
  assert.equal(tables.match(/snat to/g)?.length, 2);
});

async function startEngine(namespacePath: string, address: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [script, namespacePath, address], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
