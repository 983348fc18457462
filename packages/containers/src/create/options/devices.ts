import type { HostConfig } from '@gantry/api-types';
import type { DeviceRule, SpecDevice } from '@gantry/runtime';
import { InvalidOptionError } from '../../errors.ts';

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

function isAccess(text: string): boolean {
  return /^[rwm]{1,3}$/.test(text) && new Set(text).size === text.length;
}

function fail(option: string, message: string): never {
  throw new InvalidOptionError(message, { option: `HostConfig.${option}` });
}
