import { type SignInRequest, signIn } from '@gantry/client';
import { registryAuth } from '../../config/registry-auth.ts';
import { eraseCredentials, storeCredentials } from '../../config/stored-credentials.ts';
import { CommandError } from '../../errors.ts';
import type { CommandHandler, Invocation } from '../../invocation.ts';
import { askLine, readAll } from './ask-credentials.ts';

const hub = 'https://index.docker.io/v1/';

/** `gantry login`: by what is stored, or with what flags, stdin or the user say; stores what the registry takes. */
export const loginCommand: CommandHandler = async (invocation) => {
  const { flags, args, stdout, stderr, configDirectory, engine } = invocation;
  const registry = registryAddress(args[0]);
  if (flags.has('password')) {
    stderr.write('WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n');
  }
  const stored = storedCredentials(invocation, registry);
  if (stored !== undefined) {
    stdout.write('Authenticating with existing credentials...\n');
    const { Status } = await signIn(await engine(), stored);
    stdout.write(`${Status}\n`);
    return 0;
  }
  const { username, password } = await givenCredentials(invocation, registry);
  const answer = await signIn(await engine(), { username, password, serveraddress: registry });
  const file = storeCredentials(configDirectory, registry, {
    username,
    password,
    ...(answer.IdentityToken ? { identityToken: answer.IdentityToken } : {}),
  });
  if (file !== undefined) {
    stderr.write(
      `\nWARNING! Your credentials are stored unencrypted in '${file}'.\nConfigure a credential helper to remove this warning. See\nhttps://docs.docker.com/go/credential-store/\n\n`,
    );
  }
  stdout.write(`${answer.Status}\n`);
  return 0;
};

/** `gantry logout`. */
export const logoutCommand: CommandHandler = async ({ args, stdout, configDirectory }) => {
  const registry = registryAddress(args[0]);
  const known = eraseCredentials(configDirectory, registry);
  stdout.write(known ? `Removing login credentials for ${registry}\n` : `Not logged in to ${registry}\n`);
  return 0;
};

function registryAddress(server: string | undefined): string {
  if (server === undefined || server === '' || server === 'docker.io' || server === hub) return hub;
  return server.replace(/^https?:\/\//, '').split('/', 1)[0] ?? '';
}

/** Undefined when the user gives others, or there are none. */
function storedCredentials({ flags, config }: Invocation, registry: string): SignInRequest | undefined {
  if (flags.has('username') || flags.has('password') || flags.boolean('password-stdin')) return undefined;
  const header = registryAuth(config(), registry === hub ? 'docker.io/x' : `${registry}/x`);
  const found = JSON.parse(Buffer.from(header, 'base64url').toString()) as Partial<SignInRequest>;
  const isUsable = Boolean(found.identitytoken) || (Boolean(found.username) && Boolean(found.password));
  return isUsable ? { ...found, serveraddress: registry } : undefined;
}

async function givenCredentials(
  { flags, stdout }: Invocation,
  registry: string,
): Promise<{ username: string; password: string }> {
  const fromStdin = flags.boolean('password-stdin');
  let username = flags.string('username').trim();
  if (fromStdin && flags.has('password'))
    throw new CommandError(1, '--password and --password-stdin are mutually exclusive');
  if (fromStdin && username === '')
    throw new CommandError(1, 'Must provide --username with --password-stdin');
  const given = fromStdin ? await readAll() : flags.string('password');
  if (username === '') username = await askLine(stdout, `Username (${registry}): `, { hidden: false });
  if (username === '') throw new CommandError(1, 'Error: Non-null Username Required');
  const password = given === '' ? await askLine(stdout, 'Password: ', { hidden: true }) : given;
  if (password === '') throw new CommandError(1, 'Error: Password Required');
  return { username, password };
}
