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
 * Throws `ContainerStateError` when it does not run, `InvalidOptionError` for arguments that would mislead,
 * `ProcessListError` when ps cannot answer.
 */
export async function topContainer(
  { ports, events }: ContainerEnvironment,
  container: Container,
  psArguments: string,
): Promise<ContainerTopResponse> {
  const { id, state } = container;
  if (state.status === 'restarting') throw restartingError(id);
  if (!isActive(state)) throw new ContainerStateError(id, `container ${id} is not running`);
  checkArguments(psArguments);
  const words = psArguments.trim() === '' ? ['-ef'] : psArguments.trim().split(/\s+/);
  const processIds = ports.runtime.processIds(id);
  const response = parseProcessList(await listProcesses(words, processIds), new Set(processIds));
  publishContainerEvent(events, container, 'top');
  return response;
}

/** Docker's rule: no other column may be called PID, for processes are found by that name. */
function checkArguments(psArguments: string): void {
  if (psArguments.includes('\0')) {
    throw new InvalidOptionError('the ps arguments have a zero byte', { option: 'ps_args' });
  }
  for (const [, column, name] of psArguments.matchAll(/\s+(\S*)=\s*(PID\S*)/g)) {
    if (column !== 'pid') {
      throw new InvalidOptionError(`specifying "${column}=${name}" is not allowed`, { option: 'ps_args' });
    }
  }
}

/** Asks for these processes alone, whatever else the words select; some words (`f`) do not go with that, and then for all. */
async function listProcesses(words: readonly string[], processIds: readonly number[]): Promise<string> {
  try {
    return await runPs([...words, `-q${processIds.join(',')}`]);
  } catch {
    return await runPs(words);
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
        throw new ProcessListError(`Unexpected pid '${pid}': strconv.Atoi: parsing "${pid}": invalid syntax`);
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
      else reject(new ProcessListError(`ps: ${stderr.split('\n')[0] || errorMessage(error)}`));
    });
  });
}
