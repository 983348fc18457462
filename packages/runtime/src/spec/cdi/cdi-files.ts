import { open, readdir } from 'node:fs/promises';
import path from 'node:path';
import { isErrno } from '@gantry/kernel';
import { InvalidDocumentError, type JsonObject, JsonReader } from '@gantry/oci';
import { type ContainerEdits, parseContainerEdits } from './container-edits.ts';

/** One file: the devices of one vendor and class. */
export interface CdiFile {
  file: string;
  /** `vendor.com/class`. */
  kind: string;
  devices: ReadonlyMap<string, ContainerEdits>;
  /** For every device of the file. */
  common: ContainerEdits;
}

const maxFileBytes = 4 * 1024 * 1024;
const maxFiles = 1000;
const kindGrammar = /^[A-Za-z][\w.-]*[A-Za-z0-9]\/[A-Za-z][\w.-]*$/;
const nameGrammar = /^[A-Za-z0-9][\w.:-]*$/;

/**
 * Reads the specification files of a directory, `*.json`, `*.yaml` and `*.yml`, by name; none where there is no directory. A
 * file that is none is not in the answer: `onDamaged` hears of it.
 */
export async function readCdiDirectory(
  directory: string,
  onDamaged: (file: string, error: unknown) => void,
): Promise<CdiFile[]> {
  const names = (await namesIn(directory)).filter((name) => /\.(json|ya?ml)$/.test(name)).sort();
  const files: CdiFile[] = [];
  for (const name of names.slice(0, maxFiles)) {
    const file = path.join(directory, name);
    try {
      files.push(parseCdiFile(file, await readDocument(file)));
    } catch (error) {
      onDamaged(file, error);
    }
  }
  return files;
}

function parseCdiFile(file: string, document: unknown): CdiFile {
  const read = new JsonReader(file);
  const root = read.object(document, '');
  const version = read.string(root['cdiVersion'], 'cdiVersion');
  if (!/^v?[01]\.\d+\.\d+$/.test(version)) read.fail(`has a cdiVersion ${JSON.stringify(version)}`);
  const kind = read.string(root['kind'], 'kind');
  if (!kindGrammar.test(kind)) read.fail(`has a kind ${JSON.stringify(kind)}`);
  const devices = new Map<string, ContainerEdits>();
  for (const item of read.array(root['devices'], 'devices')) {
    const device: JsonObject = read.object(item, 'devices');
    const name = read.string(device['name'], 'devices.name');
    if (!nameGrammar.test(name) || devices.has(name)) read.fail(`has a device ${JSON.stringify(name)}`);
    devices.set(name, parseContainerEdits(device['containerEdits'], read));
  }
  return { file, kind, devices, common: parseContainerEdits(root['containerEdits'], read) };
}

async function readDocument(file: string): Promise<unknown> {
  const text = await readBounded(file);
  if (file.endsWith('.json')) return JSON.parse(text) as unknown;
  const { parse } = await import('yaml');
  return parse(text) as unknown;
}

async function readBounded(file: string): Promise<string> {
  await using handle = await open(file, 'r');
  const { size } = await handle.stat();
  if (size > maxFileBytes) throw new InvalidDocumentError(file, `has more than ${maxFileBytes} bytes`);
  const bytes = Buffer.alloc(size);
  const { bytesRead } = await handle.read(bytes, 0, size, 0);
  return bytes.toString('utf8', 0, bytesRead);
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (isErrno(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}
