import { errorMessage } from '@gantry/base';
import { FirewallError } from '../errors.ts';
import { runProgram } from './run-program.ts';

/** Runs the nft program. Scripts travel on its standard input, never in a shell. */
export interface Nft {
  /** Applies a script in one kernel transaction: all of it or nothing. Throws `FirewallError` with nft's own words. */
  apply(script: string): Promise<void>;
  /** The objects that `nft --json list …` prints, without nft's own header. Throws `FirewallError`. */
  list(...what: readonly string[]): Promise<readonly NftObject[]>;
}

/** One object of libnftables-json(5), such as `{ chain: {…} }`. */
export type NftObject = Readonly<Record<string, unknown>>;

/** An `Nft` whose errors name `table`. */
export function nftProgram(table: string): Nft {
  return {
    apply: async (script) => {
      await run(table, ['--file', '-'], script);
    },
    list: async (...what) => {
      const output = await run(table, ['--json', '--handle', '--stateless', 'list', ...what], '');
      const parsed = JSON.parse(output) as { nftables?: NftObject[] };
      return (parsed.nftables ?? []).filter((object) => !('metainfo' in object));
    },
  };
}

async function run(table: string, args: readonly string[], input: string): Promise<string> {
  const { code, output, errors } = await runProgram('nft', args, input).catch((error: unknown) => {
    throw new FirewallError(table, `nft cannot be run: ${errorMessage(error)}`, error);
  });
  if (code !== 0) throw new FirewallError(table, errors || `nft ended with ${code}`);
  return output;
}
