import { configurationHelp } from '../configuration.ts';
import { authorityHelp, certificateAuthority } from './certificate-authority.ts';
import { checkHelp, checkRegistry } from './check-registry.ts';
import { collectGarbage } from './collect-garbage.ts';
import { robots, robotsHelp } from './robots.ts';
import { serve } from './serve.ts';
import { users, usersHelp } from './users.ts';
import { validate } from './validate.ts';

/** One command of the program. */
export interface Command {
  name: string;
  /** What follows the name. */
  usage: string;
  summary: string;
  /** Its options, a line each. */
  help: string;
  /** Resolves with the exit code. */
  run: (words: readonly string[]) => Promise<number>;
}

export const commands: readonly Command[] = [
  {
    name: 'serve',
    usage: '[OPTIONS]',
    summary: 'Serve images until a signal ends it',
    help: configurationHelp,
    run: serve,
  },
  {
    name: 'gc',
    usage: '[OPTIONS]',
    summary: 'Remove what nothing names, of a registry that does not run',
    help: configurationHelp,
    run: collectGarbage,
  },
  {
    name: 'fsck',
    usage: '[OPTIONS]',
    summary: 'Check that all is there that a registry which does not run knows of',
    help: checkHelp,
    run: checkRegistry,
  },
  {
    name: 'validate',
    usage: '[OPTIONS]',
    summary: 'Check the configuration and leave',
    help: configurationHelp,
    run: validate,
  },
  {
    name: 'user',
    usage: 'COMMAND [OPTIONS]',
    summary: 'Look after those who sign in with a password',
    help: usersHelp,
    run: users,
  },
  {
    name: 'robot',
    usage: 'COMMAND [OPTIONS]',
    summary: 'Look after programs that sign in with a token',
    help: robotsHelp,
    run: robots,
  },
  {
    name: 'ca',
    usage: 'COMMAND [OPTIONS]',
    summary: 'Make certificates for registries that nobody else signs for',
    help: authorityHelp,
    run: certificateAuthority,
  },
];
