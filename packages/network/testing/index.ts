export { FakeNetworkController } from './fake-network-controller.ts';
export { networkControllerConformance } from './network-controller-conformance.ts';
export { attachRequest, attachToBridge, endpointOn, networkRequest } from './requests.ts';
