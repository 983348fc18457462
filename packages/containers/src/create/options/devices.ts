import type { HostConfig } from '@gantry/api-types';
import type { DeviceRule, DeviceWish, SpecDevice } from '@gantry/runtime';
import { InvalidOptionError, OptionNotBuiltError } from '../../errors.ts';

/** The devices that `Devices` asks for; whether the host has them is asked at each start. Throws `InvalidOptionError`. */
export function requestedDevices(host: HostConfig): SpecDevice[] {
  return (host.Devices ?? []).map((device) => {
    const {
      PathOnHost: pathOnHost = '',
      PathInContainer: inside = '',
      CgroupPermissions: given = '',
    } = device;
    const pathInContainer = inside === '' ? pathOnHost : inside;
    const access = given === '' ? 'rwm' : given;
    for (const path of [pathOnHost, pathInContainer]) {
      if (!path.startsWith('/') || path.includes('\0')) fail('Devices', `invalid device path: ${path}`);
    }
    if (!isAccess(access)) fail('Devices', `invalid device mode: ${access}`);
    return { pathOnHost, pathInContainer, access };
  });
}

/** Reads `--device-cgroup-rule`, `c 10:200 rwm`. Throws `InvalidOptionError` with Docker's words. */
export function deviceCgroupRules(host: HostConfig): DeviceRule[] {
  return (host.DeviceCgroupRules ?? []).map((text) => {
    const [, type = '', major = '', minor = '', access = ''] =
      /^([acb]) (\d{1,9}|\*):(\d{1,9}|\*) ([rwm]{1,3})$/.exec(text) ?? [];
    if (!isAccess(access)) fail('DeviceCgroupRules', `invalid device cgroup rule format: '${text}'`);
    return {
      allow: true,
      type,
      ...(major !== '*' && { major: Number(major) }),
      ...(minor !== '*' && { minor: Number(minor) }),
      access,
    };
  });
}

/** The devices that `DeviceRequests` asks for by kind or by name. Throws `InvalidOptionError`. */
export function deviceWishes(host: HostConfig): DeviceWish[] {
  return (host.DeviceRequests ?? []).map((request) => {
    const { Driver: driver = '', Count: count = 0, DeviceIDs, Capabilities, Options } = request;
    const deviceIds = DeviceIDs ?? [];
    const name = deviceIds.find((id) => id === '' || /[\0\n]/.test(id));
    if (name !== undefined) fail('DeviceRequests', `invalid device id: ${JSON.stringify(name)}`);
    if (count > 0 && deviceIds.length > 0) {
      fail('DeviceRequests', 'cannot set both Count and DeviceIDs on device request');
    }
    if (Object.keys(Options ?? {}).length > 0) {
      throw new OptionNotBuiltError('HostConfig.DeviceRequests.Options', JSON.stringify(Options));
    }
    return { driver, count, deviceIds, capabilities: Capabilities ?? [] };
  });
}

function isAccess(text: string): boolean {
  return /^[rwm]{1,3}$/.test(text) && new Set(text).size === text.length;
}

function fail(option: string, message: string): never {
  throw new InvalidOptionError(message, { option: `HostConfig.${option}` });
}
