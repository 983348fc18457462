/** Upper bounds in seconds, those that Prometheus' clients have when nothing is said. */
const bounds: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

interface Row {
  /** How many were at most as long as each bound, and no longer than the one before. */
  counts: number[];
  sumSeconds: number;
  count: number;
}

/** How long actions took, by action. */
export class Histogram {
  readonly #rows: Map<string, Row>;

  constructor(actions: readonly string[]) {
    this.#rows = new Map(
      actions.map((action) => [action, { counts: bounds.map(() => 0), sumSeconds: 0, count: 0 }]),
    );
  }

  /** Nothing for an action that it was not made for. */
  observe(action: string, seconds: number): void {
    const row = this.#rows.get(action);
    if (row === undefined) return;
    const at = bounds.findIndex((bound) => seconds <= bound);
    if (at >= 0) row.counts[at] = (row.counts[at] ?? 0) + 1;
    row.sumSeconds += seconds;
    row.count += 1;
  }

  /** Prometheus' samples: cumulative buckets, sum and count of each action. */
  *samples(): Generator<{ suffix: string; labels: Record<string, string>; value: number }> {
    for (const [action, { counts, sumSeconds, count }] of this.#rows) {
      let below = 0;
      for (const [index, bound] of bounds.entries()) {
        below += counts[index] ?? 0;
        yield { suffix: '_bucket', labels: { action, le: String(bound) }, value: below };
      }
      yield { suffix: '_bucket', labels: { action, le: '+Inf' }, value: count };
      yield { suffix: '_sum', labels: { action }, value: sumSeconds };
      yield { suffix: '_count', labels: { action }, value: count };
    }
  }
}

type AsyncMethod = (...args: never[]) => Promise<unknown>;

/**
 * From now on each call of the named methods that succeeds is timed under its action's name: `{ start: 'start', remove: 'delete' }`.
 * The object is changed, so that everybody who has it is counted.
 */
export function timeMethods<Name extends string>(
  target: Record<NoInfer<Name>, AsyncMethod>,
  actions: Readonly<Record<Name, string>>,
  histogram: Histogram,
): void {
  for (const name of Object.keys(actions) as Name[]) {
    const plain = target[name].bind(target);
    target[name] = async (...args) => {
      const startedMs = performance.now();
      const result = await plain(...args);
      histogram.observe(actions[name], (performance.now() - startedMs) / 1000);
      return result;
    };
  }
}
