import { errorMessage, parseGoDuration, systemClock } from '@gantry/base';
import { type RobotInfo, RobotStore } from '@gantry/registry';
import { CommandLineError } from '../command-line-error.ts';
import { loadSettings } from '../configuration.ts';
import { parseOptions } from './parse-options.ts';

export const robotsHelp: string = `Commands:
  add NAME             Make a robot (or renew one) and print its token, which is kept nowhere
  rm NAME              Remove a robot: its token is void at once
  ls                   List the robots, what they may, and until when

Options:
      --allow RIGHT    team/**:pull,push (repeatable): repositories, and what may be done there (add)
      --expires TIME   90d, 12h; never when missing (add)
      --file FILE      The robots; those of the configuration when missing
      --config FILE    The configuration`;

type Right = RobotInfo['rights'][number];

const dayMs = 86_400_000;

/** `gantry-registry robot`: programs that sign in with a token of their own. A registry that runs notices. */
export async function robots(words: readonly string[]): Promise<number> {
  const { values, positionals } = parseOptions(words, {
    file: { type: 'string' },
    config: { type: 'string' },
    allow: { type: 'string', multiple: true },
    expires: { type: 'string' },
  });
  const [action, name = '', ...others] = positionals;
  if (others.length > 0) throw new CommandLineError(`unknown argument: ${others[0]}`);
  const store = new RobotStore(values.file ?? configuredFile(values.config), systemClock);
  switch (action) {
    case 'add': {
      const rights = (values.allow ?? []).map(readRight);
      if (rights.length === 0) throw new CommandLineError('a robot needs a right: --allow team/**:pull,push');
      const lifetimeMs = values.expires === undefined ? undefined : readLifetime(values.expires);
      const robot = store.set({ name, rights, lifetimeMs });
      console.error(`${robot.name} signs in with this token:`);
      console.log(robot.token);
      return 0;
    }
    case 'rm':
      if (!store.remove(name)) throw new CommandLineError(`no such robot: ${name}`);
      return 0;
    case 'ls':
      for (const robot of store.list()) console.log(lineOf(robot));
      return 0;
    default:
      throw new CommandLineError(`unknown command: robot ${action ?? ''}`.trimEnd());
  }
}

function lineOf({ name, rights, endsAt }: RobotInfo): string {
  const allowed = rights.map(({ repositories, actions }) => `${repositories.join(' ')}:${actions.join(',')}`);
  return [name, allowed.join('; '), endsAt === undefined ? 'never ends' : `ends ${endsAt}`].join('\t');
}

/** What it names is checked where it is written. */
function readRight(text: string): Right {
  const colon = text.lastIndexOf(':');
  if (colon < 1) throw new CommandLineError(`--allow ${text}: not <repositories>:<actions>`);
  return { repositories: [text.slice(0, colon)], actions: text.slice(colon + 1).split(',') };
}

function readLifetime(text: string): number {
  const days = /^(\d{1,5})d$/.exec(text)?.[1];
  try {
    const lifetimeMs = days === undefined ? parseGoDuration(text) / 1e6 : Number(days) * dayMs;
    if (lifetimeMs > 0) return lifetimeMs;
  } catch (error) {
    throw new CommandLineError(`--expires ${text}: ${errorMessage(error)}`);
  }
  throw new CommandLineError(`--expires ${text}: must be longer than nothing`);
}

function configuredFile(config: string | undefined): string {
  const { access } = loadSettings(config === undefined ? [] : ['--config', config], process.env);
  if (access?.robotsFile === undefined) {
    throw new CommandLineError('the configuration has no "robots-file" in "access": give --file');
  }
  return access.robotsFile;
}
