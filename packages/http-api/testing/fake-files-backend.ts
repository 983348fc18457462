import type { CommitOptions, ContainerPathStat, FilesystemChange } from '@gantry/api-types';
import { EngineError } from '@gantry/base';
import type { ContainerFilesBackend } from '../src/index.ts';

/** Files in memory, the same for every container: path → content. `written` has what was unpacked where. */
export class FakeFilesBackend implements ContainerFilesBackend {
  readonly files: Map<string, string> = new Map();
  readonly written: { path: string; bytes: Buffer; options: object }[] = [];
  readonly committed: ({ ref: string } & CommitOptions)[] = [];
  readonly found: FilesystemChange[] = [];

  async stat(ref: string, path: string): Promise<ContainerPathStat> {
    const content = this.files.get(path);
    if (content === undefined) {
      const message = `Could not find the file ${path} in container ${ref}`;
      throw new EngineError('not-found', 'path-not-found', message);
    }
    const mtime = '2025-01-31T12:00:00.5Z';
    return { name: path.slice(1), size: content.length, mode: 0o644, mtime, linkTarget: '' };
  }

  async read(
    ref: string,
    path: string,
  ): Promise<{ stat: ContainerPathStat; archive: AsyncIterable<Uint8Array> }> {
    const stat = await this.stat(ref, path);
    return { stat, archive: oneChunk(this.files.get(path) ?? '') };
  }

  async write(
    _ref: string,
    path: string,
    body: AsyncIterable<Uint8Array>,
    options: { noOverwriteDirNonDir: boolean; copyUidGid: boolean },
  ): Promise<void> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) chunks.push(chunk);
    this.written.push({ path, bytes: Buffer.concat(chunks), options });
  }

  async changes(): Promise<FilesystemChange[]> {
    return this.found;
  }

  async commit(ref: string, options: CommitOptions): Promise<string> {
    this.committed.push({ ref, ...options });
    return `sha256:${'c'.repeat(64)}`;
  }

  async export(ref: string): Promise<AsyncIterable<Uint8Array>> {
    return oneChunk(`everything in ${ref}`);
  }
}

async function* oneChunk(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
