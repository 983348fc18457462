import { errorMessage } from '@gantry/base';
import type { Container, ContainerRun } from '../container.ts';
import type { ContainerEnvironment } from '../environment.ts';
import { endRun, stopSignalOf, stopTimeoutSecondsOf } from '../lifecycle/stop-container.ts';
import { parseSignal } from '../signals.ts';
import { policyName } from './restart-decision.ts';

/**
 * Ends a run that became unhealthy, as a stop would, where the restart policy is `on-unhealthy`: the policy starts the
 * next. Returns at once; does nothing for other policies.
 */
export function restartUnhealthy(
  environment: ContainerEnvironment,
  container: Container,
  run: ContainerRun,
): void {
  if (policyName(container) !== 'on-unhealthy') return;
  const { logger } = environment;
  logger.info('an unhealthy container is restarted', { containerId: container.id });
  const signal = parseSignal(stopSignalOf(container));
  const timeoutSeconds = stopTimeoutSecondsOf(container);
  endRun(environment, container, { run, signal, timeoutSeconds }).catch((error: unknown) => {
    logger.error('an unhealthy container was not ended', {
      containerId: container.id,
      error: errorMessage(error),
    });
  });
}
