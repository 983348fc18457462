import { accessSync, constants } from 'node:fs';
import path from 'node:path';

/** The program's absolute path, or undefined. */
export function findProgram(program: string, searchPath: string): string | undefined {
  return searchPath
    .split(':')
    .filter((folder) => folder !== '')
    .map((folder) => path.join(folder, program))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}
