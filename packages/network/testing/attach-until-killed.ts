/**
 * An engine's network in a process of its own, to be killed: attaches `kept` and says so in one line of JSON, then
 * attaches and detaches others without end, a dot for each. Arguments: the store's file, the folder of a `NetworkHost`,
 * and optionally `before` or `after` and the number of the change to the store at which it kills itself.
 */
import { silentLogger, systemClock } from '@gantry/base';
import { type Collection, type MetadataStore, openMetadataStore } from '@gantry/state';
import { openNetworkController } from '../src/open-network-controller.ts';
import { attachToBridge } from './requests.ts';

const [file = '', execRoot = '', when = 'before', change = '-1'] = process.argv.slice(2);
let changes = 0;

const store = openMetadataStore({ path: file, logger: silentLogger });
const controller = await openNetworkController({
  store: killing(store),
  execRoot,
  bridge: 'test0',
  logger: silentLogger,
  clock: systemClock,
});
await controller.restore(new Set(['kept']));
const kept =
  controller.attachment('kept') ?? (await attachToBridge(controller, 'kept', [port(8080)])).attachment;
process.stdout.write(`${JSON.stringify(kept)}\n`);
for (let round = 0; ; round++) {
  const containerIds = [0, 1, 2].map((index) => `c${round}-${index}`);
  await Promise.all(
    containerIds.map(async (containerId, index) => {
      await attachToBridge(controller, containerId, index === 0 ? [] : [port(0)]);
      process.stdout.write('.');
      await controller.detach(containerId);
    }),
  );
}

function port(hostPort: number): Parameters<typeof controller.attach>[0]['ports'][number] {
  return {
    protocol: 'tcp',
    containerPort: 80,
    hostAddress: '',
    hostPortFirst: hostPort,
    hostPortLast: hostPort,
  };
}

function killing(inner: MetadataStore): MetadataStore {
  const counted = <T>(work: () => T): T => {
    const isLast = changes++ === Number(change);
    if (isLast && when === 'before') process.kill(process.pid, 'SIGKILL');
    const result = work();
    if (isLast) process.kill(process.pid, 'SIGKILL');
    return result;
  };
  return {
    collection: (name, options) => {
      const collection = inner.collection(name, options);
      const outer: Collection<Parameters<typeof collection.put>[1]> = {
        get: (key) => collection.get(key),
        put: (key, document) => counted(() => collection.put(key, document)),
        delete: (key) => counted(() => collection.delete(key)),
        entries: () => collection.entries(),
        page: (wanted) => collection.page(wanted),
      };
      return outer;
    },
    transaction: (work) => inner.transaction(work),
    synced: () => inner.synced(),
    [Symbol.dispose]: () => inner[Symbol.dispose](),
  };
}
