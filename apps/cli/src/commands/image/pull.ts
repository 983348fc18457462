import { parseReference } from '@gantry/oci';
import { CommandError } from '../../errors.ts';
import type { CommandHandler } from '../../invocation.ts';
import { refuseContentTrust } from '../../options/content-trust.ts';
import { splitImageName, withDefaultTag } from '../../options/image-name.ts';
import { pullWithProgress } from '../../streams/pull-image.ts';

/** `gantry pull`. Prints the image's full name at the end, and nothing else with `--quiet`. */
export const pullCommand: CommandHandler = async (invocation) => {
  refuseContentTrust(invocation);
  const { flags, args, environment, stdout } = invocation;
  const [name = ''] = args;
  const { tag, digest } = splitImageName(name);
  parseReference(name);
  const allTags = flags.boolean('all-tags');
  const quiet = flags.boolean('quiet');
  if (allTags && (tag !== undefined || digest !== undefined)) {
    throw new CommandError(1, "tag can't be used with --all-tags/-a");
  }
  if (!allTags && tag === undefined && digest === undefined && !quiet) {
    stdout.write('Using default tag: latest\n');
  }
  const platform = flags.string('platform') || environment['DOCKER_DEFAULT_PLATFORM'];
  await pullWithProgress(invocation, {
    name,
    platform,
    allTags,
    verify: flags.boolean('verify'),
    output: quiet ? undefined : stdout,
  });
  stdout.write(`${fullName(allTags ? name : withDefaultTag(name))}\n`);
  return 0;
};

/** With the registry in front. Images of `mirror/` come from none. */
export function fullName(name: string): string {
  const [first = '', ...rest] = name.split('/');
  if (first === 'mirror' && rest.length > 0) return name;
  if (rest.length === 0) return `docker.io/library/${name}`;
  return /[.:]/.test(first) || first === 'localhost' ? name : `docker.io/${name}`;
}
