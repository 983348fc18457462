/** All that Docker's client sends on and that Node.js can catch: not CHLD, PIPE and URG, nor what a fault of our own raises. */
const proxied: readonly NodeJS.Signals[] = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGABRT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
  'SIGTERM',
  'SIGCONT',
  'SIGTSTP',
  'SIGTTIN',
  'SIGTTOU',
  'SIGXCPU',
  'SIGXFSZ',
  'SIGVTALRM',
  'SIGPROF',
  'SIGWINCH',
  'SIGIO',
  'SIGPWR',
  'SIGSYS',
];

/** Sends our signals on, by name without `SIG`, until it is disposed. A failure to deliver one is not told. */
export function proxySignals(send: (signal: string) => Promise<void>): Disposable {
  const forward = (signal: NodeJS.Signals): void => {
    send(signal.slice('SIG'.length)).catch(() => {});
  };
  for (const signal of proxied) process.on(signal, forward);
  return {
    [Symbol.dispose](): void {
      for (const signal of proxied) process.off(signal, forward);
    },
  };
}
