import { FakeNetworkController } from '../testing/fake-network-controller.ts';
import { networkControllerConformance } from '../testing/network-controller-conformance.ts';

networkControllerConformance('FakeNetworkController', () =>
  Promise.resolve({
    controller: new FakeNetworkController(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }),
);
