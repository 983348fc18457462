import {
  type CheckReporter,
  type Dockerfile,
  expandText,
  type FromInstruction,
  nearest,
} from '@gantry/dockerfile';
import { parseReference } from '@gantry/oci';
import { proxyArguments } from './build-arguments.ts';

/** Arguments that FROM knows though no ARG declares them. */
const platformArguments: readonly string[] = ['BUILD', 'TARGET'].flatMap((prefix) =>
  ['PLATFORM', 'OS', 'ARCH', 'VARIANT'].map((name) => prefix + name),
);

/**
 * Reports on the variables and platforms of FROM: UndefinedArgInFrom, InvalidDefaultArgInFrom, RedundantTargetPlatform and
 * FromPlatformFlagConstDisallowed. Looks at the text alone, whatever arguments a build is given.
 */
export function checkBases(file: Dockerfile, reporter: CheckReporter): void {
  const { escape } = file.directives;
  const defaults = new Map<string, string>();
  for (const { key, value } of file.globalArguments.flatMap((instruction) => instruction.arguments))
    defaults.set(
      key,
      value === undefined ? '' : expandText(value, (name) => defaults.get(name), { escape }).text,
    );
  const known = [...defaults.keys(), ...platformArguments, 'TARGETSTAGE', ...proxyArguments];
  for (const { from } of file.stages) {
    for (const text of [from.base, from.platform]) {
      const { undefinedNames } = expandText(text, (name) => (known.includes(name) ? 'known' : undefined), {
        escape,
      });
      for (const name of undefinedNames) reportUndefined(from, { name, known }, reporter);
    }
    checkDefault(from, { defaults, escape }, reporter);
    checkPlatform(from, reporter);
  }
}

function reportUndefined(
  from: FromInstruction,
  { name, known }: { name: string; known: readonly string[] },
  reporter: CheckReporter,
): void {
  const meant = nearest(name, known);
  const hint = meant === undefined ? '' : ` (did you mean ${meant}?)`;
  reporter.report('UndefinedArgInFrom', from, `FROM argument '${name}' is not declared${hint}`);
}

function checkDefault(
  from: FromInstruction,
  { defaults, escape }: { defaults: ReadonlyMap<string, string>; escape: '\\' | '`' },
  reporter: CheckReporter,
): void {
  const { text } = expandText(from.base, (name) => defaults.get(name), { escape });
  if (text === from.base || isReference(text)) return;
  const message = `Default value for ARG ${from.base} results in empty or invalid base image name`;
  reporter.report('InvalidDefaultArgInFrom', from, message);
}

function isReference(text: string): boolean {
  try {
    parseReference(text);
    return true;
  } catch {
    return false;
  }
}

function checkPlatform(from: FromInstruction, reporter: CheckReporter): void {
  const { platform, stageName } = from;
  if (platform === '') return;
  if (/^\$(?:TARGETPLATFORM|\{TARGETPLATFORM\})$/.test(platform)) {
    const message = `Setting platform to predefined ${platform} in FROM is redundant as this is the default behavior`;
    reporter.report('RedundantTargetPlatform', from, message);
  } else if (!platform.includes('$') && !namesItsPlatform(stageName, platform)) {
    const message = `FROM --platform flag should not use constant value ${JSON.stringify(platform)}`;
    reporter.report('FromPlatformFlagConstDisallowed', from, message);
  }
}

/** A stage that is called after its platform is one of several by intention. */
function namesItsPlatform(stageName: string, platform: string): boolean {
  return platform.split('/').some((part) => part !== '' && stageName.includes(part.toLowerCase()));
}
