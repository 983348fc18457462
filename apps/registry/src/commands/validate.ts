import { loadSettings } from '../configuration.ts';

/** `gantry-registry validate`. Throws what is wrong. */
export async function validate(words: readonly string[]): Promise<number> {
  loadSettings(words, process.env);
  console.error('configuration OK');
  return 0;
}
