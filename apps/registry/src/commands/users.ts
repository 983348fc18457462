import { randomBytes } from 'node:crypto';
import { text } from 'node:stream/consumers';
import { UserFile } from '@gantry/registry';
import { CommandLineError } from '../command-line-error.ts';
import { loadSettings } from '../configuration.ts';
import { parseOptions } from './parse-options.ts';

export const usersHelp: string = `Commands:
  add NAME             Add a user, or give one another password; prints one that it makes
  rm NAME              Remove a user: its tokens are void at once
  ls                   List the users

Options:
      --file FILE      The htpasswd; that of the configuration when missing
      --config FILE    The configuration
      --password-stdin Read the password from stdin (add)`;

/** `gantry-registry user`: who signs in with a password. A registry that runs notices. */
export async function users(words: readonly string[]): Promise<number> {
  const { values, positionals } = parseOptions(words, {
    file: { type: 'string' },
    config: { type: 'string' },
    'password-stdin': { type: 'boolean' },
  });
  const [action, name = '', ...others] = positionals;
  if (others.length > 0) throw new CommandLineError(`unknown argument: ${others[0]}`);
  const file = new UserFile(values.file ?? configuredFile(values.config));
  switch (action) {
    case 'add': {
      const isGiven = values['password-stdin'] === true;
      const password = isGiven
        ? (await text(process.stdin)).replace(/\r?\n$/, '')
        : randomBytes(18).toString('base64url');
      const isNew = await file.set(name, password);
      console.error(isNew ? `${name} is added` : `${name} has another password`);
      if (!isGiven) console.log(password);
      return 0;
    }
    case 'rm':
      if (!file.remove(name)) throw new CommandLineError(`no such user: ${name}`);
      return 0;
    case 'ls':
      for (const known of file.names()) console.log(known);
      return 0;
    default:
      throw new CommandLineError(`unknown command: user ${action ?? ''}`.trimEnd());
  }
}

function configuredFile(config: string | undefined): string {
  const { access } = loadSettings(config === undefined ? [] : ['--config', config], process.env);
  if (access?.usersFile === undefined) {
    throw new CommandLineError('the configuration has no "users-file" in "access": give --file');
  }
  return access.usersFile;
}
