import { hostname } from 'node:os';
import { errorMessage } from '@gantry/base';
import { compileTemplate } from '@gantry/terminal';
import { InvalidOptionError } from '../../errors.ts';
import type { ContainerRecord } from '../../state/container-record.ts';

export type LogOptionMap = Readonly<Record<string, string>>;

/** What a log driver says about the container beside its lines. */
export interface LogSubject {
  /** 64 hex digits. */
  containerId: string;
  /** Without a slash. */
  containerName: string;
  imageId: string;
  imageName: string;
  /** Path and arguments, in one line. */
  command: string;
  /** RFC 3339. */
  createdAt: string;
  environment: readonly string[];
  labels: Readonly<Record<string, string>>;
}

export function logSubject({ id, name, image, config, createdAt }: LogRecordSource): LogSubject {
  return {
    containerId: id,
    containerName: name,
    imageId: image.id,
    imageName: image.reference,
    command: [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])].join(' '),
    createdAt,
    environment: config.Env ?? [],
    labels: config.Labels ?? {},
  };
}

export type LogRecordSource = Pick<ContainerRecord, 'id' | 'name' | 'image' | 'config' | 'createdAt'>;

/**
 * The labels and environment variables that `labels`, `labels-regex`, `env` and `env-regex` choose, by `rename` of their
 * names. Throws `InvalidOptionError` for a pattern that is none.
 */
export function extraAttributes(
  subject: LogSubject,
  options: LogOptionMap,
  rename: (name: string) => string = (name) => name,
): Record<string, string> {
  const environment = Object.fromEntries(
    subject.environment.flatMap((entry) => {
      const equals = entry.indexOf('=');
      return equals < 0 ? [] : [[entry.slice(0, equals), entry.slice(equals + 1)] as const];
    }),
  );
  const chosen = {
    ...choose(subject.labels, options['labels'], options['labels-regex']),
    ...choose(environment, options['env'], options['env-regex']),
  };
  return Object.fromEntries(Object.entries(chosen).map(([name, value]) => [rename(name), value]));
}

/** The text of the `tag` option, or of `fallback`. Throws `InvalidOptionError` for a template that cannot be evaluated. */
export function renderTag(subject: LogSubject, options: LogOptionMap, fallback: string): string {
  const given = options['tag'] ?? '';
  const template = given === '' ? fallback : given;
  try {
    const compiled = compileTemplate(template, {
      typeName: '*logger.Info',
      mapFields: ['Config', 'ContainerLabels', 'ExtraAttributes'],
    });
    return compiled.render(tagFields(subject, options));
  } catch (error) {
    throw new InvalidOptionError(`template: log-tag: ${errorMessage(error)}`, { option: 'tag' });
  }
}

/** The names that Docker's tag templates know. */
function tagFields(subject: LogSubject, options: LogOptionMap): Record<string, unknown> {
  return {
    ID: subject.containerId.slice(0, 12),
    FullID: subject.containerId,
    Name: subject.containerName,
    ImageID: subject.imageId.slice(0, 12),
    ImageFullID: subject.imageId,
    ImageName: subject.imageName,
    Command: subject.command,
    Hostname: hostname(),
    DaemonName: 'gantry',
    Config: options,
    // A method with one argument in Docker's notation: `{{.ExtraAttributes nil}}`.
    ExtraAttributes: () => extraAttributes(subject, options),
    ContainerID: subject.containerId,
    ContainerName: `/${subject.containerName}`,
    ContainerImageID: subject.imageId,
    ContainerImageName: subject.imageName,
    ContainerCreated: subject.createdAt,
    ContainerEnv: subject.environment,
    ContainerLabels: subject.labels,
  };
}

function choose(
  values: Readonly<Record<string, string>>,
  names: string | undefined,
  pattern: string | undefined,
): Record<string, string> {
  const wanted = new Set((names ?? '').split(',').filter((name) => name !== ''));
  const matcher = pattern === undefined || pattern === '' ? undefined : compilePattern(pattern);
  const chosen = Object.entries(values).filter(([name]) => wanted.has(name) || matcher?.test(name) === true);
  return Object.fromEntries(chosen);
}

function compilePattern(pattern: string): RegExp {
  try {
    return pattern.startsWith('(?i)') ? new RegExp(pattern.slice(4), 'i') : new RegExp(pattern);
  } catch {
    throw new InvalidOptionError(`error parsing regexp: \`${pattern}\``);
  }
}
