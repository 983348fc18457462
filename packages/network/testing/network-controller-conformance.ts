import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type {
  AttachRequest,
  NetworkController,
  PortRequest,
  PublishedPort,
} from '../src/network-controller.ts';
import { attachRequest, endpointOn, networkRequest } from './requests.ts';

type Cases = Readonly<Record<string, (controller: NetworkController) => Promise<void>>>;

/** What every network controller must do. `open` gives one without attachments, which each test disposes. */
export function networkControllerConformance(
  name: string,
  open: () => Promise<{ controller: NetworkController } & AsyncDisposable>,
): void {
  void describe(name, () => {
    for (const [title, check] of Object.entries(cases)) {
      void it(title, async () => {
        await using opened = await open();
        try {
          await check(opened.controller);
        } finally {
          await opened.controller.restore(new Set());
        }
      });
    }
  });
}

const cases: Cases = {
  'has the networks bridge, host and none, each with its id': async (controller) => {
    const networks = controller.networks();
    assert.deepEqual(
      networks.map(({ name, driver }) => `${name} ${driver}`),
      ['bridge bridge', 'host host', 'none null'],
    );
    assert.equal(new Set(networks.map((network) => network.id)).size, 3);
    for (const { id, createdAt } of networks) {
      assert.match(id, /^[0-9a-f]{64}$/);
      assert.ok(!Number.isNaN(Date.parse(createdAt)));
    }
    assert.deepEqual(controller.networks(), networks);
    await Promise.resolve();
  },

  'gives a container that is on a network of users, and only such a one, a resolver': async (controller) => {
    await controller.createNetwork(networkRequest('front'));
    const endpoints = [endpointOn('bridge'), endpointOn('front')];
    const both = await controller.attach(attachRequest('both', { endpoints }));
    assert.equal(both.resolver?.nameserver, '127.0.0.11');
    assert.deepEqual(controller.attachment('both'), both);
    assert.equal((await controller.disconnect('both', 'front')).resolver, undefined);
    assert.equal((await controller.attach(requestFor('one'))).resolver, undefined);
    await controller.removeNetwork('front');
  },

  'attaches a container with an address of the subnet, and tells it to whoever asks': async (controller) => {
    const attachment = await controller.attach(requestFor('one'));
    const bridge = controller.network('bridge');
    const [endpoint] = attachment.endpoints;
    const { ipv4 } = endpoint ?? {};
    assert.ok(endpoint && ipv4);
    assert.equal(endpoint.networkId, bridge.id);
    assert.equal(endpoint.networkName, 'bridge');
    const { gateway = '', prefixLength } = ipv4;
    assert.deepEqual(bridge.ipam.config, [
      { subnet: `${gateway.replace(/\d+$/, '0')}/${prefixLength}`, gateway },
    ]);
    assert.match(endpoint.endpointId, /^[0-9a-f]{64}$/);
    const octets = ipv4.address.split('.').map((octet) => Number(octet).toString(16).padStart(2, '0'));
    assert.equal(endpoint.macAddress, `02:42:${octets.join(':')}`);
    assert.deepEqual(controller.attachment('one'), attachment);
    assert.deepEqual(bridge.endpoints, [endpoint]);
    assert.equal(controller.attachment('two'), undefined);
    const traffic = controller.traffic();
    assert.deepEqual([...traffic.keys()], ['one']);
    assert.deepEqual(Object.keys(traffic.get('one') ?? {}), [endpoint.interfaceName]);
  },

  'takes the network by name and by id, and refuses what has no endpoints': async (controller) => {
    const [bridge, host] = controller.networks();
    await controller.attach({ ...requestFor('one'), endpoints: [endpointOn(bridge?.id ?? '')] });
    await assert.rejects(controller.attach({ ...requestFor('two'), endpoints: [endpointOn('nowhere')] }), {
      code: 'network-not-found',
      message: 'network nowhere not found',
    });
    for (const network of ['none', host?.id ?? '']) {
      await assert.rejects(controller.attach({ ...requestFor('two'), endpoints: [endpointOn(network)] }), {
        code: 'network-not-attachable',
      });
    }
  },

  'attaches a container once': async (controller) => {
    await controller.attach(requestFor('one'));
    await assert.rejects(controller.attach(requestFor('one')), { code: 'already-attached' });
    assert.equal(controller.network('bridge').endpoints.length, 1);
  },

  'gives each of many containers an address of its own, at once': async (controller) => {
    const containerIds = Array.from({ length: 12 }, (_, index) => `c${index}`);
    const attachments = await Promise.all(
      containerIds.map((containerId) => controller.attach(requestFor(containerId))),
    );
    assert.equal(new Set(attachments.map(({ endpoints }) => endpoints[0]?.ipv4?.address)).size, 12);
    assert.equal(new Set(attachments.map((attachment) => attachment.namespacePath)).size, 12);
    await Promise.all(containerIds.map((containerId) => controller.detach(containerId)));
    assert.deepEqual(controller.network('bridge').endpoints, []);
  },

  'detaches once and forgives asking again': async (controller) => {
    await controller.attach(requestFor('one', port(8081)));
    await Promise.all([controller.detach('one'), controller.detach('one')]);
    await controller.detach('nobody');
    assert.equal(controller.attachment('one'), undefined);
    await controller.attach(requestFor('one', port(8081)));
  },

  'publishes a named port, one of a range, any port, and tells which': async (controller) => {
    const { ports } = await controller.attach(
      requestFor('one', port(8081), port(8100, 8109), port(8100, 8109), port(0), {
        ...port(8081),
        protocol: 'udp',
        hostAddress: '127.0.0.1',
      }),
    );
    const any = ports[6]?.hostPort ?? 0;
    assert.ok(any > 1023);
    const both = (hostPort: number): PublishedPort[] =>
      ['0.0.0.0', '::'].map((hostAddress) => ({ protocol: 'tcp', containerPort: 80, hostAddress, hostPort }));
    assert.deepEqual(ports, [
      ...[8081, 8100, 8101, any].flatMap(both),
      { protocol: 'udp', containerPort: 80, hostAddress: '127.0.0.1', hostPort: 8081 },
    ]);
  },

  'refuses a port that another container has, in Docker’s words, and attaches nothing': async (
    controller,
  ) => {
    await controller.attach(requestFor('one', port(8081)));
    await assert.rejects(controller.attach(requestFor('two', port(8090), port(8081))), {
      code: 'port-in-use',
      kind: 'conflict',
      message: 'Bind for 0.0.0.0:8081 failed: port is already allocated',
    });
    await assert.rejects(controller.attach(requestFor('two', { ...port(8081), hostAddress: '127.0.0.1' })), {
      message: 'Bind for 127.0.0.1:8081 failed: port is already allocated',
    });
    await assert.rejects(controller.attach(requestFor('two', { ...port(8081), hostAddress: '::' })), {
      message: 'Bind for [::]:8081 failed: port is already allocated',
    });
    await assert.rejects(controller.attach(requestFor('two', port(8090), port(8090))), {
      code: 'port-in-use',
    });
    await controller.attach(requestFor('three', port(8200, 8201), port(8200, 8201)));
    await assert.rejects(controller.attach(requestFor('two', port(8200, 8201))), {
      code: 'port-in-use',
      message: 'Bind for 0.0.0.0:8200-8201 failed: all ports are allocated',
    });
    assert.equal(controller.attachment('two'), undefined);
    await controller.attach(requestFor('two', port(8090)));
  },

  'gives one container a port that ten want, and refuses it to nine': async (controller) => {
    const results = await Promise.allSettled(
      Array.from({ length: 10 }, (_, index) => controller.attach(requestFor(`c${index}`, port(8081)))),
    );
    assert.equal(results.filter((result) => result.status === 'fulfilled').length, 1);
    assert.equal(controller.network('bridge').endpoints.length, 1);
  },

  'refuses ports that cannot be published': async (controller) => {
    const refused: [Partial<PortRequest>, string][] = [
      [{ hostAddress: '::1', protocol: 'sctp' }, 'invalid-port'],
      [{ hostAddress: 'fe80::1%eth0' }, 'invalid-port'],
      [{ hostAddress: 'localhost' }, 'invalid-port'],
      [{ containerPort: 0 }, 'invalid-port'],
      [{ containerPort: 65536 }, 'invalid-port'],
      [{ hostPortFirst: 9, hostPortLast: 8 }, 'invalid-port'],
      [{ hostPortFirst: 0, hostPortLast: 8 }, 'invalid-port'],
      [{ hostPortFirst: 1, hostPortLast: 65536 }, 'invalid-port'],
    ];
    for (const [request, code] of refused) {
      await assert.rejects(controller.attach(requestFor('one', { ...port(8081), ...request })), { code });
    }
    assert.equal(controller.attachment('one'), undefined);
  },

  'attaches nothing for who has given up': async (controller) => {
    const signal = AbortSignal.abort();
    await assert.rejects(controller.attach({ ...requestFor('one'), signal }), { name: 'AbortError' });
    assert.equal(controller.attachment('one'), undefined);
  },

  'keeps, on restore, the containers that are named and no others': async (controller) => {
    const kept = await controller.attach(requestFor('one', port(8081)));
    await controller.attach(requestFor('two', port(8082)));
    await controller.restore(new Set(['one', 'unknown']));
    assert.deepEqual(controller.attachment('one'), kept);
    assert.equal(controller.attachment('two'), undefined);
    await assert.rejects(controller.attach(requestFor('three', port(8081))), { code: 'port-in-use' });
    await controller.attach(requestFor('three', port(8082)));
  },
};

function requestFor(containerId: string, ...ports: PortRequest[]): AttachRequest {
  return attachRequest(containerId, { ports });
}

function port(hostPortFirst: number, hostPortLast: number = hostPortFirst): PortRequest {
  return { protocol: 'tcp', containerPort: 80, hostAddress: '', hostPortFirst, hostPortLast };
}
