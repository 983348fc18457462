import { type NamePattern, namePattern } from '../patterns/name-pattern.ts';
import { Section } from '../settings/section.ts';
import type { RegistryAction } from './registry-event.ts';

export interface WebhookSettings {
  name: string;
  url: string;
  /** Its content, without line end, is the key of the signature. Missing: requests are not signed. */
  secretFile?: string;
  actions: readonly RegistryAction[];
  /** Missing: all repositories. */
  repositories?: readonly NamePattern[];
  /** Whether it may be an address of this host or of a private network. */
  allowsPrivate: boolean;
  timeoutMs: number;
}

export interface AuditSettings {
  file: string;
  maxBytes: number;
  maxFiles: number;
  /** Whether pulls are written too: they are many. */
  withPulls: boolean;
}

export interface MetricsSettings {
  /** Whether anybody may read them; administrators always may. */
  isPublic: boolean;
}

const changes: readonly RegistryAction[] = ['push', 'delete', 'mount'];
const allActions: readonly RegistryAction[] = [...changes, 'pull', 'login-refused'];
const maxWebhooks = 50;

/** Reads the list `webhooks` of the configuration. Throws `RegistrySettingsError`. */
export function readWebhookSettings(value: unknown): readonly WebhookSettings[] {
  const root = new Section({ webhooks: value }, 'configuration');
  const sections = root.sections('webhooks') ?? [];
  if (sections.length > maxWebhooks) root.fail('webhooks', `must be ${maxWebhooks} at most`);
  const webhooks = sections.map(readWebhook);
  const names = webhooks.map(({ name }) => name);
  const twin = names.find((name, index) => names.indexOf(name) !== index);
  if (twin !== undefined) root.fail('webhooks', `two are called ${twin}`);
  return webhooks;
}

/** Reads the section `audit` of the configuration. Throws `RegistrySettingsError`. */
export function readAuditSettings(value: unknown): AuditSettings {
  const section = new Section(value, 'audit');
  const settings = {
    file: section.required('file', section.text('file')),
    maxBytes: section.sizeBytes('max-size') ?? 100 * 2 ** 20,
    maxFiles: section.count('max-files', { least: 1, most: 1000 }) ?? 10,
    withPulls: section.flag('pulls') ?? true,
  };
  section.end();
  return settings;
}

/** Reads the section `metrics` of the configuration. Throws `RegistrySettingsError`. */
export function readMetricsSettings(value: unknown): MetricsSettings {
  const section = new Section(value, 'metrics');
  const settings = { isPublic: section.flag('public') ?? false };
  section.end();
  return settings;
}

function readWebhook(section: Section): WebhookSettings {
  const name = section.required('name', section.text('name'));
  if (!/^[a-z0-9][a-z0-9._-]{0,62}$/.test(name))
    section.fail('name', 'must be small letters, digits and . _ -');
  const secretFile = section.text('secret-file');
  const actions = section.texts('actions') ?? changes;
  const unknown = actions.find((action) => !(allActions as readonly string[]).includes(action));
  if (unknown !== undefined) section.fail('actions', `"${unknown}" is none of ${allActions.join(', ')}`);
  const repositories = section.texts('repositories');
  const webhook: WebhookSettings = {
    name,
    url: section.required('url', section.url('url')),
    ...(secretFile === undefined ? {} : { secretFile }),
    actions: actions as readonly RegistryAction[],
    ...(repositories === undefined
      ? {}
      : { repositories: repositories.map((text) => namePattern(text, 'webhooks.repositories')) }),
    allowsPrivate: section.flag('allow-private') ?? false,
    timeoutMs: section.durationMs('timeout') ?? 10_000,
  };
  section.end();
  return webhook;
}
