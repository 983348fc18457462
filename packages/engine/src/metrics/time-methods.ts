type AsyncMethod = (...args: never[]) => Promise<unknown>;

/**
 * From now on each call of the named methods that succeeds is told with its action's name: `{ start: 'start', remove: 'delete' }`. The object
 * is changed, so that the calls of everybody who has it are told.
 */
export function timeMethods<Name extends string>(
  target: Record<NoInfer<Name>, AsyncMethod>,
  actions: Readonly<Record<Name, string>>,
  tell: (action: string, seconds: number) => void,
): void {
  for (const name of Object.keys(actions) as Name[]) {
    const plain = target[name].bind(target);
    target[name] = async (...args) => {
      const startedMs = performance.now();
      const result = await plain(...args);
      tell(actions[name], (performance.now() - startedMs) / 1000);
      return result;
    };
  }
}
