import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CommandError } from '../../errors.ts';
import { readIfThere } from '../config-file.ts';
import { replaceFile } from '../replace-file.ts';
import type { ContextMetadata, StoredContext, TlsMaterial } from './context.ts';

/**
 * Docker's store of contexts, shared with its client: `contexts/meta/<sha256 of the name>/meta.json`, and TLS files at
 * `contexts/tls/<the same>/<endpoint>/<file>`. Readable by the user alone.
 */
export class ContextStore {
  readonly #root: string;

  constructor(configDirectory: string) {
    this.#root = path.join(configDirectory, 'contexts');
  }

  /** Where a context's parts lie. */
  paths(name: string): { metadata: string; tls: string } {
    const id = createHash('sha256').update(name).digest('hex');
    return { metadata: path.join(this.#root, 'meta', id), tls: path.join(this.#root, 'tls', id) };
  }

  has(name: string): boolean {
    return existsSync(this.#file(name));
  }

  /** Throws `CommandError` when it is missing or damaged. */
  read(name: string): StoredContext {
    const file = this.#file(name);
    const text = readIfThere(file);
    if (text === undefined) {
      const reason = `open ${file}: no such file or directory`;
      throw new CommandError(1, `context ${JSON.stringify(name)}: context not found: ${reason}`, {
        kind: 'not-found',
        code: 'context-not-found',
      });
    }
    return { metadata: parseMetadata(text, file), tls: this.#readTls(name) };
  }

  /** All of them, in no order. Throws `CommandError` for a damaged one. */
  list(): ContextMetadata[] {
    const directory = path.join(this.#root, 'meta');
    if (!existsSync(directory)) return [];
    return readdirSync(directory).flatMap((id) => {
      const file = path.join(directory, id, 'meta.json');
      const text = readIfThere(file);
      return text === undefined ? [] : [parseMetadata(text, file)];
    });
  }

  /** Makes or replaces one; metadata last, so that a context that can be seen is whole. */
  write({ metadata, tls }: StoredContext): void {
    const { metadata: metadataPath, tls: tlsPath } = this.paths(metadata.Name);
    rmSync(tlsPath, { recursive: true, force: true });
    for (const [endpoint, files] of tls) {
      const directory = path.join(tlsPath, endpoint);
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      for (const [file, content] of files) {
        writeFileSync(path.join(directory, file), content, { mode: 0o600, flush: true });
      }
    }
    mkdirSync(metadataPath, { recursive: true, mode: 0o755 });
    replaceFile(path.join(metadataPath, 'meta.json'), JSON.stringify(metadata), 0o644);
  }

  /** Idempotent. */
  remove(name: string): void {
    const { metadata, tls } = this.paths(name);
    rmSync(metadata, { recursive: true, force: true });
    rmSync(tls, { recursive: true, force: true });
  }

  #file(name: string): string {
    return path.join(this.paths(name).metadata, 'meta.json');
  }

  #readTls(name: string): TlsMaterial {
    const { tls } = this.paths(name);
    if (!existsSync(tls)) return new Map();
    const endpoints = readdirSync(tls, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    return new Map(
      endpoints.map(({ name: endpoint }) => {
        const directory = path.join(tls, endpoint);
        const files = readdirSync(directory).sort();
        return [endpoint, new Map(files.map((file) => [file, readFileSync(path.join(directory, file))]))];
      }),
    );
  }
}

function parseMetadata(text: string, file: string): ContextMetadata {
  try {
    const { Name = '', Metadata, Endpoints } = JSON.parse(text) as Partial<ContextMetadata>;
    return { Name, Metadata: Metadata ?? {}, Endpoints: Endpoints ?? {} };
  } catch (error) {
    throw new CommandError(1, `failed to read metadata: parsing ${file}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}
