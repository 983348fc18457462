import {
  type AddInstruction,
  type CopyInstruction,
  DockerfileError,
  type Instruction,
  type RunInstruction,
  readRunMount,
  type Stage,
  SyntaxProblem,
} from '@gantry/dockerfile';
import type { BuildRequest } from '../build-request.ts';
import type { BuilderDefaults } from '../builder-environment.ts';
import { BuildOptionNotBuiltError, InvalidBuildError } from '../errors.ts';
import { readModeChange } from '../transfer/change-mode.ts';
import type { StageNames } from './choose-stages.ts';

export interface InstructionRules {
  readonly names: StageNames;
  readonly request: Pick<BuildRequest, 'entitlements' | 'network'>;
  readonly defaults: Pick<BuilderDefaults, 'entitlements' | 'userMaps'>;
}

/**
 * Looks at the instructions of the stages that are needed, before the first of them runs: for sources and flags that cannot be,
 * and for what the build is not entitled to. What depends on variables is found when its turn comes. Throws `DockerfileError`
 * with the instruction's lines, in BuildKit's words.
 */
export function checkInstructions(stages: readonly Stage[], rules: InstructionRules): void {
  for (const stage of stages) {
    for (const instruction of stage.instructions) {
      try {
        checkInstruction(instruction, stage, rules);
      } catch (error) {
        const isOfText = error instanceof SyntaxProblem || error instanceof InvalidBuildError;
        if (isOfText) throw new DockerfileError(error.message, instruction.lines, { isOfText });
        throw error;
      }
    }
  }
}

function checkInstruction(instruction: Instruction, stage: Stage, rules: InstructionRules): void {
  if (instruction.name === 'RUN') checkRun(instruction, stage, rules);
  if (instruction.name === 'COPY') checkFrom(instruction, stage, rules);
  if (instruction.name === 'COPY' || instruction.name === 'ADD') checkMode(instruction);
}

function checkRun(instruction: RunInstruction, stage: Stage, rules: InstructionRules): void {
  for (const text of instruction.mounts.filter((mount) => !mount.includes('$'))) {
    const { from = '', target = '' } = readRunMount(text, (same) => same);
    const origin = from === '' ? undefined : rules.names.source(from);
    if (origin !== undefined && 'stage' in origin && origin.stage.index >= stage.index) {
      throw new InvalidBuildError(
        `cannot mount from stage ${JSON.stringify(from)} to ${JSON.stringify(target)}, stage needs to be defined before current command`,
      );
    }
  }
  checkEntitlements(instruction, rules);
}

/**
 * What a RUN asks for beyond a plain one, by what the build is entitled to. Throws `InvalidBuildError` in BuildKit's words, which
 * clients look for to say what `--allow` is for.
 */
export function checkEntitlements(
  { security, devices, network }: RunInstruction,
  { request, defaults }: Pick<InstructionRules, 'request' | 'defaults'>,
): void {
  const { entitlements } = request;
  const granted = defaults.entitlements();
  if (security === 'insecure' && !(granted.securityInsecure && entitlements.has('security.insecure')))
    throw new InvalidBuildError('failed to load LLB: security.insecure is not allowed');
  for (const { deviceName } of devices) {
    const isAsked = entitlements.has('device') || entitlements.has(`device=${deviceName}`);
    if (!granted.device || !isAsked)
      throw new InvalidBuildError(
        `failed to load LLB: device ${deviceName} is requested by the build but not allowed`,
      );
  }
  // A root that is nobody on the host has no power over what is the host's.
  const wishes = {
    '--security=insecure': security === 'insecure',
    '--network=host': [network, request.network].includes('host'),
  };
  const [wish] = Object.entries(wishes).find(([, isWished]) => isWished) ?? [];
  if (defaults.userMaps !== undefined && wish !== undefined)
    throw new BuildOptionNotBuiltError(`RUN ${wish} on a daemon with userns-remap`);
  const isAsked = request.network === 'host' || entitlements.has('network.host');
  const allowsHost = granted.networkHost && isAsked;
  if (network === 'host' && (!allowsHost || request.network === 'none'))
    throw new InvalidBuildError('failed to load LLB: network.host is not allowed');
}

function checkFrom({ from }: CopyInstruction, stage: Stage, { names }: InstructionRules): void {
  if (from.includes('$')) {
    throw new InvalidBuildError(
      'variable expansion is not supported for --from, define a new stage with FROM using ARG from global scope as a workaround',
    );
  }
  if (from === '') return;
  const origin = names.source(from);
  if ('image' in origin && /^\d+$/.test(from)) throw new InvalidBuildError(`invalid stage index ${from}`);
  if (!('stage' in origin)) return;
  const own = stage.from.stageName || String(stage.index);
  if (origin.stage === stage) throw new InvalidBuildError(`circular dependency detected on stage: ${own}`);
  if (origin.stage.index > stage.index) {
    throw new InvalidBuildError(
      `cannot copy from stage ${JSON.stringify(from)}, it needs to be defined before current stage ${JSON.stringify(own)}`,
    );
  }
}

function checkMode({ chmod }: AddInstruction | CopyInstruction): void {
  if (chmod !== '' && !chmod.includes('$')) readModeChange(chmod);
}
