import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ContainerCreateRequest } from '@gantry/api-types';
import { modernNetworking, withOldAliases } from './networking-version.ts';

const mac = '02:42:ac:11:00:09';

function modern(request: ContainerCreateRequest, version: number): unknown[] {
  const warnings = modernNetworking(request, version);
  const { HostConfig: host, NetworkingConfig: networking } = request;
  return [host?.NetworkMode, networking?.EndpointsConfig, request.MacAddress, warnings.length];
}

describe('the networks of a create request', () => {
  it('get the container’s MAC address, with a warning since API 1.44', () => {
    assert.deepEqual(modern({ MacAddress: mac }, 1043), [
      undefined,
      { default: { MacAddress: mac } },
      undefined,
      0,
    ]);
    assert.deepEqual(modern({ MacAddress: mac }, 1044), [
      undefined,
      { default: { MacAddress: mac } },
      undefined,
      1,
    ]);
    const HostConfig = { NetworkMode: 'web' };
    const other = { EndpointsConfig: { web: { MacAddress: '02:00:00:00:00:01' } } };
    assert.throws(
      () => modernNetworking({ MacAddress: mac, HostConfig, NetworkingConfig: other }, 1051),
      /must match the endpoint-specific MAC address for the main network/,
    );
    const host = { MacAddress: mac, HostConfig: { NetworkMode: 'host' } };
    assert.throws(() => modernNetworking(host, 1043), /mac-address and the network mode/);
  });

  it('are one before API 1.44, without a MAC address of its own or, before 1.48, a priority', () => {
    const two = { NetworkingConfig: { EndpointsConfig: { a: {}, b: {} } } };
    assert.throws(
      () => modernNetworking(two, 1043),
      /Container cannot be created with multiple network endpoints: a, b/,
    );
    const one = (): ContainerCreateRequest => ({
      HostConfig: { NetworkMode: 'a' },
      NetworkingConfig: { EndpointsConfig: { a: { MacAddress: mac, GwPriority: 2 } } },
    });
    assert.deepEqual(modern(one(), 1043), ['a', { a: {} }, undefined, 0]);
    assert.deepEqual(modern(one(), 1047), ['a', { a: { MacAddress: mac } }, undefined, 0]);
    assert.deepEqual(modern(one(), 1048), ['a', { a: { MacAddress: mac, GwPriority: 2 } }, undefined, 0]);
  });

  it('are shown with id and host name among the aliases before API 1.45', () => {
    const container = {
      Id: 'a'.repeat(64),
      Config: { Hostname: 'h' },
      NetworkSettings: { Networks: { bridge: {}, web: { Aliases: ['db', 'h'] } } },
    };
    assert.equal(withOldAliases(container, 1045), container);
    assert.deepEqual(withOldAliases(container, 1044).NetworkSettings?.Networks, {
      bridge: {},
      web: { Aliases: ['db', 'h', 'aaaaaaaaaaaa'] },
    });
  });
});
