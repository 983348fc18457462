export {
  challenge,
  digestOf,
  FakeRegistry,
  type Interference,
  refuse,
  type StoredManifest,
} from './fake-registry.ts';
export { type PutDescriptor, type PutImage, type PutLayer, putDocument, putImage } from './put-image.ts';
export { openTestClient, plainSettings } from './test-client.ts';
