import { pullImage } from '@gantry/client';
import { type Output, ProgressPrinter, windowSize } from '@gantry/terminal';
import { registryAuth } from '../config/registry-auth.ts';
import type { Invocation } from '../invocation.ts';
import { splitImageName } from '../options/image-name.ts';

export interface PullOptions {
  readonly name: string;
  readonly platform?: string | undefined;
  /** Every tag of the repository. */
  readonly allTags?: boolean;
  /** Only with a signature that the engine's policy takes. */
  readonly verify?: boolean;
  /** Where progress is printed; nowhere when missing. */
  readonly output: Output | undefined;
}

/** Pulls an image through the engine and shows the progress. Throws the engine's error. */
export async function pullWithProgress(
  { engine, config }: Pick<Invocation, 'engine' | 'config'>,
  { name, platform, allTags = false, verify = false, output }: PullOptions,
): Promise<void> {
  const { repository, tag, digest } = splitImageName(name);
  const messages = await pullImage(await engine(), {
    fromImage: repository,
    tag: allTags ? undefined : (digest ?? tag ?? 'latest'),
    platform: platform || undefined,
    verify,
    registryAuth: registryAuth(config(), repository),
  });
  const printer =
    output === undefined ? undefined : new ProgressPrinter(output, windowSize(1)?.columns ?? 80);
  for await (const message of messages) printer?.print(message);
}
