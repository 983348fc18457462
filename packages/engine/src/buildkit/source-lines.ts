import type { LineRange } from '@gantry/dockerfile';
import type { BuildDefinition } from './build-error.ts';

/** How many lines more than those that are meant are shown. */
const contextLines = 4;
const rule = '--------------------';

/** Lines of a file in BuildKit's form: those that are meant have `>>>` before them. */
export function sourceLines({ name, bytes }: BuildDefinition, { first, last }: LineRange): string {
  const lines = new TextDecoder().decode(bytes).split('\n');
  let [from, to] = [first, last];
  for (let added = 0; added < contextLines; added++) {
    if (from > 1) {
      from -= 1;
      added += 1;
    }
    if (to < lines.length) {
      to += 1;
      added += 1;
    }
  }
  const shown = lines.slice(from - 1, to).map((line, index) => {
    const number = from + index;
    const mark = number >= first && number <= last ? '>>>' : '   ';
    return ` ${String(number).padStart(3)} | ${mark} ${line}\n`;
  });
  return `${name}:${first}\n${rule}\n${shown.join('')}${rule}\n`;
}
