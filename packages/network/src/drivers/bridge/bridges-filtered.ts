import { isErrno, readSysctl } from '@gantry/kernel';

/** Whether frames between ports of one bridge pass the host's rules (`br_netfilter`). */
export function areBridgesFiltered(): boolean {
  try {
    return readSysctl(['net', 'bridge', 'bridge-nf-call-iptables']) === '1';
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return false;
    throw error;
  }
}
