export {
  digestOf,
  makeManifest,
  problemOf,
  pushBlob,
  pushImage,
  putManifest,
  startTestRegistry,
  type TestManifest,
  type TestRegistry,
  type TestRegistryOptions,
} from './test-registry.ts';
