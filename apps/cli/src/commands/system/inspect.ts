import { type InspectKind, inspectRaw } from '@gantry/client';
import { apiStatus, CommandError, NotBuiltError } from '../../errors.ts';
import type { CommandHandler } from '../../invocation.ts';
import { printInspected } from '../../output/inspect-output.ts';

const kinds: readonly InspectKind[] = ['container', 'image', 'network', 'volume', 'plugin'];
const swarmKinds = ['config', 'node', 'secret', 'service', 'task'];

/** `gantry inspect`: looks for each name among containers, images, networks, volumes and plugins, in this order. */
export const inspectCommand: CommandHandler = async ({ flags, args, engine, stdout, stderr }) => {
  const type = flags.string('type');
  if (swarmKinds.includes(type)) throw new NotBuiltError(`gantry inspect --type=${type}`);
  if (flags.has('type') && !kinds.includes(type as InspectKind)) {
    const known = [...kinds, ...swarmKinds].toSorted().map((kind) => `"${kind}"`);
    const what = type === '' ? 'type is empty' : `unknown type: "${type}"`;
    throw new CommandError(1, `${what}: must be one of ${known.join(', ')}`);
  }
  const client = await engine();
  const size = flags.boolean('size');
  const readAs = async (kind: InspectKind, name: string): Promise<string> => {
    const text = await inspectRaw(client, kind, name, kind === 'container' ? { size } : {});
    if (size && kind !== 'container') stderr.write(`WARNING: --size ignored for ${kind}\n`);
    return text;
  };
  await printInspected(stdout, args, {
    format: flags.string('format'),
    read: (name) => (flags.has('type') ? readAs(type as InspectKind, name) : inspectAny(name, readAs)),
  });
  return 0;
};

async function inspectAny(
  name: string,
  readAs: (kind: InspectKind, name: string) => Promise<string>,
): Promise<string> {
  for (const kind of kinds) {
    try {
      return await readAs(kind, name);
    } catch (error) {
      if (!isSkippable(error)) throw error;
    }
  }
  throw new CommandError(1, `Error: No such object: ${name}`);
}

/** Not there, not built, or no name that this kind of object could have. */
function isSkippable(error: unknown): boolean {
  const status = apiStatus(error);
  if (status === 404 || status === 501) return true;
  return error instanceof Error && /not supported|invalid reference format/.test(error.message);
}
