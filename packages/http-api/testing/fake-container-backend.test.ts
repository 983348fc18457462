import { containerBackendConformance } from './container-backend-conformance.ts';
import { FakeContainerBackend } from './fake-container-backend.ts';

containerBackendConformance('the fake', async () => ({
  backend: new FakeContainerBackend(),
  image: 'busybox',
  printBoth: ['both', 'out', 'err'],
  copy: ['cat'],
  exitSeven: ['exit', '7'],
  sleep: ['sleep'],
  missing: ['nosuch'],
  [Symbol.asyncDispose]: async () => {},
}));
