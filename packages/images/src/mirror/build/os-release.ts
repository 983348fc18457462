import { readFile } from 'node:fs/promises';

/** Fields of os-release(5), quotes taken away; empty when there is no such file. */
export async function readOsRelease(file: string): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return new Map(
    text.split('\n').flatMap((line) => {
      const match = /^([A-Z0-9_]+)=(?:"(.*)"|'(.*)'|(.*))$/.exec(line.trim());
      return match ? [[match[1] ?? '', match[2] ?? match[3] ?? match[4] ?? '']] : [];
    }),
  );
}
