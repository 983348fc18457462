import path from 'node:path';
import type { control, Draft, ServiceTable } from '@gantry/buildkit';
import { noteLocalRecord } from '../commands/builder/local-records.ts';
import type { Invocation } from '../invocation.ts';
import { warningReport } from '../progress/build-report.ts';
import { BuildTrace } from '../progress/build-trace.ts';
import { chooseDisplay, progressMode } from '../progress/choose-display.ts';
import { proxyVariables } from '../streams/create-container.ts';
import { type BuildCaches, openCaches } from './build-caches.ts';
import { buildFailure } from './build-failure.ts';
import { type BuildInputs, isRemoteContext, openBuildInputs } from './build-inputs.ts';
import { buildSignal } from './build-signal.ts';
import { frontendAttributes } from './frontend-attributes.ts';
import { callFrontend } from './frontend-call.ts';
import { keepOutputs } from './keep-outputs.ts';
import { type NamedContexts, readNamedContexts } from './named-contexts.ts';
import { readAttestations } from './options/attestations.ts';
import { readCaches } from './options/caches.ts';
import { type CallOption, readCall } from './options/call.ts';
import { type OutputOption, readOutputs } from './options/outputs.ts';
import { readSecrets, type Secrets } from './options/secrets.ts';
import { readSshAgents, type SshAgents } from './options/ssh-agents.ts';
import { exportersOf, receiversOf } from './output-exporters.ts';
import { contentService } from './session/content-service.ts';
import { credentialsService } from './session/credentials-service.ts';
import { fileSend, fileSync } from './session/file-services.ts';
import { secretService } from './session/secret-service.ts';
import { sshService } from './session/ssh-service.ts';
import { uploadService } from './session/upload-service.ts';
import { solveBuild } from './solve-build.ts';

/** Everything that a build's flags name, opened. */
interface OpenedBuild {
  readonly inputs: BuildInputs;
  readonly contexts: NamedContexts;
  readonly caches: BuildCaches;
  readonly secrets: Secrets;
  readonly agents: SshAgents;
  readonly outputs: readonly OutputOption[];
  readonly call: CallOption | undefined;
}

/** Builds over a session with the engine, or asks about a Dockerfile. Throws `CommandError`. */
export async function buildkitBuild(invocation: Invocation): Promise<number> {
  const { flags, environment, stderr, debug } = invocation;
  const isQuiet = flags.boolean('quiet');
  const mode = isQuiet ? 'quiet' : progressMode({ mode: flags.string('progress'), environment });
  const opened = await openBuild(invocation);
  const client = await invocation.engine();
  const trace = new BuildTrace();
  const request = await solveRequest(invocation, opened);
  const display = chooseDisplay(stderr, {
    mode,
    trace,
    environment,
    title: `gantry:${flags.string('builder') || 'default'}`,
  });
  const call = opened.call && callFrontend(request.frontendAttrs ?? new Map(), opened.call);
  const tellWarnings = (): void => {
    if (mode === 'quiet' || mode === 'none' || mode === 'rawjson') return;
    stderr.write(warningReport(trace.warnings, { isDetailed: debug }));
  };
  try {
    const solved = await solveBuild(client, {
      onStart: (ref) => void (call === undefined && noteBuild(invocation, ref)),
      services: servicesOf(invocation, opened),
      sharedKey: opened.inputs.sharedKey,
      request: call === undefined ? request : { internal: true },
      display,
      drive: call?.drive,
      signal: buildSignal(),
    });
    if (call !== undefined) return call.print(invocation.stdout);
    opened.caches.keep(solved.response.get('cache.manifest'));
    tellWarnings();
    await keepOutputs(invocation, opened.outputs, { solved, isQuiet: mode === 'quiet' });
    return 0;
  } catch (error) {
    throw buildFailure(error, { trace, stderr, isRaw: mode === 'rawjson', tellWarnings });
  }
}

/** For `builder history`, which asks where a build came from. */
function noteBuild({ flags, args, configDirectory }: Invocation, ref: string): void {
  const [given = ''] = args;
  if (given === '-' || isRemoteContext(given)) return;
  const DockerfilePath = flags.string('file');
  noteLocalRecord(configDirectory, ref, {
    Target: 'default',
    LocalPath: path.resolve(given),
    DockerfilePath,
  });
}

async function openBuild({ flags, args, environment, stdout }: Invocation): Promise<OpenedBuild> {
  const outputs = readOutputs({
    outputs: flags.list('output'),
    push: flags.boolean('push'),
    load: flags.boolean('load'),
    annotations: flags.list('annotation'),
    stdoutIsTerminal: stdout.isTerminal,
  });
  const call = readCall(flags.string('call'), flags.boolean('check'));
  const secrets = readSecrets(flags.list('secret'), environment);
  const agents = readSshAgents(flags.list('ssh'), environment);
  const contexts = readNamedContexts(flags.list('build-context'));
  const caches = openCaches(readCaches(flags.list('cache-from')), readCaches(flags.list('cache-to')));
  const inputs = await openBuildInputs(args[0] ?? '', flags.string('file'));
  return { inputs, contexts, caches, secrets, agents, outputs, call };
}

function servicesOf(invocation: Invocation, opened: OpenedBuild): ServiceTable[] {
  const { inputs, contexts, caches, secrets, agents, outputs } = opened;
  const trees = new Map([...inputs.trees, ...contexts.trees]);
  const stores = new Map([...contexts.stores, ...caches.stores]);
  const receivers = receiversOf(outputs, stores);
  return [
    credentialsService(invocation.config),
    ...(trees.size > 0 ? [fileSync(trees)] : []),
    ...(secrets.size > 0 ? [secretService(secrets)] : []),
    ...(agents.size > 0 ? [sshService(agents)] : []),
    ...(inputs.upload === undefined ? [] : [uploadService(inputs.upload)]),
    ...(stores.size > 0 ? [contentService(stores)] : []),
    ...(receivers.size > 0 ? [fileSend(receivers)] : []),
  ];
}

async function solveRequest(
  invocation: Invocation,
  { inputs, contexts, caches, outputs }: OpenedBuild,
): Promise<Draft<control.SolveRequest>> {
  const { flags, environment } = invocation;
  const attestations = readAttestations({
    attest: flags.list('attest'),
    sbom: flags.string('sbom'),
    provenance: flags.string('provenance'),
  });
  const proxies = await proxyVariables(invocation);
  const attributes = frontendAttributes({
    flags,
    environment,
    proxies,
    attestations,
    cacheImports: caches.imports,
  });
  const exporters = exportersOf(outputs, flags.list('tag'));
  const cacheEntry = ({
    type,
    attributes: attrs,
  }: {
    type: string;
    attributes: ReadonlyMap<string, string>;
  }): object => ({
    type,
    attrs,
  });
  const network = flags.string('network') === 'host' ? ['network.host'] : [];
  return {
    frontend: 'dockerfile.v0',
    frontendAttrs: new Map([...attributes, ...inputs.attributes, ...contexts.attributes]),
    cache: { exports: caches.exports.map(cacheEntry), imports: caches.imports.map(cacheEntry) },
    entitlements: [...new Set([...flags.list('allow'), ...network])],
    exporters,
    ...(exporters[0] && {
      exporterDeprecated: exporters[0].type,
      exporterAttrsDeprecated: exporters[0].attrs,
    }),
  };
}
