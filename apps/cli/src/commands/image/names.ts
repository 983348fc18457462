import { errorMessage } from '@gantry/base';
import { removeImage, tagImage } from '@gantry/client';
import { parseReference } from '@gantry/oci';
import { apiStatus, CommandError } from '../../errors.ts';
import type { CommandHandler } from '../../invocation.ts';
import { splitImageName } from '../../options/image-name.ts';
import { platformsJson } from '../../options/platform.ts';
import { failureText } from '../../print-failure.ts';

/** `gantry tag`. */
export const tagCommand: CommandHandler = async ({ args, engine }) => {
  const [source = '', target = ''] = args;
  const { repository, tag, digest } = splitImageName(target);
  checkReference(target);
  if (digest !== undefined) throw new CommandError(1, 'refusing to create a tag with a digest reference');
  await tagImage(await engine(), source, repository, tag ?? 'latest');
  return 0;
};

/** Throws in Docker's words for a name that no image can have. */
function checkReference(name: string): void {
  try {
    parseReference(name);
  } catch (error) {
    const reason = `${JSON.stringify(name)} is not a valid repository/tag: ${errorMessage(error)}`;
    throw new CommandError(1, `Error parsing reference: ${reason}`, { cause: error });
  }
}

/** `gantry rmi`: prints what was untagged and deleted. With `--force` an image that is gone is no failure. */
export const removeCommand: CommandHandler = async ({ flags, args, engine, stdout, stderr }) => {
  const client = await engine();
  const force = flags.boolean('force');
  const platforms = platformsJson(flags.list('platform'));
  const failures: string[] = [];
  let fatal = false;
  for (const name of args) {
    try {
      const removed = await removeImage(client, name, {
        force,
        noPrune: flags.boolean('no-prune'),
        ...(platforms === undefined ? {} : { platforms }),
      });
      for (const { Untagged, Deleted } of removed) {
        stdout.write(Deleted ? `Deleted: ${Deleted}\n` : `Untagged: ${Untagged}\n`);
      }
    } catch (error) {
      fatal ||= apiStatus(error) !== 404;
      failures.push(failureText(error));
    }
  }
  if (failures.length > 0 && (fatal || !force)) throw new CommandError(1, failures.join('\n'));
  if (failures.length > 0) stderr.write(`${failures.join('\n')}\n`);
  return 0;
};
