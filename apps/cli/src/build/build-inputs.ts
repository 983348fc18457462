import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { CommandError } from '../errors.ts';
import { LocalDirectory } from './session/local-directory.ts';
import { MemoryTree } from './session/memory-tree.ts';
import type { SentTree } from './session/sent-tree.ts';
import { type Upload, uploadAddress } from './session/upload-service.ts';
import { readStandardInput } from './standard-input.ts';

/** Where a build takes its files from. */
export interface BuildInputs {
  /** Directories of this side that the engine may see, by name. */
  readonly trees: Map<string, SentTree>;
  /** What the Dockerfile's frontend is told of them. */
  readonly attributes: Map<string, string>;
  readonly upload?: Upload;
  /** By it the engine knows the same directory again. */
  readonly sharedKey: string;
}

/** The files of `gantry build -f FILE CONTEXT`: a directory, `-`, or an address. Throws `CommandError`. */
export async function openBuildInputs(given: string, file: string): Promise<BuildInputs> {
  if (given === '-') return await fromStandardInput(file);
  if (isRemoteContext(given)) return await fromRemote(given, file);
  const stat = statSync(given, { throwIfNoEntry: false });
  if (stat === undefined) {
    throw new CommandError(1, `ERROR: unable to prepare context: path ${JSON.stringify(given)} not found`);
  }
  if (!stat.isDirectory()) {
    throw new CommandError(
      1,
      `ERROR: unable to prepare context: context must be a directory: ${path.resolve(given)}`,
    );
  }
  return await fromDirectory(realpathSync(given), file);
}

/** A context or Dockerfile that the engine fetches. */
export function isRemoteContext(text: string): boolean {
  return /^(?:https?|git|ssh):\/\/|^git@|^github\.com\//.test(text);
}

async function fromDirectory(root: string, file: string): Promise<BuildInputs> {
  const context: [string, SentTree] = ['context', new LocalDirectory(root)];
  const sharedKey = path.basename(root);
  const dockerfile = await dockerfileTree(file, root);
  return { trees: new Map([context, ...dockerfile.trees]), attributes: dockerfile.attributes, sharedKey };
}

async function fromRemote(address: string, file: string): Promise<BuildInputs> {
  const isHere = file === '-' || path.isAbsolute(file);
  const found = isHere
    ? await dockerfileTree(file, '/')
    : { trees: new Map<string, SentTree>(), attributes: new Map(file === '' ? [] : [['filename', file]]) };
  if (isHere) found.attributes.set('dockerfilekey', 'dockerfile');
  found.attributes.set('context', address);
  return { ...found, sharedKey: '' };
}

async function fromStandardInput(file: string): Promise<BuildInputs> {
  if (file === '-') {
    throw new CommandError(
      1,
      "ERROR: invalid argument: can't use stdin for both build context and dockerfile",
    );
  }
  const input = await readStandardInput();
  if (input.isArchive) {
    const upload = { id: randomBytes(16).toString('hex'), content: input.content };
    const attributes = new Map([['context', uploadAddress(upload)]]);
    attributes.set('filename', file === '' ? 'Dockerfile' : file);
    return { trees: new Map(), attributes, upload, sharedKey: '' };
  }
  if (file !== '') {
    throw new CommandError(
      1,
      'ERROR: ambiguous Dockerfile source: both stdin and flag correspond to Dockerfiles',
    );
  }
  const dockerfile = dockerfileOf(await buffer(input.content));
  return {
    ...dockerfile,
    trees: new Map([['context', new MemoryTree(new Map())], ...dockerfile.trees]),
    sharedKey: '',
  };
}

interface DockerfileInput {
  readonly trees: Map<string, SentTree>;
  readonly attributes: Map<string, string>;
}

/** The directory of the Dockerfile is a source of its own: it need not lie in the context. */
async function dockerfileTree(file: string, root: string): Promise<DockerfileInput> {
  if (file === '-') return dockerfileOf(await buffer(process.stdin));
  if (/^https?:\/\//.test(file)) {
    throw new CommandError(1, `ERROR: a Dockerfile by its address (${file}) needs a context by an address`);
  }
  const directory = file === '' ? root : path.dirname(path.resolve(file));
  const name = spelled(directory, file === '' ? 'Dockerfile' : path.basename(file));
  if (!existsSync(path.join(directory, name))) {
    throw new CommandError(
      1,
      `ERROR: failed to build: failed to solve: failed to read dockerfile: open ${name}: no such file or directory`,
    );
  }
  return {
    trees: new Map([['dockerfile', new LocalDirectory(directory)]]),
    attributes: new Map([['filename', name]]),
  };
}

function dockerfileOf(content: Uint8Array): DockerfileInput {
  const tree = new MemoryTree(new Map([['Dockerfile', content]]));
  const attributes = new Map([
    ['filename', 'Dockerfile'],
    ['dockerfilekey', 'dockerfile'],
  ]);
  return { trees: new Map([['dockerfile', tree]]), attributes };
}

/** Docker takes `dockerfile` too, where there is no `Dockerfile`. */
function spelled(directory: string, name: string): string {
  if (name !== 'Dockerfile' || !existsSync(directory)) return name;
  const names = readdirSync(directory);
  return !names.includes('Dockerfile') && names.includes('dockerfile') ? 'dockerfile' : name;
}
