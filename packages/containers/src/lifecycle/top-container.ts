import { execFile } from 'node:child_process';
import type { ContainerTopResponse } from '@gantry/api-types';
import { errorMessage } from '@gantry/base';
import type { Container } from '../container.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { ContainerStateError, InvalidOptionError, ProcessListError } from '../errors.ts';
import { publishContainerEvent } from '../events/container-events.ts';
import { isActive } from '../state/container-state.ts';
import { restartingError } from './pause-container.ts';

const longestOutputBytes = 64 * 1024 * 1024;
const timeoutMs = 10_000;

/**
 * The container's processes as the host's `ps` shows them, found by the PID column. `psArguments` are split at blanks.
 * Throws `ContainerStateError` when it does not run, `ProcessListError` when ps cannot answer.
 */
export async function topContainer(
  { ports, events }: ContainerEnvironment,
  container: Container,
  psArguments: string,
): Promise<ContainerTopResponse> {
  const { id, state } = container;
  if (state.status === 'restarting') throw restartingError(id);
  if (!isActive(state)) throw new ContainerStateError(id, `container ${id} is not running`);
  const words = psArguments.trim() === '' ? ['-ef'] : psArguments.trim().split(/\s+/);
  checkArguments(words);
  const output = await runPs(words);
  const response = parseProcessList(output, new Set(ports.runtime.processIds(id)));
  publishContainerEvent(events, container, 'top');
  return response;
}

/** Docker's rule: the PID column must keep its name, for it is what processes are found by. */
function checkArguments(words: readonly string[]): void {
  for (const word of words) {
    if (word.includes('\0') || /(^|,)pid=/.test(word)) {
      throw new InvalidOptionError('specifying "pid" is not allowed for --format option', {
        option: 'ps_args',
      });
    }
  }
}

/** Picks the lines of `processIds`; a line with `-` for a pid (a thread) belongs to the process above it. */
export function parseProcessList(output: string, processIds: ReadonlySet<number>): ContainerTopResponse {
  const [head = '', ...lines] = output.split('\n');
  const titles = fields(head);
  const pidColumn = titles.indexOf('PID');
  if (pidColumn < 0) throw new ProcessListError("Couldn't find PID field in ps output");
  const processes: string[][] = [];
  let aboveIsOurs = false;
  for (const line of lines) {
    const words = fields(line);
    if (words.length === 0) continue;
    const pid = words[pidColumn];
    if (pid !== '-') {
      if (pid === undefined || !/^\d+$/.test(pid))
        throw new ProcessListError(`Unexpected pid '${pid}' in ps output`);
      aboveIsOurs = processIds.has(Number(pid));
    }
    if (!aboveIsOurs) continue;
    const last = titles.length - 1;
    processes.push([...words.slice(0, last), words.slice(last).join(' ')]);
  }
  return { Titles: titles, Processes: processes };
}

function fields(line: string): string[] {
  return line.split(/[ \t\v\f\r]+/).filter((word) => word !== '');
}

function runPs(words: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = {
      maxBuffer: longestOutputBytes,
      timeout: timeoutMs,
      env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' },
    };
    execFile('ps', [...words], options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new ProcessListError(`error running ps: ${stderr.trim() || errorMessage(error)}`));
    });
  });
}
