export { digestOf, FakeRegistry, type Interference, refuse, type StoredManifest } from './fake-registry.ts';
export { openTestClient, plainSettings } from './test-client.ts';
