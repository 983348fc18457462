/**
 * Keeps `docs/reference/api-coverage.md`, `cli-coverage.md` and `daemon-coverage.md` true: they are observed, by asking the API server,
 * the CLI and the daemon's configuration for everything that Docker has. What is neither carried out nor refused is a breach. Usage: node scripts/check-coverage.ts [--write]
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import type { ContainerCreateRequest } from '@gantry/api-types';
import { checkResources, refuseUnbuiltOptions } from '@gantry/containers';
import { probeApi, startProbeServer } from '@gantry/http-api/testing';
import { apiBreaches, apiCoverage } from './reference/api-coverage.ts';
import { cliBreaches, cliCoverage, type ProbedCli } from './reference/cli-coverage.ts';
import { daemonBreaches, daemonCoverage, type ProbedDaemon } from './reference/daemon-coverage.ts';
import { refusedValues } from './reference/refused-values.ts';

const noCgroups = {} as Parameters<typeof checkResources>[1]['support'];
const root = path.resolve(import.meta.dirname, '..');
await using server = await startProbeServer({ checkCreate });
const api = await probeApi(server);
const cli = (await probe('apps/cli/testing/probe/probe-flags.ts', server.socketPath)) as ProbedCli;
const daemon = (await probe('apps/daemon/testing/probe-options.ts')) as ProbedDaemon;
const breaches = [...apiBreaches(api), ...cliBreaches(cli), ...daemonBreaches(daemon)];
if (breaches.length === 0) {
  keep('docs/reference/api-coverage.md', apiCoverage(api, refusedValues(root)));
  keep('docs/reference/cli-coverage.md', cliCoverage(cli));
  keep('docs/reference/daemon-coverage.md', daemonCoverage(daemon));
}
for (const breach of breaches) console.error(breach);
process.exitCode = breaches.length > 0 ? 1 : 0;

/** What the engine refuses whatever the machine: fields that are not built, and those that only Windows has. */
function checkCreate(request: ContainerCreateRequest): void {
  refuseUnbuiltOptions(request);
  const { IOMaximumBandwidth, IOMaximumIOps } = request.HostConfig ?? {};
  checkResources({ IOMaximumBandwidth, IOMaximumIOps }, { support: noCgroups, purpose: 'create' });
}

function keep(file: string, wanted: string): void {
  const target = path.join(root, file);
  if (existsSync(target) && readFileSync(target, 'utf8') === wanted) return;
  if (process.argv.includes('--write')) writeFileSync(target, wanted);
  else breaches.push(`${file} is not in step; run: node scripts/check-coverage.ts --write`);
}

/** What a program of the tree prints. */
async function probe(program: string, ...args: string[]): Promise<unknown> {
  const child = spawn(process.execPath, [path.join(root, program), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(await text(child.stdout));
}
