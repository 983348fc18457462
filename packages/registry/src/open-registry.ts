import { type Clock, type Logger, systemClock } from '@gantry/base';
import type { BoundAddress } from '@gantry/http-server';
import { browseRoutes } from './browse/browse-routes.ts';
import { ServerCertificate } from './certificates/server-certificate.ts';
import { keepHouse } from './gc/housekeeping.ts';
import { healthRoutes } from './health/health-routes.ts';
import { TrustedProxies } from './http/trusted-proxies.ts';
import { openParts } from './open-parts.ts';
import { createRegistryServer, type RegistryServer } from './registry-server.ts';
import { QuotaLedger } from './rules/quota-ledger.ts';
import type { RegistrySettings } from './settings/registry-settings.ts';
import { type OpenStorage, openStorage } from './storage/open-storage.ts';

export interface OpenRegistryOptions {
  settings: RegistrySettings;
  /** `Gantry/0.1`, as webhooks see it. */
  userAgent: string;
  logger: Logger;
  clock?: Clock;
}

/** A registry that serves. Disposing lets requests finish for a moment, and closes everything. */
export interface OpenRegistry extends AsyncDisposable {
  readonly storage: OpenStorage;
  /** Where it listens, in the order of the settings. */
  readonly addresses: readonly BoundAddress[];
  /** Reads files of users, robots and certificates again, and opens the audit log anew. */
  reload(): void;
}

/**
 * Opens everything that the settings name, and serves. Throws `StoreBusyError` while another process has the directory open,
 * `ListenError`, and what a file that is named and cannot be used throws; nothing is left open then.
 */
export async function openRegistry(options: OpenRegistryOptions): Promise<OpenRegistry> {
  const { settings, logger, clock = systemClock } = options;
  await using stack = new AsyncDisposableStack();
  const ledger = new QuotaLedger(settings.rules.quotas);
  const storage = stack.use(
    await openStorage({
      directory: settings.root,
      logger,
      clock,
      graceMs: settings.garbageCollection.graceMs,
      ...settings.storage,
      onContent: (change) => ledger.note(change),
    }),
  );
  ledger.count(storage);
  stack.use(keepHouse({ storage, ...settings.garbageCollection, ...settings.storage, clock, logger }));
  const certificate = stack.use(openCertificate({ ...options, clock }));
  const parts = stack.use(await openParts({ ...options, clock, storage, ledger }));
  const { metrics } = parts;
  const server = stack.use(
    createRegistryServer({
      ...parts,
      storage,
      proxies: new TrustedProxies(settings.trustedProxies),
      clock,
      logger,
      ...(metrics === undefined ? {} : { onRequest: (request) => metrics.request(request) }),
      routes: [...healthRoutes, ...browseRoutes, ...parts.routes],
    }),
  );
  const addresses = await listenAll(server, settings, certificate.current);
  const owned = stack.move();
  return {
    storage,
    addresses,
    reload: () => {
      parts.reload();
      certificate.current?.reload();
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function openCertificate({ settings, clock, logger }: Required<OpenRegistryOptions>): Disposable & {
  current?: ServerCertificate;
} {
  if (settings.tls === undefined) return { [Symbol.dispose]: () => {} };
  const current = new ServerCertificate({ settings: settings.tls, clock, logger });
  return { current, [Symbol.dispose]: () => current[Symbol.dispose]() };
}

async function listenAll(
  server: RegistryServer,
  { listen }: RegistrySettings,
  certificate: ServerCertificate | undefined,
): Promise<BoundAddress[]> {
  const addresses: BoundAddress[] = [];
  for (const place of listen) {
    const isTls = place.kind === 'tcp' && certificate !== undefined;
    addresses.push(await server.listen(place, isTls ? certificate.tlsOptions : undefined));
  }
  certificate?.serve({ setSecureContext: (context) => server.renewTls(context) });
  return addresses;
}
