export { FakeBuildClient, type FakeFile } from './fake-build-client.ts';
export { openRealBuilder, type RealBuilder } from './real-builder.ts';
