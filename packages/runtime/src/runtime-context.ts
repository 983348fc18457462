import type { Clock, Logger } from '@gantry/base';
import type { CgroupLayout, ExpectedMigrations, ReadinessPoller, RealtimeShare } from '@gantry/kernel';
import type { CgroupDriver } from './cgroups/cgroup-place.ts';
import type { RuntimeFolders } from './container-files.ts';
import type { EventFolder } from './events/event-folder.ts';
import type { OciProgram } from './programs/oci-program.ts';
import type { SealedProgram } from './programs/sealed-program.ts';
import type { SeccompFilters } from './programs/seccomp-filters.ts';

/** What is the same for all containers of one runtime. */
export interface RuntimeContext {
  program: OciProgram;
  sealedProgram: SealedProgram;
  seccompFilters: SeccompFilters;
  folders: RuntimeFolders;
  events: EventFolder;
  poller: ReadinessPoller;
  cgroups: CgroupLayout;
  migrations: ExpectedMigrations;
  cgroupDriver: CgroupDriver;
  /** What the cgroups above containers' get, at each start. */
  realtime: RealtimeShare | undefined;
  bootId: string;
  clock: Clock;
  logger: Logger;
  /** Aborts when the runtime is disposed. */
  closing: AbortSignal;
}
