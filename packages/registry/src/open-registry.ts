import { type Clock, type Logger, systemClock } from '@gantry/base';
import type { BoundAddress } from '@gantry/http-server';
import { openAccess } from './access/open-access.ts';
import { type OpenedAccess, openAccessFor } from './access/open-access-for.ts';
import { browseRoutes } from './browse/browse-routes.ts';
import { noPullThrough } from './cache/pull-through.ts';
import { ServerCertificate } from './certificates/server-certificate.ts';
import { RegistryMetrics } from './events/metrics/registry-metrics.ts';
import { type OpenedEvents, openEvents } from './events/open-events.ts';
import { keepHouse } from './gc/housekeeping.ts';
import { healthRoutes } from './health/health-routes.ts';
import { createRegistryServer, type RegistryServer } from './registry-server.ts';
import { noRules } from './rules/push-rules.ts';
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
  const storage = stack.use(
    await openStorage({
      directory: settings.root,
      logger,
      clock,
      graceMs: settings.garbageCollection.graceMs,
      maxUploads: settings.storage.maxUploads,
      maxBlobBytes: settings.storage.maxBlobBytes,
    }),
  );
  stack.use(keepHouse({ storage, ...settings.garbageCollection, ...settings.storage, clock, logger }));
  const opened = stack.use(await openParts({ ...options, clock }, storage));
  const server = stack.use(
    createRegistryServer({
      storage,
      access: opened.access?.access ?? openAccess,
      rules: noRules,
      events: opened.events.events,
      pullThrough: noPullThrough,
      clock,
      logger,
      routes: [...healthRoutes, ...browseRoutes],
    }),
  );
  const addresses = await listenAll(server, settings, opened.certificate);
  const owned = stack.move();
  return {
    storage,
    addresses,
    reload: () => {
      opened.access?.reload();
      opened.certificate?.reload();
      opened.events.reopenFiles();
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

interface OpenedParts extends AsyncDisposable {
  access?: OpenedAccess;
  events: OpenedEvents;
  certificate?: ServerCertificate;
}

async function openParts(
  { settings, userAgent, logger, clock }: Required<OpenRegistryOptions>,
  storage: OpenStorage,
): Promise<OpenedParts> {
  await using stack = new AsyncDisposableStack();
  const store = storage.metadata;
  const { webhooks, audit } = settings;
  const metrics = settings.metrics === undefined ? {} : { metrics: new RegistryMetrics() };
  const events = stack.use(
    openEvents({
      webhooks,
      ...(audit === undefined ? {} : { audit }),
      ...metrics,
      store,
      userAgent,
      clock,
      logger,
    }),
  );
  const onRefused: Parameters<typeof openAccessFor>[1]['onRefused'] = (name, { headers, remoteAddress }) => {
    const about = { repository: '', actor: name, remoteAddress, requestId: '' };
    events.events.publish({ action: 'login-refused', ...about, userAgent: headers['user-agent'] ?? '' });
  };
  const access =
    settings.access === undefined
      ? undefined
      : stack.use(await openAccessFor(settings.access, { store, clock, logger, onRefused }));
  const certificate =
    settings.tls === undefined
      ? undefined
      : stack.use(new ServerCertificate({ settings: settings.tls, clock, logger }));
  const owned = stack.move();
  return {
    events,
    ...(access === undefined ? {} : { access }),
    ...(certificate === undefined ? {} : { certificate }),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
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
