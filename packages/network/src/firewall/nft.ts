import { errorMessage } from '@gantry/base';
import { FirewallError } from '../errors.ts';
import { runProgram } from './run-program.ts';

/** Runs the nft program. Scripts travel on its standard input, never in a shell. */
export interface Nft {
  /** Applies a script in one kernel transaction: all of it or nothing. Throws `FirewallError` with nft's own words. */
  apply(script: string): Promise<void>;
  /** The objects that `nft --json list …` prints, without nft's own header. Throws `FirewallError`. */
  list(...what: readonly string[]): Promise<readonly NftObject[]>;
  /** What `nft list …` prints, which is a script that makes the same. Throws `FirewallError`. */
  show(...what: readonly string[]): Promise<string>;
  /** Whether the process is, or was lately, an nft that `apply` started, whose news may still be on their way. */
  isOwnProcess(pid: number): boolean;
}

/** One object of libnftables-json(5), such as `{ chain: {…} }`. */
export type NftObject = Readonly<Record<string, unknown>>;

/** News of a transaction arrive within moments of it; by then so many others of ours cannot have ended. */
const remembered = 64;

/** An `Nft` whose errors name `table`. */
export function nftProgram(table: string): Nft {
  const pids: number[] = [];
  const onStart = (pid: number): void => {
    pids.push(pid);
    if (pids.length > remembered) pids.shift();
  };
  return {
    apply: async (script) => {
      await run(table, ['--file', '-'], { input: script, onStart });
    },
    list: async (...what) => {
      const output = await run(table, ['--json', '--handle', '--stateless', 'list', ...what]);
      const parsed = JSON.parse(output) as { nftables?: NftObject[] };
      return (parsed.nftables ?? []).filter((object) => !('metainfo' in object));
    },
    show: (...what) => run(table, ['--stateless', 'list', ...what]),
    isOwnProcess: (pid) => pids.includes(pid),
  };
}

async function run(
  table: string,
  args: readonly string[],
  options: { input?: string; onStart?: (pid: number) => void } = {},
): Promise<string> {
  const { code, output, errors } = await runProgram('nft', args, options).catch((error: unknown) => {
    throw new FirewallError(table, `nft cannot be run: ${errorMessage(error)}`, error);
  });
  if (code !== 0) throw new FirewallError(table, errors || `nft ended with ${code}`);
  return output;
}
