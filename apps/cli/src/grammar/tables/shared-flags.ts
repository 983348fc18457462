/** Flag lines that several tables share. */
export const listFormat: string =
  "--format string | Print each row with 'table' (default), 'table TEMPLATE', 'json' or a Go TEMPLATE";
export const inspectFormat: string = "-f/--format string | Print as 'json', or with a Go TEMPLATE";
export const filter: string = '-f/--filter filter | Show only what fits the condition (name=value)';
export const pruneFlags: string = `
  --filter filter | Remove only what fits the condition (name=value)
  -f/--force | Ask no question first
`;
export const detachKeys: string = '--detach-keys string | Keys that detach, in place of ctrl-p,ctrl-q';
export const contentTrust: string = '!--disable-content-trust=true | Accepted and without effect';
export const quietIds: string = '-q/--quiet | Print only the ids';
export const noTruncate: string = '--no-trunc | Print everything in full';

export const cpuLimits: string = `
  --cpu-period int64 | Length of a CPU scheduler (CFS) period, in microseconds
  --cpu-quota int64 | CPU time within a scheduler (CFS) period, in microseconds
`;
export const cpuRealTime: string = `
  --cpu-rt-period int64 | Length of a real-time scheduler period, in microseconds
  --cpu-rt-runtime int64 | Real-time CPU time within a period, in microseconds
`;
export const cpuSets: string = `
  --cpuset-cpus string | CPUs to run on (0-3 or 0,1)
  --cpuset-mems string | Memory nodes to use (0-3 or 0,1)
`;
export const memoryLimits: string = `
  -m/--memory bytes=0 | Memory limit
  --memory-swap bytes=0 | Limit of memory and swap together, -1 for unlimited swap
`;
