export {
  type ContainerBackendFixture,
  containerBackendConformance,
} from './container-backend-conformance.ts';
export { FakeBuildkitBackend } from './fake-buildkit-backend.ts';
export { FakeContainerBackend } from './fake-container-backend.ts';
export { FakeDiskBackend } from './fake-disk-backend.ts';
export { FakeExecBackend } from './fake-exec-backend.ts';
export { FakeFilesBackend } from './fake-files-backend.ts';
export { FakeImageBackend } from './fake-image-backend.ts';
export { FakeNetworkBackend } from './fake-network-backend.ts';
export { FakeRegistryBackend } from './fake-registry-backend.ts';
export { FakeSystemBackend, FakeVolumeBackend } from './fake-system-backend.ts';
export { dockerApiVersion, dockerOperations } from './probe/docker-operations.ts';
export { type Outcome, type ProbedOperation, probeApi } from './probe/probe-api.ts';
export { type ProbeServer, startProbeServer } from './probe/probe-server.ts';
export {
  demultiplex,
  open,
  RawConnection,
  readResponse,
  send,
  type TestRequest,
  type TestResponse,
} from './test-client.ts';
export { startTestServer, type TestServer } from './test-server.ts';
