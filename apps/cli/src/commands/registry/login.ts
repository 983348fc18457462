import { type SignInRequest, signIn } from '@gantry/client';
import { registryAuth } from '../../config/registry-auth.ts';
import { eraseCredentials, type SignedIn, storeCredentials } from '../../config/stored-credentials.ts';
import { apiStatus, CommandError } from '../../errors.ts';
import type { CommandHandler, Invocation } from '../../invocation.ts';
import { noteText } from '../../output/note.ts';
import { askLine, readAll } from './ask-credentials.ts';

const hub = 'https://index.docker.io/v1/';

/** `gantry login`: by what is stored, or with what flags, stdin or the user say; stores what the registry takes. */
export const loginCommand: CommandHandler = async (invocation) => {
  const { flags, args, stdout, stderr } = invocation;
  const registry = registryAddress(args[0]);
  if (flags.has('password')) {
    stderr.write('WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n');
  }
  const known = await byStored(invocation, registry);
  const { credentials, status } = known ?? (await byGiven(invocation, registry));
  const file = storeCredentials(invocation.configDirectory, registry, credentials);
  if (known === undefined && file !== undefined && credentials.identityToken === undefined) {
    stderr.write(
      `\nWARNING! Your credentials are stored unencrypted in '${file}'.\nConfigure a credential helper to remove this warning. See\nhttps://docs.docker.com/go/credential-store/\n\n`,
    );
  }
  stdout.write(`${status}\n`);
  return 0;
};

interface SignedInAs {
  credentials: SignedIn;
  status: string;
}

/** Undefined when nothing is stored, the user gives others, or the registry takes what is stored no more. */
async function byStored(invocation: Invocation, registry: string): Promise<SignedInAs | undefined> {
  const { stderr, engine } = invocation;
  const stored = storedCredentials(invocation, registry);
  if (stored === undefined) return undefined;
  const { username = '', password = '', identitytoken } = stored;
  const who = username === '' ? '' : ` [Username: ${username}]`;
  stderr.write(
    `Authenticating with existing credentials...${who}\n${noteText("To login with a different account, run 'gantry logout' followed by 'gantry login'")}\n\n`,
  );
  try {
    const answer = await signIn(await engine(), stored);
    const identityToken = answer.IdentityToken || identitytoken;
    return {
      credentials: { username, password, ...(identityToken ? { identityToken } : {}) },
      status: answer.Status,
    };
  } catch (error) {
    if (apiStatus(error) !== 401) throw error;
    stderr.write('Stored credentials invalid or expired\n');
    return undefined;
  }
}

async function byGiven(invocation: Invocation, registry: string): Promise<SignedInAs> {
  const { username, password } = await givenCredentials(invocation, registry);
  const answer = await signIn(await invocation.engine(), { username, password, serveraddress: registry });
  const identityToken = answer.IdentityToken;
  return {
    credentials: { username, password, ...(identityToken ? { identityToken } : {}) },
    status: answer.Status,
  };
}

/** `gantry logout`. */
export const logoutCommand: CommandHandler = async ({ args, stdout, configDirectory }) => {
  const registry = registryAddress(args[0]);
  stdout.write(`Removing login credentials for ${registry}\n`);
  eraseCredentials(configDirectory, registry);
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
