import { windowSize } from '@gantry/terminal';

type Resize = (rows: number, columns: number) => Promise<void>;

/** Tells the other side our terminal's size, now and whenever it changes, until it is disposed. */
export function followSize(resize: Resize): Disposable {
  const tell = (): void => {
    const size = windowSize(1);
    if (size !== undefined) resize(size.rows, size.columns).catch(() => {});
  };
  void tellFirst(resize);
  process.on('SIGWINCH', tell);
  return { [Symbol.dispose]: () => void process.off('SIGWINCH', tell) };
}

const attempts = 10;
const retryMs = 10;

/** The process may not have its terminal yet: tries again, a little later each time. */
async function tellFirst(resize: Resize): Promise<void> {
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    const size = windowSize(1);
    if (size === undefined) return;
    try {
      return await resize(size.rows, size.columns);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, retryMs * attempt));
    }
  }
}
