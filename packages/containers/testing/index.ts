export { ContainerFixture } from './container-fixture.ts';
export { FakeProcess } from './fake-process.ts';
export { FakeRuntime } from './fake-runtime.ts';
export { FakeSnapshotter } from './fake-snapshotter.ts';
export { LogFixture } from './log-fixture.ts';
export {
  type LogReceiver,
  receiveDatagrams,
  receiveStream,
  receiveUnixDatagrams,
} from './log-receivers.ts';
