import type { ApiClient } from '@gantry/client';
import type { Output } from '@gantry/terminal';
import type { ConfigFile } from './config/config-file.ts';
import type { FlagValues } from './grammar/flag-values.ts';

/** What a command gets to work with. */
export interface Invocation {
  /** The command as it was typed: `container ls`, `ps`. */
  readonly name: string;
  readonly flags: FlagValues;
  readonly args: readonly string[];
  readonly stdout: Output;
  readonly stderr: Output;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly debug: boolean;
  /** The flags before the command. */
  readonly globals: FlagValues;
  /** Where `config.json` and the contexts are. */
  readonly configDirectory: string;
  /** Read once, when first asked for. */
  readonly config: () => ConfigFile;
  /** The engine that flags, environment and context name; started if it is this machine's and none listens. */
  readonly engine: () => Promise<ApiClient>;
}

/** Carries a command out and resolves with the exit code. Failures are thrown. */
export type CommandHandler = (invocation: Invocation) => Promise<number>;
