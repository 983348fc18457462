import { encodeTarHeader, readTar, tarEnd, tarPadding } from '@gantry/oci';
import { CommandError } from '../../errors.ts';
import type { ContextMetadata, StoredContext } from './context.ts';
import { readZip } from './read-zip.ts';

const metadataFile = 'meta.json';
/** `tls/<endpoint>/<file>`, each a plain name. */
const tlsFile = /^tls\/([^/]+)\/([^/]+)$/;

/** A context as Docker's tar archive: `meta.json`, then `tls/<endpoint>/<file>`. */
export function packContext({ metadata, tls }: StoredContext): Buffer {
  const parts: Uint8Array[] = [];
  const file = (name: string, content: Uint8Array): void => {
    const header = encodeTarHeader({
      type: 'file',
      name: Buffer.from(name),
      mode: 0o644,
      sizeBytes: content.length,
    });
    parts.push(header, content, tarPadding(content.length));
  };
  const directory = (name: string): void => {
    parts.push(encodeTarHeader({ type: 'directory', name: Buffer.from(name), mode: 0o700 }));
  };
  file(metadataFile, Buffer.from(JSON.stringify(metadata)));
  directory('tls');
  for (const [endpoint, files] of tls) {
    directory(`tls/${endpoint}`);
    for (const [name, content] of files) file(`tls/${endpoint}/${name}`, content);
  }
  return Buffer.concat([...parts, tarEnd]);
}

/** Reads a tar or zip archive as the context `name`. Throws `CommandError` for what is no context. */
export async function unpackContext(archive: Buffer, name: string): Promise<StoredContext> {
  const isZip = archive.length >= zipMagic.length && archive.subarray(0, zipMagic.length).equals(zipMagic);
  let metadata: Partial<ContextMetadata> | undefined;
  const tls = new Map<string, Map<string, Uint8Array>>();
  for await (const { path, content } of isZip ? readZip(archive) : tarFiles(archive)) {
    const [, endpoint = '', file = ''] = tlsFile.exec(path) ?? [];
    if (path === metadataFile) metadata = parseMetadata(content);
    else if (isPlainName(endpoint) && isPlainName(file)) {
      tls.set(endpoint, (tls.get(endpoint) ?? new Map<string, Uint8Array>()).set(file, content));
    } else throw new CommandError(1, `invalid context: unexpected file ${JSON.stringify(path)}`);
  }
  if (metadata === undefined) throw new CommandError(1, 'invalid context: no metadata found');
  const { Metadata = {}, Endpoints = {} } = metadata;
  return { metadata: { Name: name, Metadata, Endpoints }, tls };
}

const zipMagic: Buffer = Buffer.from([0x50, 0x4b, 0x03, 0x04]);

async function* tarFiles(archive: Buffer): AsyncGenerator<{ path: string; content: Uint8Array }> {
  for await (const { entry, content } of readTar(oneChunk(archive))) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of content) chunks.push(chunk);
    if (entry.type === 'directory') continue;
    yield { path: Buffer.from(entry.name).toString('utf8'), content: Buffer.concat(chunks) };
  }
}

async function* oneChunk(archive: Buffer): AsyncGenerator<Uint8Array> {
  if (archive.some((byte) => byte !== 0)) yield archive;
}

function parseMetadata(content: Uint8Array): Partial<ContextMetadata> {
  try {
    const value: unknown = JSON.parse(Buffer.from(content).toString('utf8'));
    if (typeof value === 'object' && value !== null) return value;
  } catch (error) {
    throw new CommandError(1, `invalid context: ${metadataFile}: ${(error as Error).message}`);
  }
  throw new CommandError(1, `invalid context: ${metadataFile} is no object`);
}

function isPlainName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !/[/\\\0]/.test(name);
}
