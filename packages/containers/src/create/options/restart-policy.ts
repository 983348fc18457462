import type { ContainerConfig, HostConfig, RestartPolicy } from '@gantry/api-types';
import { InvalidOptionError } from '../../errors.ts';
import { healthCheckOf } from '../../health/health-check.ts';

/** Docker's rules for `RestartPolicy`; throws `InvalidOptionError` with Docker's words. */
export function restartPolicy(host: HostConfig): Required<RestartPolicy> {
  const { Name: name, MaximumRetryCount: retries = 0 } = host.RestartPolicy ?? {};
  switch (name) {
    case undefined:
    case '':
    case 'no':
    case 'always':
    case 'unless-stopped':
      if (retries !== 0) {
        const hint = name === undefined || name === '' ? ' and policy must be set' : '';
        fail(
          retries < 0
            ? `maximum retry count cannot be negative`
            : `maximum retry count can only be used with 'on-failure'${hint}`,
        );
      }
      break;
    case 'on-failure':
    case 'on-unhealthy':
      if (!Number.isSafeInteger(retries) || retries < 0) fail(`maximum retry count cannot be negative`);
      break;
    default:
      fail(
        `unknown policy '${String(name)}'; use one of 'no', 'always', 'on-failure', 'on-unhealthy', or 'unless-stopped'`,
      );
  }
  const policy = name === undefined || name === '' ? 'no' : name;
  if (policy !== 'no' && host.AutoRemove === true) {
    throw new InvalidOptionError("can't create 'AutoRemove' container with restart policy", {
      option: 'HostConfig.RestartPolicy',
    });
  }
  return { Name: policy, MaximumRetryCount: retries };
}

/** `on-unhealthy` is worth nothing to a container that nobody probes. Throws `InvalidOptionError`. */
export function checkRestartNeeds(host: HostConfig, config: ContainerConfig): void {
  if (host.RestartPolicy?.Name !== 'on-unhealthy' || healthCheckOf(config) !== undefined) return;
  fail(`'on-unhealthy' needs a health check, and neither the request nor the image has one`);
}

function fail(fact: string): never {
  throw new InvalidOptionError(`invalid restart policy: ${fact}`, { option: 'HostConfig.RestartPolicy' });
}
