import type { BuildBackend, BuildOptions } from '../src/index.ts';

/** Remembers what it was asked for, reads the context, and says a line. */
export class FakeBuildBackend implements BuildBackend {
  readonly requests: BuildOptions[] = [];
  /** Bytes of the last context. */
  contextBytes = 0;

  async build(context: AsyncIterable<Uint8Array>, options: BuildOptions): Promise<{ id: string }> {
    this.requests.push(options);
    this.contextBytes = 0;
    for await (const chunk of context) this.contextBytes += chunk.length;
    options.onText('Step 1/1 : FROM scratch\n');
    return { id: `sha256:${'b'.repeat(64)}` };
  }
}
