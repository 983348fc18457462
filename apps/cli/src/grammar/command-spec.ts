/**
 * One command of the grammar. Parsing, help and completion all read this, so nothing about a command's syntax is
 * said twice.
 */
export interface CommandSpec {
  /** The canonical words: `container ls`. */
  readonly path: string;
  /** Other words for the same command, in full: `container list`, `ps`. */
  readonly aliases?: readonly string[];
  /** What follows the command in its usage line. */
  readonly usage: string;
  readonly summary: string;
  /** Least and most arguments; no most when it is missing. */
  readonly arguments: readonly [least: number, most?: number];
  /** Flags in the notation of `parseFlagSpecs`. */
  readonly flags?: string;
  /** Flags end at the first argument: what follows belongs to the container. */
  readonly stopsAtFirstArgument?: boolean;
  /** All words that follow belong to another program: flags, and `--help` too. */
  readonly passesWordsOn?: boolean;
  readonly hidden?: boolean;
  /** Words that complete the arguments. */
  readonly completes?: 'containers' | 'images' | 'networks' | 'networks and containers' | 'volumes';
}

/** A family of commands: `gantry container …`. */
export interface GroupSpec {
  readonly name: string;
  readonly summary: string;
  readonly section: 'management' | 'swarm';
}

/** The commands of one group's table file. */
export type CommandTable = readonly CommandSpec[];
