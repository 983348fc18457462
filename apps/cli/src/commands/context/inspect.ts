import { defaultContext } from '../../config/contexts/context.ts';
import type { CommandHandler } from '../../invocation.ts';
import { goJson } from '../../output/go-json.ts';
import { printInspected } from '../../output/inspect-output.ts';
import { type KnownContexts, knownContexts } from './known-contexts.ts';

/** `gantry context inspect`: the one in use when none is named. */
export const inspectCommand: CommandHandler = async (invocation) => {
  const { flags, args, stdout } = invocation;
  const contexts = knownContexts(invocation);
  await printInspected(stdout, args.length === 0 ? [contexts.current] : args, {
    format: flags.string('format'),
    read: async (name) => goJson(describe(contexts, name)),
  });
  return 0;
};

function describe({ store, read }: KnownContexts, name: string): object {
  const { metadata, tls } = read(name);
  const isDefault = name === defaultContext;
  const paths = isDefault ? { metadata: '<IN MEMORY>', tls: '<IN MEMORY>' } : store.paths(name);
  return {
    Name: metadata.Name,
    Metadata: metadata.Metadata,
    Endpoints: Object.fromEntries(
      Object.entries(metadata.Endpoints).map(([endpoint, value]) => [
        endpoint,
        { ...value, SkipTLSVerify: value.SkipTLSVerify ?? false },
      ]),
    ),
    TLSMaterial: Object.fromEntries([...tls].map(([endpoint, files]) => [endpoint, [...files.keys()]])),
    Storage: { MetadataPath: paths.metadata, TLSPath: paths.tls },
  };
}
