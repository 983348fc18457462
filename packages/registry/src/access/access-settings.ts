import { matchesAny, type NamePattern, namePattern } from '../patterns/name-pattern.ts';
import { Section } from '../settings/section.ts';
import type { RepositoryAction } from './access.ts';

/** Who may do what, as configured. Files are read later, and again when they change. */
export interface AccessSettings {
  /** htpasswd with bcrypt hashes. */
  usersFile?: string;
  /** Robots, as `gantry registry robot` writes them. */
  robotsFile?: string;
  /** Repositories that everybody may pull. */
  anonymousPull: readonly NamePattern[];
  /** Users who may do everything. */
  administrators: readonly string[];
  /** Missing: every user may pull, push and delete everywhere. */
  rights?: readonly Right[];
  /** Missing: callers sign in with their password at each request. */
  tokens?: TokenSettings;
}

export interface Right {
  repositories: readonly NamePattern[];
  /** Names of users and robots; `*` is all who signed in. */
  callers: readonly string[];
  actions: readonly RepositoryAction[];
}

export interface TokenSettings {
  /** Address of the token service where clients reach it; missing: the address that the client used, and `/token`. */
  realm?: string;
  /** Whom tokens are for; a registry takes its own only. */
  service: string;
  lifetimeMs: number;
  /** How long an identity token lasts that is not used. */
  refreshLifetimeMs: number;
  /** How long a key signs. It is taken for one more token lifetime. */
  keyLifetimeMs: number;
}

const knownActions: readonly RepositoryAction[] = ['pull', 'push', 'delete'];
const everywhere: readonly NamePattern[] = [{ text: '**', matches: () => true }];

/** Reads the section `access` of the configuration. Throws `RegistrySettingsError`. */
export function readAccessSettings(value: unknown): AccessSettings {
  const section = new Section(value, 'access');
  const usersFile = section.text('users-file');
  const robotsFile = section.text('robots-file');
  const rights = section
    .sections('rights')
    ?.map((right, index) => readRight(right, `access.rights[${index}]`));
  const settings: AccessSettings = {
    ...(usersFile === undefined ? {} : { usersFile }),
    ...(robotsFile === undefined ? {} : { robotsFile }),
    anonymousPull: readAnonymousPull(section),
    administrators: section.texts('administrators') ?? [],
    ...(rights === undefined ? {} : { rights }),
    ...readTokens(section),
  };
  if (usersFile === undefined && robotsFile === undefined) {
    section.fail(
      'users-file',
      'is missing: nobody could sign in (leave the section out for a registry without users)',
    );
  }
  section.end();
  return settings;
}

/** Whether everybody may pull from the repository. */
export function isPublic({ anonymousPull }: AccessSettings, repository: string): boolean {
  return matchesAny(anonymousPull, repository);
}

/** `true` is everything; a list names repositories. */
function readAnonymousPull(section: Section): readonly NamePattern[] {
  if (section.isFlag('anonymous-pull')) return section.flag('anonymous-pull') === true ? everywhere : [];
  const texts = section.texts('anonymous-pull') ?? [];
  return texts.map((text) => namePattern(text, 'access.anonymous-pull'));
}

/** The `actions` of a right, of a user or of a robot. Throws `RegistrySettingsError`. */
export function readActions(section: Section): readonly RepositoryAction[] {
  const actions = section.required('actions', section.texts('actions'));
  const wrong = actions.find((action) => !(knownActions as readonly string[]).includes(action));
  if (wrong !== undefined || actions.length === 0)
    section.fail('actions', `must be some of ${knownActions.join(', ')}`);
  return actions as readonly RepositoryAction[];
}

function readRight(section: Section, at: string): Right {
  const repositories = section.required('repositories', section.texts('repositories'));
  const right = {
    repositories: repositories.map((text) => namePattern(text, `${at}.repositories`)),
    callers: section.required('callers', section.texts('callers')),
    actions: readActions(section),
  };
  section.end();
  return right;
}

function readTokens(access: Section): { tokens?: TokenSettings } {
  if (access.isFlag('tokens') && access.flag('tokens') === false) return {};
  const section = access.section('tokens') ?? new Section({}, 'access.tokens');
  const realm = section.url('realm');
  const tokens: TokenSettings = {
    ...(realm === undefined ? {} : { realm }),
    service: section.text('service') ?? 'gantry-registry',
    lifetimeMs: section.durationMs('lifetime') ?? 300_000,
    refreshLifetimeMs: section.durationMs('refresh-lifetime') ?? 90 * 86_400_000,
    keyLifetimeMs: section.durationMs('key-lifetime') ?? 30 * 86_400_000,
  };
  if (tokens.lifetimeMs < 60_000) section.fail('lifetime', 'must be a minute or more: clients expect that');
  if (/["\\\r\n]/.test(tokens.service)) section.fail('service', 'must be without quotes and line ends');
  section.end();
  return { tokens };
}
