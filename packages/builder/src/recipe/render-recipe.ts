import { formatPlatform } from '@gantry/oci';
import { InvalidBuildError } from '../errors.ts';
import type { Recipe } from './recipe.ts';
import type { RecipeMount, RecipeStep, TransferSettings } from './recipe-step.ts';

/**
 * A recipe as a Dockerfile: the recipe last, and in front of it each that it stands on or takes files from, once. Throws
 * `InvalidBuildError` for a text that no Dockerfile can hold.
 */
export function renderRecipe(recipe: Recipe): string {
  const stages = new Map<Recipe, number>();
  const texts: string[] = [];
  const add = (wanted: Recipe): number => {
    const known = stages.get(wanted);
    if (known !== undefined) return known;
    const lines = [fromLine(wanted, add), ...stepLines(wanted, (source) => sourceName(source, add))];
    const number = stages.size;
    stages.set(wanted, number);
    texts.push(`${lines[0]} AS ${stageName(number)}\n${lines.slice(1).join('\n')}`);
    return number;
  };
  add(recipe);
  return `${texts.join('\n\n').trimEnd()}\n`;
}

function stageName(number: number): string {
  return `recipe-${number}`;
}

function fromLine({ base }: Recipe, add: (recipe: Recipe) => number): string {
  if (base === undefined) return 'FROM scratch';
  if ('recipe' in base) return `FROM ${stageName(add(base.recipe))}`;
  const { platform, image } = base;
  return `FROM ${platform === undefined ? '' : `--platform=${formatPlatform(platform)} `}${word(image)}`;
}

function sourceName(source: string | Recipe, add: (recipe: Recipe) => number): string {
  return typeof source === 'string' ? source : stageName(add(source));
}

type NameOf = (source: string | Recipe) => string;

function* stepLines({ steps }: Recipe, nameOf: NameOf): Generator<string> {
  let shell: readonly string[] = ['/bin/sh', '-c'];
  for (const step of steps) {
    if (step.kind === 'words' && step.word === 'SHELL') shell = step.words;
    yield stepLine(step, shell, nameOf);
  }
}

function stepLine(step: RecipeStep, shell: readonly string[], nameOf: NameOf): string {
  switch (step.kind) {
    case 'run': {
      const { mounts = [], network } = step.settings;
      const flags = [
        ...mounts.map((mount) => `--mount=${mountText(mount, nameOf)}`),
        ...(network === undefined ? [] : [`--network=${network}`]),
      ];
      return ['RUN', ...flags, JSON.stringify(commandWords(step.command, shell))].join(' ');
    }
    case 'copy': {
      const { from, parents } = step.settings;
      const flags = [
        ...(from === undefined ? [] : [`--from=${word(nameOf(from))}`]),
        ...(parents === true ? ['--parents'] : []),
        ...transferFlags(step.settings),
      ];
      return ['COPY', ...flags, transferWords(step)].join(' ');
    }
    case 'add':
      return ['ADD', ...transferFlags(step.settings), transferWords(step)].join(' ');
    case 'pairs':
      return [
        step.word,
        ...Object.entries(step.pairs).map(([key, value]) => `${word(key)}=${quoted(value)}`),
      ].join(' ');
    case 'text':
      return `${step.word} ${step.word === 'EXPOSE' ? oneLine(step.text) : literal(step.text)}`;
    case 'words':
      return `${step.word} ${JSON.stringify(step.words.map(step.word === 'VOLUME' ? literal : String))}`;
    case 'command':
      return `${step.word} ${JSON.stringify(commandWords(step.command, shell))}`;
    case 'healthcheck':
      return healthLine(step);
  }
}

function commandWords(command: string | readonly string[], shell: readonly string[]): readonly string[] {
  return typeof command === 'string' ? [...shell, command] : command;
}

function transferFlags({ chown, chmod, link, exclude = [] }: TransferSettings): string[] {
  return [
    ...(chown === undefined ? [] : [`--chown=${word(chown)}`]),
    ...(chmod === undefined ? [] : [`--chmod=${word(chmod)}`]),
    ...(link === true ? ['--link'] : []),
    ...exclude.map((pattern) => `--exclude=${word(pattern)}`),
  ];
}

function transferWords({
  sources,
  destination,
}: {
  sources: readonly string[];
  destination: string;
}): string {
  return JSON.stringify([...sources, destination].map(literal));
}

function mountText(mount: RecipeMount, nameOf: NameOf): string {
  const fields = [
    `type=${mount.type}`,
    ...Object.entries(mount).flatMap(([key, value]: [string, string | boolean | Recipe]) => {
      if (key === 'type') return [];
      if (typeof value === 'boolean') return value ? ['rw'] : [];
      return [`${key}=${nameOf(value)}`];
    }),
  ];
  const cut = fields.find((field) => field.includes(','));
  if (cut !== undefined) throw new InvalidBuildError(`a mount cannot hold a comma: ${JSON.stringify(cut)}`);
  return fields.map(word).join(',');
}

function healthLine({ command, times }: Extract<RecipeStep, { kind: 'healthcheck' }>): string {
  if (command === undefined) return 'HEALTHCHECK NONE';
  const { Interval, Timeout, StartPeriod, StartInterval, Retries } = times;
  const durations = {
    interval: Interval,
    timeout: Timeout,
    'start-period': StartPeriod,
    'start-interval': StartInterval,
  };
  const flags = Object.entries(durations).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}=${value}ns`],
  );
  if (Retries !== undefined) flags.push(`--retries=${Retries}`);
  return ['HEALTHCHECK', ...flags, 'CMD', JSON.stringify(command)].join(' ');
}

/** Nothing in it is a variable, a quote or an escape. */
function literal(text: string): string {
  return oneLine(text).replaceAll(/[\\$"']/g, '\\$&');
}

function quoted(text: string): string {
  return `"${oneLine(text).replaceAll(/[\\$"]/g, '\\$&')}"`;
}

/** A flag or a name: nothing in it may end it. */
function word(text: string): string {
  if (/^[^\s"'\\$]+$/.test(text)) return text;
  throw new InvalidBuildError(`${JSON.stringify(text)} cannot stand in a recipe`);
}

function oneLine(text: string): string {
  if (!/[\r\n\0]/.test(text)) return text;
  throw new InvalidBuildError(`a text of more than one line cannot stand here: ${JSON.stringify(text)}`);
}
