import { cgroupCheck } from './cgroup-check.ts';
import type { HealthCheck } from './doctor.ts';
import { firewallChecks } from './firewall-checks.ts';
import { hostChecks } from './host-checks.ts';
import { programChecks } from './program-checks.ts';

/** Everything that `gantry system doctor` looks at, the essential first. */
export function machineChecks({ searchPath }: { searchPath: string }): HealthCheck[] {
  return [...hostChecks(), cgroupCheck(), ...programChecks(searchPath), ...firewallChecks()];
}
