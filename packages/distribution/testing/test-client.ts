import { type Clock, systemClock } from '@gantry/base';
import { RegistryClient, type RegistryClientOptions, type RegistrySettings } from '../src/registry-client.ts';

/** No mirrors, no certificates, three tries. */
export const plainSettings: RegistrySettings = {
  registryMirrors: [],
  insecureRegistries: [],
  certificateDirectory: '/nonexistent',
  trustedTokenServices: [],
  maxAttempts: 3,
};

/** A client that waits for nothing between its tries. */
export function openTestClient(
  settings: Partial<RegistrySettings> = {},
  options: Partial<RegistryClientOptions> = {},
): RegistryClient {
  const clock: Clock = { ...systemClock, sleep: async () => {} };
  return new RegistryClient({
    settings: () => ({ ...plainSettings, ...settings }),
    userAgent: 'Gantry/test',
    environment: {},
    clock,
    ...options,
  });
}
