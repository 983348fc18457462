import { hybridProblem, prepareHybrid } from '@gantry/kernel';
import type { Finding, HealthCheck } from './doctor.ts';

/** crun 1.8 refuses a hybrid host whose v2 hierarchy still owns a controller; mounting it as v1 mends that. */
export function cgroupCheck(): HealthCheck {
  return {
    name: 'cgroups',
    examine: () => Promise.resolve(examine()),
    mend: () => {
      prepareHybrid();
      return Promise.resolve();
    },
  };
}

function examine(): Finding {
  const left = hybridProblem();
  if (left.length === 0) return { state: 'ok', message: 'usable' };
  const names = left.join(', ');
  return {
    state: 'fail',
    message: `the v2 hierarchy still owns ${names}: crun refuses to start; mount it as v1 (gantry system doctor --fix)`,
  };
}
