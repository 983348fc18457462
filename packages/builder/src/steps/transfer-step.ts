import { createHash } from 'node:crypto';
import { PathPatterns } from '@gantry/dockerfile';
import type { PlainLayer } from '@gantry/images';
import type { RootedTree } from '@gantry/kernel';
import type { Digest } from '@gantry/oci';
import type { BuilderEnvironment } from '../builder-environment.ts';
import type { SourceFiles } from '../sources/source-files.ts';
import { readModeChange } from '../transfer/change-mode.ts';
import { Destination } from '../transfer/destination.ts';
import { packTransfer } from '../transfer/pack-transfer.ts';
import { planTransfer, type TransferWish, unpackArchives } from '../transfer/plan-transfer.ts';
import { findOwner } from './find-owner.ts';
import { type LayeredTree, mountLayers } from './layered-tree.ts';
import { type Keep, storeLayer } from './layers.ts';

/** COPY, ADD of local files: what to put on top of a file system, from which other one. */
export interface TransferStep extends TransferWish {
  /** What the files come from. */
  readonly from: SourceFiles;
  /** Layers that they go on; nothing of them is looked at with `link`. */
  readonly onto: readonly Digest[];
  readonly link: boolean;
  /** Archives are unpacked. */
  readonly unpacks: boolean;
  /** `user[:group]`; where it is empty all is root's, or with `keepsOwners` what it was. */
  readonly chown: string;
  readonly keepsOwners: boolean;
  /** See `readModeChange`; empty to leave modes as they are. */
  readonly chmod: string;
  /** Patterns of what is left out. */
  readonly exclude: readonly string[];
}

/** A transfer, whose file systems are opened when somebody has to look at them; disposing closes them. */
export class StepTransfer implements AsyncDisposable {
  readonly #environment: BuilderEnvironment;
  readonly #step: TransferStep;
  #opened: Promise<OpenedTransfer> | undefined;

  constructor(environment: BuilderEnvironment, step: TransferStep) {
    this.#environment = environment;
    this.#step = step;
  }

  /**
   * What is copied, by content, names, owners and modes: equal for equal files, whenever they were written. Known without looking
   * where the same was asked before. Throws `SourceNotFoundError`, `InvalidBuildError`, `UnknownUserError`.
   */
  contentKey(): Promise<string> {
    const { from, onto, link, hidden, ...step } = this.#step;
    const inputs = ['transfer', from.ids, link ? [] : onto, { ...step, link, hidden: [...hidden].sort() }];
    return this.#environment.digests.of(inputs, async () => digestOf((await this.#open()).pack(true)));
  }

  /** Undefined when nothing changes. Throws as `contentKey`, and what storing throws. */
  async makeLayer(options: { keep: Keep; signal: AbortSignal }): Promise<PlainLayer | undefined> {
    return await storeLayer(this.#environment, (await this.#open()).pack(false), options);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const opened = await this.#opened?.catch(() => undefined);
    await opened?.[Symbol.asyncDispose]();
  }

  #open(): Promise<OpenedTransfer> {
    this.#opened ??= openTransfer(this.#environment, this.#step);
    return this.#opened;
  }
}

/** With both file systems open and all names found. */
interface OpenedTransfer extends AsyncDisposable {
  /** The layer; `timeless` says 0 for all times. */
  pack(timeless: boolean): AsyncIterable<Uint8Array>;
}

async function openTransfer(environment: BuilderEnvironment, step: TransferStep): Promise<OpenedTransfer> {
  await using opened = new AsyncDisposableStack();
  const { tree } = opened.use(await step.from.open());
  const below = step.link ? undefined : opened.use(await mountLayers(environment, step.onto));
  const destination = new Destination(openBase(below, opened));
  const copied = planTransfer(tree, destination, step);
  const plan = step.unpacks
    ? await unpackArchives(tree, copied, destination.resolve(step.destination))
    : copied;
  const owner = findOwner(below?.root, step.chown);
  const attributes = {
    owner,
    keepsOwners: step.keepsOwners && step.chown === '',
    archiveOwner: step.chown === '' ? undefined : owner,
    changeMode: step.chmod === '' ? undefined : readModeChange(step.chmod),
    now: environment.clock.nowNs(),
    excluded: new PathPatterns(step.exclude),
    hidden: step.hidden,
  };
  const owned = opened.move();
  return {
    pack: (timeless) => packTransfer(tree, destination, { plan, attributes: { ...attributes, timeless } }),
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
