import { release } from 'node:os';
import { EngineError } from '@gantry/base';
import { Directory } from '../files/directory.ts';
import { mount } from './mount.ts';
import { MountContext } from './mount-context.ts';

export interface OverlayMount {
  /** Read-only directories, the topmost first. */
  lowers: readonly string[];
  upper: string;
  /** An empty directory beside `upper`, on the same file system. */
  work: string;
  target: string;
  /** Nothing is synced, unmounting is quick, and after a crash of the host `upper` is not to be trusted. */
  volatile?: boolean;
}

/** Overlayfs takes 500 layers (OVL_MAX_STACK, `fs/overlayfs/params.c`). */
export const maxOverlayLowers = 500;

/** More layers than the kernel stacks. */
export class TooManyLayersError extends EngineError {
  override readonly name = 'TooManyLayersError';
  constructor(count: number) {
    super(
      'invalid',
      'too-many-layers',
      `an overlay of ${count} layers: the kernel takes ${maxOverlayLowers}`,
    );
  }
}

/**
 * An upper directory must hold a file system of its own: no redirects, no metadata-only copies, no index, so that it can
 * be packed as a layer and stacked on anything. `nofollow` also ignores redirects that a layer might carry.
 */
const fixedOptions = { redirect_dir: 'nofollow', metacopy: 'off', index: 'off' } as const;

/** fsconfig(2) takes strings of 255 bytes. */
const maxStringBytes = 255;

/**
 * Mounts an overlay at `target`. Throws `TooManyLayersError`, `MountOptionsTooLongError` (only where the kernel is older
 * than 6.7), or a `KernelError` that names the option at fault where the kernel tells.
 */
export function mountOverlay(options: OverlayMount): void {
  if (options.lowers.length > maxOverlayLowers) throw new TooManyLayersError(options.lowers.length);
  if (kernelAppendsLayers()) mountByContext(options);
  else mountByOptionString(options);
}

/** `lowerdir+` came with Linux 6.7; before 6.5 fsconfig(2) would take it and fail only at the end. */
function kernelAppendsLayers(): boolean {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  return major > 6 || (major === 6 && minor >= 7);
}

function mountByContext(options: OverlayMount): void {
  using handles = new PathHandles();
  using context = new MountContext('overlay', options.target);
  context.setString('source', 'overlay');
  for (const lower of options.lowers) context.setString('lowerdir+', handles.short(lower));
  context.setString('upperdir', handles.short(options.upper));
  context.setString('workdir', handles.short(options.work));
  for (const [name, value] of Object.entries(fixedOptions)) context.setString(name, value);
  if (options.volatile === true) context.setFlag('volatile');
  context.mountAt(options.target);
}

/**
 * For kernels before 6.7. Through descriptors, whose paths are short and need no escapes: about 200 layers fit the page.
 * Throws `MountOptionsTooLongError` for more.
 */
export function mountByOptionString(options: OverlayMount): void {
  using handles = new PathHandles();
  const { lowers, upper, work, target } = options;
  const data = [
    `lowerdir=${lowers.map((path) => handles.open(path)).join(':')}`,
    `upperdir=${handles.open(upper)}`,
    `workdir=${handles.open(work)}`,
    ...Object.entries(fixedOptions).map(([name, value]) => `${name}=${value}`),
    ...(options.volatile === true ? ['volatile'] : []),
  ].join(',');
  mount({ source: 'overlay', target, type: 'overlay', data });
}

/** Directories held open for the length of a mount call. */
class PathHandles implements Disposable {
  readonly #open: Directory[] = [];

  /** The path itself where overlayfs takes it as it is (it shows in the mount table), else one by descriptor. */
  short(path: string): string {
    const plain = /^[\w/.+-]*$/.test(path) && path.length <= maxStringBytes;
    return plain ? path : this.open(path);
  }

  open(path: string): string {
    const directory = Directory.openPath(path);
    this.#open.push(directory);
    return directory.path;
  }

  [Symbol.dispose](): void {
    for (const directory of this.#open) directory.close();
  }
}
