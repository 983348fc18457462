/** One thing that a machine needs (or is better off with) to run containers. */
export interface HealthCheck {
  readonly name: string;
  /** Looks, changes nothing. */
  examine(): Promise<Finding>;
  /** Mends what `examine` found; present only where that is safe to do without asking. Throws when it cannot. */
  mend?(): Promise<void>;
}

export interface Finding {
  /** `fail`: containers cannot run; `warn`: something will not work or is weaker, the message says what. */
  state: 'ok' | 'warn' | 'fail';
  message: string;
}

export interface Diagnosis extends Finding {
  name: string;
  mended: boolean;
}

/** Runs all checks in order; with `fix`, mends what can be mended and looks again. */
export async function diagnose(
  checks: readonly HealthCheck[],
  options: { fix: boolean },
): Promise<Diagnosis[]> {
  const diagnoses: Diagnosis[] = [];
  for (const check of checks) {
    const first = await check.examine();
    if (first.state === 'ok' || !options.fix || check.mend === undefined) {
      diagnoses.push({ name: check.name, ...first, mended: false });
      continue;
    }
    await check.mend();
    const second = await check.examine();
    diagnoses.push({ name: check.name, ...second, mended: second.state === 'ok' });
  }
  return diagnoses;
}
