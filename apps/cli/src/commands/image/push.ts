import { pushImage } from '@gantry/client';
import { parseReference } from '@gantry/oci';
import { ProgressPrinter, windowSize } from '@gantry/terminal';
import { registryAuth } from '../../config/registry-auth.ts';
import { CommandError } from '../../errors.ts';
import type { CommandHandler } from '../../invocation.ts';
import { refuseContentTrust } from '../../options/content-trust.ts';
import { splitImageName } from '../../options/image-name.ts';
import { platformJson } from '../../options/platform.ts';
import { noteText } from '../../output/note.ts';
import { fullName } from './pull.ts';

const platformNote = `Using --platform pushes only the specified platform manifest of a multi-platform image index.
Other components, like attestations, will not be included.
To push the complete multi-platform image, remove the --platform flag.
`;

/** `gantry push`. With `--quiet` it prints the name alone, and what was pushed instead of the whole. */
export const pushCommand: CommandHandler = async (invocation) => {
  refuseContentTrust(invocation);
  const { flags, args, stdout, engine, config } = invocation;
  const [name = ''] = args;
  const { repository, tag, digest } = splitImageName(name);
  parseReference(name);
  const allTags = flags.boolean('all-tags');
  const quiet = flags.boolean('quiet');
  if (digest !== undefined) throw new CommandError(1, 'cannot push a digest reference');
  if (allTags && tag !== undefined) throw new CommandError(1, "tag can't be used with --all-tags/-a");
  if (!allTags && tag === undefined && !quiet) stdout.write('Using default tag: latest\n');
  const platform = flags.string('platform');
  if (platform !== '') stdout.write(noteText(platformNote));
  const messages = await pushImage(await engine(), {
    repository,
    tag: allTags ? undefined : (tag ?? 'latest'),
    platform: platformJson(platform),
    registryAuth: registryAuth(config(), repository),
  });
  const printer = quiet ? undefined : new ProgressPrinter(stdout, windowSize(1)?.columns ?? 80);
  const notes: string[] = [];
  for await (const message of messages) {
    notes.push(...notesOf(message.aux));
    printer?.print(message);
  }
  if (quiet) stdout.write(`${fullName(allTags ? repository : `${repository}:${tag ?? 'latest'}`)}\n`);
  for (const note of notes) stdout.write(noteText(note));
  return 0;
};

/** What the engine tells of an index of which it has one platform alone (`aux` of Docker's push). */
interface PushedInstead {
  manifestPushedInsteadOfIndex?: boolean;
  originalIndex?: { digest: string };
  selectedManifest?: { digest: string };
}

function notesOf(aux: unknown): string[] {
  const { manifestPushedInsteadOfIndex, originalIndex, selectedManifest } = (aux ?? {}) as PushedInstead;
  if (manifestPushedInsteadOfIndex !== true) return [];
  return [
    `Not all multiplatform-content is present and only the available single-platform image was pushed\n${originalIndex?.digest} -> ${selectedManifest?.digest}`,
  ];
}
