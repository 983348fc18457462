import { cgroupCheck } from './cgroup-check.ts';
import type { HealthCheck } from './doctor.ts';
import { firewallChecks } from './firewall-checks.ts';
import { hostChecks } from './host-checks.ts';
import { programChecks } from './program-checks.ts';
import { rootCheck } from './root-check.ts';

/** Everything that `gantry system doctor` looks at, the essential first. */
export function machineChecks({ searchPath }: { searchPath: string }): HealthCheck[] {
  return [...hostChecks(), rootCheck(), cgroupCheck(), ...programChecks(searchPath), ...firewallChecks()];
}
