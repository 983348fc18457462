import { createHash } from 'node:crypto';
import { errorMessage } from '@gantry/base';
import { namePattern } from '../../patterns/name-pattern.ts';
import { Section } from '../../settings/section.ts';
import type { RepositoryAction } from '../access.ts';
import { type Right, readActions } from '../access-settings.ts';

/** Programs' sign-ins: a token each, with rights and an end of their own. */
export type Robots = ReadonlyMap<string, Robot>;

export interface Robot {
  /** `robot+<name>`, which no user is called. */
  name: string;
  /** sha256 of the token, in hex; the token has 256 random bits, so that nothing slower is needed. */
  secretSha256: string;
  rights: readonly Omit<Right, 'callers'>[];
  /** Milliseconds since the epoch; missing: never. */
  endsAtMs?: number;
}

/** The file as it lies on disk. */
export interface RobotDocument {
  version: 1;
  robots: Record<string, RobotRecord>;
}

export interface RobotRecord {
  secretSha256: string;
  rights: { repositories: string[]; actions: string[] }[];
  /** RFC 3339. */
  createdAt: string;
  endsAt?: string;
}

export const robotPrefix = 'robot+';
const nameOfRobot = /^[a-z0-9][a-z0-9._-]{0,63}$/;

export function isRobotName(name: string): boolean {
  return nameOfRobot.test(name);
}

export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** Throws `Error` that names what is wrong. */
export function parseRobots(content: string): Robots {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (error) {
    throw new Error(`is not JSON: ${errorMessage(error)}`, { cause: error });
  }
  const section = new Section(value, 'robots file');
  if (section.count('version', { least: 1, most: 1 }) === undefined) section.fail('version', 'is missing');
  section.required('robots', section.section('robots'));
  section.end();
  const { robots } = value as RobotDocument;
  return new Map(
    Object.entries(robots).map(([name, record]) => [`${robotPrefix}${name}`, readRobot(name, record)]),
  );
}

/** What a robot may by its own rights. Settings name robots too: what they give is added. */
export function robotAllows(robot: Robot, repository: string, action: RepositoryAction): boolean {
  return robot.rights.some(
    ({ repositories, actions }) =>
      actions.includes(action) && repositories.some((pattern) => pattern.matches(repository)),
  );
}

function readRobot(name: string, record: unknown): Robot {
  const at = `robots.${name}`;
  const section = new Section(record, at);
  if (!isRobotName(name)) section.fail('', 'is not a name: small letters, digits and . _ -');
  const secretSha256 = section.required('secretSha256', section.text('secretSha256'));
  if (!/^[0-9a-f]{64}$/.test(secretSha256)) section.fail('secretSha256', 'must be 64 hex digits');
  const rights = section.required('rights', section.sections('rights'));
  section.required('createdAt', section.text('createdAt'));
  const endsAt = section.text('endsAt');
  const endsAtMs = endsAt === undefined ? undefined : Date.parse(endsAt);
  if (Number.isNaN(endsAtMs)) section.fail('endsAt', 'must be a time such as 2027-01-31T00:00:00Z');
  section.end();
  return {
    name: `${robotPrefix}${name}`,
    secretSha256,
    rights: rights.map((right, index) => readRobotRight(right, `${at}.rights[${index}]`)),
    ...(endsAtMs === undefined ? {} : { endsAtMs }),
  };
}

function readRobotRight(section: Section, at: string): Omit<Right, 'callers'> {
  const repositories = section.required('repositories', section.texts('repositories'));
  const actions = readActions(section);
  section.end();
  return { repositories: repositories.map((text) => namePattern(text, `${at}.repositories`)), actions };
}
