export { FakeBuildClient, type FakeFile } from './fake-build-client.ts';
