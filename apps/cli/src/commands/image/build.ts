import { CommandError, NotBuiltError } from '../../errors.ts';
import type { FlagValues } from '../../grammar/flag-values.ts';
import type { CommandHandler, Invocation } from '../../invocation.ts';
import { refuseContentTrust } from '../../options/content-trust.ts';

/** What `POST /build` knows and BuildKit's protocol does not: limits of the steps, and what became of the classic builder's containers. */
const classicOnly: readonly string[] = [
  'compress',
  'cpu-period',
  'cpu-quota',
  'cpu-shares',
  'cpuset-cpus',
  'cpuset-mems',
  'force-rm',
  'isolation',
  'memory',
  'memory-swap',
  'rm',
  'security-opt',
  'squash',
];
/** What needs a session. */
const sessionOnly: readonly string[] = [
  'allow',
  'annotation',
  'attest',
  'build-context',
  'cache-to',
  'call',
  'check',
  'load',
  'metadata-file',
  'no-cache-filter',
  'output',
  'provenance',
  'push',
  'sbom',
  'secret',
  'ssh',
];
const notBuilt = ['policy', 'resource'];

/**
 * `gantry build`: over BuildKit's protocol where the engine speaks it, else by the classic `POST /build`, which `DOCKER_BUILDKIT=0` asks
 * for too. What only the other way has is refused.
 */
export const buildCommand: CommandHandler = async (invocation) => {
  refuseContentTrust(invocation);
  refuseUnknownBuilder(invocation);
  const { flags } = invocation;
  for (const name of notBuilt) if (flags.has(name)) throw new NotBuiltError(`--${name}`);
  const classic = given(flags, classicOnly);
  const session = given(flags, sessionOnly);
  if (classic.length > 0 && session.length > 0) {
    throw new CommandError(
      1,
      `ERROR: --${classic[0]} cannot be combined with --${session[0]}: no builder has both`,
    );
  }
  if (classic.length === 0 && (await speaksBuildKit(invocation))) {
    return await (await import('../../build/buildkit-build.ts')).buildkitBuild(invocation);
  }
  if (session.length > 0) {
    throw new CommandError(
      1,
      `ERROR: the engine has the classic builder only, which does not know --${session[0]}`,
    );
  }
  return await (await import('../../build/classic-build.ts')).classicBuild(invocation);
};

/** There is one builder: the engine's own. */
export function refuseUnknownBuilder({
  flags,
  environment,
}: Pick<Invocation, 'flags' | 'environment'>): void {
  const name = flags.string('builder') || environment['BUILDX_BUILDER'] || 'default';
  if (name !== 'default') throw new CommandError(1, `ERROR: no builder ${JSON.stringify(name)} found`);
}

function given(flags: FlagValues, names: readonly string[]): string[] {
  return names.filter((name) => flags.has(name));
}

async function speaksBuildKit({ engine, environment }: Invocation): Promise<boolean> {
  const wanted = environment['DOCKER_BUILDKIT'];
  if (wanted !== undefined && wanted !== '')
    return !['0', 'false', 'f', 'F', 'FALSE', 'False'].includes(wanted);
  return (await (await engine()).ping()).get('builder-version') === '2';
}
