import { createHash } from 'node:crypto';
import type { PlainLayer } from '@gantry/images';
import type { RootedTree } from '@gantry/kernel';
import type { Digest } from '@gantry/oci';
import type { BuilderEnvironment } from '../builder-environment.ts';
import type { ModeChange } from '../transfer/change-mode.ts';
import { Destination } from '../transfer/destination.ts';
import { packTransfer } from '../transfer/pack-transfer.ts';
import { planTransfer, type TransferWish, unpackArchives } from '../transfer/plan-transfer.ts';
import { findOwner } from './find-owner.ts';
import { type LayeredTree, mountLayers } from './layered-tree.ts';
import { type Keep, storeLayer } from './layers.ts';

/** COPY, ADD of local files: what to put on top of a file system, from which other one. */
export interface TransferStep extends TransferWish {
  /** Layers that the files come from, base first. */
  readonly from: readonly Digest[];
  /** Layers that they go on; nothing of them is looked at with `link`. */
  readonly onto: readonly Digest[];
  readonly link: boolean;
  /** Archives are unpacked. */
  readonly unpacks: boolean;
  /** `user[:group]`; where it is empty all is root's, or with `keepsOwners` what it was. */
  readonly chown: string;
  readonly keepsOwners: boolean;
  readonly changeMode: ModeChange | undefined;
}

/** A transfer with both file systems mounted and all names found; disposing unmounts. */
export interface PreparedTransfer extends AsyncDisposable {
  /** What is copied, by content, names, owners and modes: equal for equal files, whenever they were written. */
  contentKey(): Promise<string>;
  /** Undefined when nothing changes. */
  makeLayer(options: { keep: Keep; signal: AbortSignal }): Promise<PlainLayer | undefined>;
}

/** Throws `SourceNotFoundError`, `InvalidBuildError`, `UnknownUserError`. */
export async function prepareTransfer(
  environment: BuilderEnvironment,
  step: TransferStep,
): Promise<PreparedTransfer> {
  await using opened = new AsyncDisposableStack();
  const source = opened.use(await mountLayers(environment, step.from));
  const below = step.link ? undefined : opened.use(await mountLayers(environment, step.onto));
  const tree = opened.use(source.open());
  const base = openBase(below, opened);
  const destination = new Destination(base);
  const copied = planTransfer(tree, destination, step);
  const plan = step.unpacks
    ? await unpackArchives(tree, copied, destination.resolve(step.destination))
    : copied;
  const owner = findOwner(below?.root, step.chown);
  const attributes = {
    owner,
    keepsOwners: step.keepsOwners && step.chown === '',
    archiveOwner: step.chown === '' ? undefined : owner,
    changeMode: step.changeMode,
    now: environment.clock.nowNs(),
    excluded: step.excluded,
    hidden: step.hidden,
  };
  const pack = (timeless: boolean) =>
    packTransfer(tree, destination, { plan, attributes: { ...attributes, timeless } });
  const owned = opened.move();
  return {
    contentKey: () => digestOf(pack(true)),
    makeLayer: (options) => storeLayer(environment, pack(false), options),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

function openBase(below: LayeredTree | undefined, opened: AsyncDisposableStack): RootedTree | undefined {
  return below === undefined ? undefined : opened.use(below.open());
}

/** sha256 of bytes, in hexadecimal. */
export async function digestOf(bytes: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of bytes) hash.update(chunk);
  return hash.digest('hex');
}
