import { posix } from 'node:path';
import {
  type Heredoc,
  heredocText,
  type RunInstruction,
  type RunMount,
  readRunMount,
  scriptOf,
} from '@gantry/dockerfile';
import type { BuildRequest } from '../build-request.ts';
import { InvalidBuildError } from '../errors.ts';
import { builderArguments } from '../plan/builder-arguments.ts';
import { checkEntitlements } from '../plan/check-instructions.ts';
import { cachedStep } from '../steps/cached-step.ts';
import { requireEmulator } from '../steps/emulation.ts';
import type { StepMount } from '../steps/run-mounts.ts';
import { runStep } from '../steps/run-step.ts';
import type { StepScript } from '../steps/step-files.ts';
import { expandIn } from './apply-config.ts';
import { isUncached } from './copy.ts';
import { remember } from './history.ts';
import { contentOf, sourceFiles } from './sources.ts';
import type { StageWork } from './stage-build.ts';

/** RUN. Throws `BuildCommandError`, and what mounting and starting throw. */
export async function commandRun(work: StageWork, instruction: RunInstruction): Promise<void> {
  const { build, state } = work;
  const { environment, request, keep, signal } = build;
  // Triggers of the image below are in no file that was looked at.
  checkEntitlements(instruction, { request, defaults: environment.defaults });
  const mounts: StepMount[] = [];
  for (const text of instruction.mounts) {
    const agents = mounts.filter(({ type }) => type === 'ssh').length;
    mounts.push(await stepMount(work, instruction, { text, agents }));
  }
  const { words: command, told = command, scripts } = commandOf(work, instruction);
  const { WorkingDir: workingDirectory = '/', User: user = '' } = state.draft.config;
  const network = instruction.network === 'default' ? request.network : instruction.network;
  const variables = state.runVariables();
  const { security, devices } = instruction;
  const place = { workingDirectory: workingDirectory || '/', user, network };
  const confinement = { isInsecure: security === 'insecure', devices };
  const parts = { command, scripts, ...place, ...confinement };
  const { extraHosts, limits, cgroupParent, ulimits, sharedMemoryBytes } = request;
  const hostname = hostnameOf(request);
  const step = await cachedStep(environment, {
    inputs: [
      'run',
      state.layerIds,
      {
        ...parts,
        ...(hostname !== usualHostname && { hostname }),
        variables,
        extraHosts,
        mounts: await mountInputs(work, mounts),
      },
    ],
    description: instruction.source,
    noCache: isUncached(work),
    keep,
    make: async () => {
      work.step?.running();
      requireEmulator(state.platform);
      return await runStep(
        environment,
        {
          ...parts,
          onto: state.layerIds,
          variables: [...build.arguments.proxies(), ...variables],
          mounts,
          client: request.client,
          extraHosts,
          hostname,
          limits,
          cgroupParent,
          ulimits,
          sharedMemoryBytes,
        },
        { keep, signal, onOutput: (data) => work.step?.output(data) },
      );
    },
  });
  if (step.cached) work.step?.cached();
  state.add(step);
  remember(work, `RUN ${state.toldArguments()}${told.join(' ')} # buildkit`, step.layer !== undefined);
}

/** What a build step calls itself, as under BuildKit. */
const usualHostname = 'buildkitsandbox';

function hostnameOf({ hostname, buildArguments }: BuildRequest): string {
  return hostname || buildArguments.get(builderArguments.hostname) || usualHostname;
}

interface Command {
  readonly words: readonly string[];
  /** As the history has it, where that is something else. */
  readonly told?: readonly string[];
  readonly scripts: readonly StepScript[];
}

/** In the shell form a heredoc alone is a script; behind a command it is that command's. */
function commandOf({ state }: StageWork, instruction: RunInstruction): Command {
  const { shell, words, heredocs } = instruction;
  if (words.length === 0) throw new InvalidBuildError('RUN requires at least one argument');
  if (!shell || heredocs.length === 0) return { words: state.draft.withShell(instruction), scripts: [] };
  const [text = ''] = words;
  const script = scriptOf(instruction);
  if (script !== undefined) return scriptCommand(state.draft, script);
  const bodies = heredocs.map(({ content, name }) => `\n${content}${name}`).join('');
  return { words: state.draft.withShell({ ...instruction, words: [text + bodies] }), scripts: [] };
}

/** A script that names its own interpreter is a program; any other is for the shell. */
function scriptCommand(draft: StageWork['state']['draft'], heredoc: Heredoc): Command {
  const text = heredocText({ ...heredoc, expand: false }, (same) => same);
  if (!text.startsWith('#!'))
    return { words: draft.withShell({ words: [text], shell: true, heredocs: [] }), scripts: [] };
  const destination = `/dev/pipes/${posix.basename(heredoc.name)}`;
  const told = draft.withShell({ words: [destination], shell: true, heredocs: [] });
  return { words: [destination], told, scripts: [{ destination, text }] };
}

async function stepMount(
  work: StageWork,
  instruction: RunInstruction,
  { text, agents }: { text: string; agents: number },
): Promise<StepMount> {
  const { state } = work;
  const mount = readRunMount(text, (value) => expandIn(work, instruction, value).text);
  const working = state.draft.config.WorkingDir || '/';
  const destination =
    mount.target === undefined ? defaultTarget(mount, agents) : posix.resolve(working, mount.target);
  if (destination === '/') throw new InvalidBuildError('invalid mount target "/"');
  const id = mount.type === 'cache' ? cacheIdOf(work, mount.id ?? destination ?? '') : mount.id;
  const hasFiles = mount.type === 'bind' || (mount.type === 'cache' && mount.from !== undefined);
  return {
    ...mount,
    ...(id !== undefined && { id }),
    destination,
    files: hasFiles ? await sourceFiles(work, mount.from ?? '') : undefined,
  };
}

/** Caches of one name in different namespaces are different ones. */
function cacheIdOf({ build }: StageWork, id: string): string {
  const namespace = build.request.buildArguments.get(builderArguments.cacheMountNamespace) ?? '';
  return namespace === '' ? id : `${namespace}/${id}`;
}

/** Undefined for a secret that is a variable alone. */
function defaultTarget(mount: RunMount, agents: number): string | undefined {
  if (mount.type === 'secret') {
    const id = mount.id ?? mount.source;
    if (mount.env !== undefined) return undefined;
    if (id !== undefined) return `/run/secrets/${posix.basename(id)}`;
  }
  if (mount.type === 'ssh') return `/run/buildkit/ssh_agent.${agents}`;
  throw new InvalidBuildError(`invalid mount target "": a ${mount.type} mount needs a target`);
}

/** What mounts are to the step's key: of a bind mount the files that it shows, of a cache nothing but its place. */
async function mountInputs(work: StageWork, mounts: readonly StepMount[]): Promise<object[]> {
  const inputs: object[] = [];
  for (const { files, ...mount } of mounts) {
    const isContent = mount.type === 'bind' && files !== undefined;
    const content = isContent ? await contentOf(work, files, mount.source ?? '/') : '';
    inputs.push({ ...mount, content });
  }
  return inputs;
}
