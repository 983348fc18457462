/**
 * Wraps a command so that nothing of it outlives it: in namespaces of its own for processes and mounts, which go with
 * its first process, and that goes when the engine does (setpriv(1), unshare(1); both are in util-linux).
 */
export function contained(command: readonly string[]): string[] {
  const death = ['setpriv', '--pdeathsig', 'KILL'];
  return [
    ...death,
    'unshare',
    '--fork',
    '--pid',
    '--mount',
    '--mount-proc',
    '--kill-child=KILL',
    '--',
    ...command,
  ];
}
