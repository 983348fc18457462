import type { ContainerConfig } from '@gantry/api-types';
import { applyChanges } from '@gantry/images';
import type { ImageRunConfig } from '@gantry/oci';
import { mergeVariables } from '../create/options/environment-variables.ts';

/**
 * What the image of a commit runs: what is given, else what the container is; with Dockerfile instructions applied, and what is
 * still unsaid then taken from the container. Throws `InvalidChangeError`.
 */
export function commitConfig(
  container: ContainerConfig,
  given: ContainerConfig | undefined,
  changes: readonly string[],
): ImageRunConfig {
  const inherited = runConfig(container);
  const own = applyChanges(given === undefined ? inherited : runConfig(given), changes);
  const hasCommand = (own.Entrypoint ?? []).length > 0 || (own.Cmd ?? []).length > 0;
  return {
    ...inherited,
    ...(hasCommand ? { Cmd: undefined } : {}),
    ...((own.Entrypoint ?? []).length > 0 ? { Entrypoint: undefined } : {}),
    ...own,
    Env: mergeVariables(own.Env ?? [], inherited.Env ?? []),
    ...union('Labels', inherited.Labels, own.Labels),
    ...union('ExposedPorts', inherited.ExposedPorts, own.ExposedPorts),
    ...union('Volumes', inherited.Volumes, own.Volumes),
  } as ImageRunConfig;
}

function union<K extends string, T>(
  key: K,
  inherited: Record<string, T> | undefined,
  own: Record<string, T> | undefined,
): { [name in K]?: Record<string, T> } {
  const all = { ...inherited, ...own };
  return Object.keys(all).length === 0 ? {} : ({ [key]: all } as { [name in K]: Record<string, T> });
}

const fields = [
  'User',
  'ExposedPorts',
  'Env',
  'Entrypoint',
  'Cmd',
  'Volumes',
  'WorkingDir',
  'Labels',
  'StopSignal',
  'Healthcheck',
  'OnBuild',
  'Shell',
] as const;

/** The fields that an image has, where they say anything. */
function runConfig(config: ContainerConfig): ImageRunConfig {
  const kept = fields.flatMap((field) => {
    const value = config[field];
    const isEmpty =
      value === undefined ||
      value === null ||
      value === '' ||
      (Array.isArray(value) && value.length === 0) ||
      (typeof value === 'object' && Object.keys(value).length === 0);
    return isEmpty ? [] : [[field, value] as const];
  });
  return structuredClone(Object.fromEntries(kept)) as ImageRunConfig;
}
