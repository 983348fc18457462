/**
 * Anything at all: it can be called, awaited, iterated (it is empty) and asked for any property, which is the same again.
 * What stands behind a port while a probe looks at what stands in front of it.
 */
export function stub(): never {
  const answer: unknown = new Proxy(() => {}, {
    get: (_target, property) => {
      if (property === 'then') return undefined;
      if (property === Symbol.asyncIterator || property === Symbol.iterator) return nothing;
      if (property === Symbol.toPrimitive) return () => '';
      if (property === 'toJSON') return () => ({});
      return stub();
    },
    apply: () => answer,
  });
  return answer as never;
}

function nothing(): object {
  const done = { done: true, value: undefined };
  return { next: () => done, [Symbol.iterator]: nothing, [Symbol.asyncIterator]: nothing };
}

/** A port whose methods all answer a stub, but for those given. */
export function stubPort<T extends object>(own: Partial<T> = {}): T {
  return new Proxy(own as T, { get: (target, property) => Reflect.get(target, property) ?? stub() });
}
