const proxied: readonly NodeJS.Signals[] = [
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGTERM',
  'SIGUSR1',
  'SIGUSR2',
  'SIGALRM',
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
