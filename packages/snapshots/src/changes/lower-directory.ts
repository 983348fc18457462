import { type Directory, type FileStat, keyBytes, openFlags, pathKey, unlessGone } from '@gantry/kernel';
import { isOpaque, isWhiteout } from '../unpack/whiteout.ts';

/** What the layers show under one name. */
export interface LowerEntry extends Disposable {
  stat: FileStat;
  /** For a directory: it, over all layers that have a part of it. */
  directory: LowerDirectory | undefined;
}

/** A directory as the layers below a snapshot show it, put together from theirs, topmost first, without mounting. */
export class LowerDirectory {
  readonly #parts: readonly Directory[];

  /** The parts stay the caller's, and open while this is used. */
  constructor(parts: readonly Directory[]) {
    this.#parts = parts;
  }

  /** Keys of the names that are to be seen, in no order. */
  names(): string[] {
    const seen = new Map<string, boolean>();
    for (const part of this.#parts) {
      for (const name of part.names()) {
        const key = pathKey(name);
        if (!seen.has(key)) seen.set(key, !isWhiteout(part.stat(name)));
      }
    }
    return [...seen].filter(([, visible]) => visible).map(([key]) => key);
  }

  /** Undefined when there is nothing of that name. The caller disposes. */
  entry(key: string): LowerEntry | undefined {
    const name = keyBytes(key);
    const parts: Directory[] = [];
    let top: FileStat | undefined;
    for (const part of this.#parts) {
      const stat = unlessGone(() => part.stat(name));
      if (stat === undefined) continue;
      if (isWhiteout(stat) || (top !== undefined && stat.kind !== 'directory')) break;
      top ??= stat;
      if (stat.kind !== 'directory') break;
      const directory = part.openDirectory(name, { flags: openFlags.path | openFlags.noFollow });
      parts.push(directory);
      if (isOpaque(directory)) break;
    }
    if (top === undefined) return undefined;
    return {
      stat: top,
      directory: top.kind === 'directory' ? new LowerDirectory(parts) : undefined,
      [Symbol.dispose]: () => {
        for (const part of parts) part.close();
      },
    };
  }
}
