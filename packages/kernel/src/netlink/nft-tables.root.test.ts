import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { test } from 'node:test';
import { bindSocket } from '../sockets/internet-socket.ts';
import { NetlinkSocket } from './netlink-socket.ts';
import { createNatTable, type NatTable, replaceNatTable } from './nft-tables.ts';

test('a table is made as nft would make it, replaced in one go, and translates', async () => {
  using socket = NetlinkSocket.open('netfilter');
  const { fd, port } = bindSocket('udp', '127.0.0.11', 0);
  const server = createSocket('udp4', (message, { address, port }) => server.send(message, port, address));
  server.bind({ fd });
  createNatTable(socket, table(port + 1));
  assert.throws(() => createNatTable(socket, table(port)), { errnoName: 'EEXIST' });
  replaceNatTable(socket, table(port));
  assert.equal(listed(), wanted(port));
  const client = createSocket('udp4');
  client.connect(53, '127.0.0.11', () => client.send('hello'));
  const [answer] = (await once(client, 'message')) as [Buffer];
  assert.equal(answer.toString(), 'hello');
  client.close();
  server.close();
  replaceNatTable(socket, { name: 'test', chains: [] });
  assert.equal(listed(), 'table ip test {\n}\n');
});

test('a table that the kernel refuses leaves the one before as it was', () => {
  using socket = NetlinkSocket.open('netfilter');
  replaceNatTable(socket, table(1000));
  const twice = {
    ...table(2000),
    chains: [...table(2000).chains, { ...table(1).chains[0]!, hook: 'forward' as const }],
  };
  assert.throws(() => replaceNatTable(socket, twice));
  assert.equal(listed(), wanted(1000));
});

function table(port: number): NatTable {
  const [asked, served] = [53, port].map((port) => ({ address: '127.0.0.11', port })) as [
    { address: string; port: number },
    { address: string; port: number },
  ];
  return {
    name: 'test',
    chains: [
      {
        name: 'output',
        hook: 'output',
        priority: -100,
        rules: [{ translate: 'destination', protocol: 'udp', from: asked, to: served }],
      },
      {
        name: 'postrouting',
        hook: 'postrouting',
        priority: 100,
        rules: [{ translate: 'source', protocol: 'tcp', from: served, to: asked }],
      },
    ],
  };
}

function listed(): string {
  return execFileSync('nft', ['list', 'table', 'ip', 'test']).toString();
}

function wanted(port: number): string {
  return `table ip test {
	chain output {
		type nat hook output priority -100; policy accept;
		ip daddr 127.0.0.11 udp dport 53 dnat to 127.0.0.11:${port}
	}

	chain postrouting {
		type nat hook postrouting priority srcnat; policy accept;
		ip saddr 127.0.0.11 tcp sport ${port} snat to 127.0.0.11:53
	}
}
`;
}
