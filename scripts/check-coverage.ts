/**
 * Keeps `docs/reference/api-coverage.md` and `cli-coverage.md` true: both are observed, by asking the API server and the CLI for
 * everything that Docker has. What is neither carried out nor refused is a breach. Usage: node scripts/check-coverage.ts [--write]
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
import { refusedValues } from './reference/refused-values.ts';

const noCgroups = {} as Parameters<typeof checkResources>[1]['support'];
const root = path.resolve(import.meta.dirname, '..');
await using server = await startProbeServer({ checkCreate });
const api = await probeApi(server);
const cli = await probeCli(server.socketPath);
const breaches = [...apiBreaches(api), ...cliBreaches(cli)];
if (breaches.length === 0) {
  keep('docs/reference/api-coverage.md', apiCoverage(api, refusedValues(root)));
  keep('docs/reference/cli-coverage.md', cliCoverage(cli));
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

async function probeCli(socketPath: string): Promise<ProbedCli> {
  const program = path.join(root, 'apps/cli/testing/probe/probe-flags.ts');
  const child = spawn(process.execPath, [program, socketPath], { stdio: ['ignore', 'pipe', 'inherit'] });
  return JSON.parse(await text(child.stdout)) as ProbedCli;
}
