import { networkControllerConformance } from '../testing/network-controller-conformance.ts';
import { NetworkHost } from '../testing/network-host.ts';

networkControllerConformance('openNetworkController', async () => {
  const host = new NetworkHost();
  const controller = await host.open();
  return {
    controller,
    [Symbol.asyncDispose]: async () => {
      await controller[Symbol.asyncDispose]();
      await host[Symbol.asyncDispose]();
    },
  };
});
