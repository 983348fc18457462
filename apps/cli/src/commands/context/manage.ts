import { checkContextName, defaultContext, type StoredContext } from '../../config/contexts/context.ts';
import { hostVariable } from '../../config/contexts/current-context.ts';
import { setCurrentContext } from '../../config/set-current-context.ts';
import { CommandError } from '../../errors.ts';
import type { CommandHandler, Invocation } from '../../invocation.ts';
import { parseEndpoint } from './endpoint-option.ts';
import { describedCopy, type KnownContexts, knownContexts } from './known-contexts.ts';

/** `gantry context create`: of an endpoint, of another context, or of the one in use. */
export const createCommand: CommandHandler = async (invocation) => {
  const { flags, args, stdout, stderr } = invocation;
  const [name = ''] = args;
  const contexts = knownContexts(invocation);
  checkContextName(name);
  if (contexts.store.has(name)) throw new CommandError(1, `context ${JSON.stringify(name)} already exists`);
  contexts.store.write(newContext(contexts, { name, flags }));
  stdout.write(`${name}\n`);
  stderr.write(`Successfully created context ${JSON.stringify(name)}\n`);
  return 0;
};

function newContext(
  contexts: KnownContexts,
  { name, flags }: Pick<Invocation, 'flags'> & { name: string },
): StoredContext {
  const description = flags.string('description');
  const from = flags.string('from');
  const options = flags.list('docker');
  if (from !== '' && options.length > 0) {
    throw new CommandError(1, 'cannot use --docker flag when --from is set');
  }
  const made =
    options.length > 0
      ? fromOptions(contexts, { name, options })
      : describedCopy(contexts.read(from || contexts.current), name);
  return description === '' ? made : described(made, description);
}

function fromOptions(
  contexts: KnownContexts,
  { name, options }: { name: string; options: readonly string[] },
): StoredContext {
  const { endpoint, files } = parseEndpoint(options, contexts.read);
  return {
    metadata: { Name: name, Metadata: {}, Endpoints: { docker: endpoint } },
    tls: files.size === 0 ? new Map() : new Map([['docker', files]]),
  };
}

function described({ metadata, tls }: StoredContext, description: string): StoredContext {
  return { metadata: { ...metadata, Metadata: { ...metadata.Metadata, Description: description } }, tls };
}

/** `gantry context update`: what is not given stays. */
export const updateCommand: CommandHandler = async (invocation) => {
  const { flags, args, stdout, stderr } = invocation;
  const [name = ''] = args;
  checkContextName(name);
  const contexts = knownContexts(invocation);
  const old = contexts.store.read(name);
  const options = flags.list('docker');
  const moved = options.length === 0 ? old : withEndpoint(old, fromOptions(contexts, { name, options }));
  const description = flags.string('description');
  contexts.store.write(description === '' ? moved : described(moved, description));
  stdout.write(`${name}\n`);
  stderr.write(`Successfully updated context ${JSON.stringify(name)}\n`);
  return 0;
};

function withEndpoint(old: StoredContext, { metadata, tls }: StoredContext): StoredContext {
  const Endpoints = { ...old.metadata.Endpoints, ...metadata.Endpoints };
  const others = [...old.tls].filter(([endpoint]) => endpoint !== 'docker');
  return { metadata: { ...old.metadata, Endpoints }, tls: new Map([...others, ...tls]) };
}

/** `gantry context use`. */
export const useCommand: CommandHandler = async (invocation) => {
  const { args, environment, configDirectory, stdout, stderr } = invocation;
  const [name = ''] = args;
  if (name !== defaultContext) {
    if (name !== '') knownContexts(invocation).store.read(name);
    checkContextName(name);
  }
  setCurrentContext(configDirectory, name === defaultContext ? undefined : name);
  stdout.write(`${name}\n`);
  stderr.write(`Current context is now ${JSON.stringify(name)}\n`);
  const variable = hostVariable(environment);
  if (name !== defaultContext && variable !== undefined) {
    stderr.write(overrideWarning(variable, JSON.stringify(name)));
  }
  return 0;
};

/** `gantry context show`. */
export const showCommand: CommandHandler = async (invocation) => {
  invocation.stdout.write(`${knownContexts(invocation).current}\n`);
  return 0;
};

/** `gantry context rm`. The one in use goes only with `--force`. */
export const removeCommand: CommandHandler = async (invocation) => {
  const { flags, args, config, configDirectory, stdout } = invocation;
  const contexts = knownContexts(invocation);
  const force = flags.boolean('force');
  const failures: string[] = [];
  for (const name of args) {
    const reason = force && name !== defaultContext ? undefined : whyKept(contexts, name);
    if (reason !== undefined) {
      failures.push(`context ${JSON.stringify(name)} ${reason}`);
      continue;
    }
    if (config().currentContext === name) setCurrentContext(configDirectory, undefined);
    contexts.store.remove(name);
    stdout.write(`${name}\n`);
  }
  if (failures.length > 0) throw new CommandError(1, failures.join('\n'));
  return 0;
};

function whyKept({ store, current }: KnownContexts, name: string): string | undefined {
  if (name === defaultContext) return 'cannot be removed';
  if (!store.has(name)) return 'does not exist';
  return name === current ? 'is in use, set -f flag to force remove' : undefined;
}

/** Docker's words for a variable that wins over contexts. */
export function overrideWarning(variable: string, context: string): string {
  return `Warning: ${variable} environment variable overrides the active context. To use ${context}, either set the global --context flag, or unset ${variable} environment variable.\n`;
}
