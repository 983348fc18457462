export {
  killsOf,
  openServed,
  passesIn,
  passesOf,
  problemsIn,
  registryRoot,
  Served,
} from './served-registry.ts';
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
