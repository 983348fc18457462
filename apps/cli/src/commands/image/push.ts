import { pushImage } from '@gantry/client';
import { ProgressPrinter, windowSize } from '@gantry/terminal';
import { registryAuth } from '../../config/registry-auth.ts';
import { CommandError } from '../../errors.ts';
import type { CommandHandler } from '../../invocation.ts';
import { refuseContentTrust } from '../../options/content-trust.ts';
import { splitImageName } from '../../options/image-name.ts';
import { platformJson } from '../../options/platform.ts';
import { fullName } from './pull.ts';

/** `gantry push`. With `--quiet` it prints the name alone. */
export const pushCommand: CommandHandler = async (invocation) => {
  refuseContentTrust(invocation);
  const { flags, args, stdout, engine, config } = invocation;
  const [name = ''] = args;
  const { repository, tag, digest } = splitImageName(name);
  const allTags = flags.boolean('all-tags');
  const quiet = flags.boolean('quiet');
  if (digest !== undefined) throw new CommandError(1, 'cannot push a digest reference');
  if (allTags && tag !== undefined) throw new CommandError(1, "tag can't be used with --all-tags/-a");
  if (!allTags && tag === undefined && !quiet) stdout.write('Using default tag: latest\n');
  const messages = await pushImage(await engine(), {
    repository,
    tag: allTags ? undefined : (tag ?? 'latest'),
    platform: platformJson(flags.string('platform')),
    registryAuth: registryAuth(config(), repository),
  });
  const printer = quiet ? undefined : new ProgressPrinter(stdout, windowSize(1)?.columns ?? 80);
  for await (const message of messages) printer?.print(message);
  if (quiet) stdout.write(`${fullName(allTags ? repository : `${repository}:${tag ?? 'latest'}`)}\n`);
  return 0;
};
