import path from 'node:path';
import { errorMessage } from '@gantry/base';
import type { ListenPlace } from '@gantry/http-server';
import { type AccessSettings, readAccessSettings } from '../access/access-settings.ts';
import { type CacheSettings, readCacheSettings } from '../cache/cache-settings.ts';
import { readTlsSettings, type TlsSettings } from '../certificates/tls-settings.ts';
import {
  type AuditSettings,
  type MetricsSettings,
  readAuditSettings,
  readMetricsSettings,
  readWebhookSettings,
  type WebhookSettings,
} from '../events/event-settings.ts';
import { TrustedProxies } from '../http/trusted-proxies.ts';
import { type ReplicationSettings, readReplicationSettings } from '../replication/replication-settings.ts';
import { type RetentionSettings, readRetentionSettings } from '../retention/retention-settings.ts';
import { type RuleSettings, readRuleSettings } from '../rules/rule-settings.ts';
import { Section } from './section.ts';

/** What a registry runs with; frozen. */
export interface RegistrySettings {
  readonly listen: readonly ListenPlace[];
  /** Where everything lies; absolute. */
  readonly root: string;
  readonly logLevel: RegistryLogLevel;
  /** That everybody who reaches it may read and write was said in so many words. */
  readonly isOpen: boolean;
  /** As `TrustedProxies` takes them. */
  readonly trustedProxies: readonly string[];
  readonly storage: StorageSettings;
  readonly garbageCollection: GarbageCollectionSettings;
  readonly tls?: TlsSettings;
  readonly access?: AccessSettings;
  readonly rules: RuleSettings;
  readonly retention: RetentionSettings;
  readonly cache: readonly CacheSettings[];
  readonly replication: readonly ReplicationSettings[];
  readonly webhooks: readonly WebhookSettings[];
  readonly audit?: AuditSettings;
  readonly metrics?: MetricsSettings;
}

export interface StorageSettings {
  maxUploads: number;
  maxBlobBytes: number;
  /** How long an upload stays to which nothing is appended. */
  uploadLifetimeMs: number;
  /** Content directories (of engines) on the same file system, whose blobs are linked instead of kept twice. */
  neighbours: readonly string[];
}

export interface GarbageCollectionSettings {
  /** Missing: only when it is asked for. */
  intervalMs?: number;
  graceMs: number;
}

const logLevels = ['debug', 'info', 'warn', 'error', 'fatal'] as const;
export type RegistryLogLevel = (typeof logLevels)[number];

/** The keys at the top, for those who read them from flags and the environment. */
export const registryKeys: readonly string[] = [
  'listen',
  'root',
  'log-level',
  'open',
  'trusted-proxies',
  'storage',
  'garbage-collection',
  'tls',
  'access',
  'rules',
  'retention',
  'cache',
  'replication',
  'webhooks',
  'audit',
  'metrics',
];

const hourMs = 3_600_000;

/** Reads a configuration. Throws `RegistrySettingsError`, which names the place, also for a key that is not known. */
export function readRegistrySettings(value: unknown): RegistrySettings {
  const section = new Section(value, 'configuration');
  const fields = value as Readonly<Record<string, unknown>>;
  const optional = <T>(key: string, read: (part: unknown) => T): T | undefined =>
    section.has(key) ? read(fields[key]) : undefined;
  const root = section.text('root') ?? '/var/lib/gantry-registry';
  if (!path.isAbsolute(root)) section.fail('root', 'must be an absolute path');
  const tls = optional('tls', readTlsSettings);
  const access = optional('access', readAccessSettings);
  const audit = optional('audit', readAuditSettings);
  const metrics = optional('metrics', readMetricsSettings);
  const settings: RegistrySettings = {
    listen: readListen(section),
    root: path.normalize(root),
    logLevel: readLogLevel(section),
    isOpen: section.flag('open') ?? false,
    trustedProxies: readProxies(section),
    storage: readStorage(section.section('storage') ?? new Section({}, 'storage')),
    garbageCollection: readCollection(
      section.section('garbage-collection') ?? new Section({}, 'garbage-collection'),
    ),
    rules: optional('rules', readRuleSettings) ?? readRuleSettings({}),
    retention: optional('retention', readRetentionSettings) ?? readRetentionSettings({}),
    cache: optional('cache', readCacheSettings) ?? [],
    replication: optional('replication', readReplicationSettings) ?? [],
    webhooks: optional('webhooks', readWebhookSettings) ?? [],
    ...(tls === undefined ? {} : { tls }),
    ...(access === undefined ? {} : { access }),
    ...(audit === undefined ? {} : { audit }),
    ...(metrics === undefined ? {} : { metrics }),
  };
  section.end();
  refuseOpenDoor(section, settings);
  return Object.freeze(settings);
}

/** A registry that everybody on the network may write to has to be meant. */
function refuseOpenDoor(section: Section, { access, isOpen, listen }: RegistrySettings): void {
  if (access !== undefined || isOpen) return;
  if (listen.some((place) => place.kind === 'tcp' && !isLoopback(place.host))) {
    section.fail(
      'listen',
      'is reached from other machines, and everybody might push: give "access", or say "open": true',
    );
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}

function readListen(section: Section): ListenPlace[] {
  const texts = section.texts('listen') ?? ['127.0.0.1:5000'];
  if (texts.length === 0) section.fail('listen', 'must name one address at least');
  return texts.map((text) => {
    if (text.startsWith('unix:///')) return { kind: 'unix', path: text.slice('unix://'.length) };
    const match = /^(?:\[([0-9a-fA-F:]+)\]|([^:[\]/]*)):(\d{1,5})$/.exec(text);
    const port = Number(match?.[3]);
    if (match === null || port > 65_535) {
      section.fail('listen', `"${text}" is neither host:port nor unix:///path`);
    }
    return { kind: 'tcp', host: match[1] ?? (match[2] || '::'), port };
  });
}

function readProxies(section: Section): readonly string[] {
  const texts = section.texts('trusted-proxies') ?? [];
  try {
    void new TrustedProxies(texts);
    return texts;
  } catch (error) {
    return section.fail('trusted-proxies', errorMessage(error));
  }
}

function readLogLevel(section: Section): RegistryLogLevel {
  const text = section.text('log-level') ?? 'info';
  const level = logLevels.find((known) => known === text);
  return level ?? section.fail('log-level', `must be one of ${logLevels.join(', ')}`);
}

function readStorage(section: Section): StorageSettings {
  const settings = {
    maxUploads: section.count('max-uploads', { least: 1, most: 1_000_000 }) ?? 50_000,
    maxBlobBytes: section.sizeBytes('max-blob-size') ?? 2 ** 40,
    uploadLifetimeMs: section.durationMs('upload-lifetime') ?? 24 * hourMs,
    neighbours: section.texts('shared-content') ?? [],
  };
  if (!settings.neighbours.every((directory) => path.isAbsolute(directory))) {
    section.fail('shared-content', 'must be absolute paths of content directories');
  }
  section.end();
  return settings;
}

function readCollection(section: Section): GarbageCollectionSettings {
  const isOff = section.isFlag('interval') && section.flag('interval') === false;
  const intervalMs = isOff ? undefined : (section.durationMs('interval') ?? 24 * hourMs);
  const settings = {
    ...(intervalMs === undefined ? {} : { intervalMs }),
    graceMs: section.durationMs('grace') ?? 2 * hourMs,
  };
  section.end();
  return settings;
}
