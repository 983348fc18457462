import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { BuildEvents, LogEvent, StatusEvent, VertexEvent, WarningEvent } from './build-events.ts';
import { culpritReport, sourceReport, warningReport } from './build-report.ts';
import { BuildTrace } from './build-trace.ts';
import { progressMode } from './choose-display.ts';
import { drawFrame } from './frame.ts';
import { PlainDisplay } from './plain-display.ts';
import { progressColors } from './progress-colors.ts';
import { RawJsonDisplay } from './raw-json-display.ts';
import { TerminalDisplay } from './terminal-display.ts';

const second = 1_000_000_000n;
const noColors = progressColors({ NO_COLOR: '1' });

function at(seconds: number): bigint {
  return 1_700_000_000n * second + BigInt(Math.round(seconds * 1e9));
}

function events(parts: Partial<BuildEvents>): BuildEvents {
  return { vertexes: [], statuses: [], logs: [], warnings: [], ...parts };
}

function vertex(
  name: string,
  times: { from?: number; to?: number } & Partial<VertexEvent> = {},
): VertexEvent {
  const { from, to, ...rest } = times;
  return {
    digest: `sha256:${name}`,
    name,
    inputs: [],
    startedNs: from === undefined ? undefined : at(from),
    completedNs: to === undefined ? undefined : at(to),
    cached: false,
    error: '',
    ...rest,
  };
}

function log(name: string, text: string, seconds: number): LogEvent {
  return { vertex: `sha256:${name}`, stream: 1, data: Buffer.from(text), timestampNs: at(seconds) };
}

function status(name: string, id: string, rest: Partial<StatusEvent> = {}): StatusEvent {
  return { id, vertex: `sha256:${name}`, name: '', current: 0, total: 0, timestampNs: at(0), ...rest };
}

class Screen {
  text = '';
  readonly isTerminal = false;

  write(data: string | Uint8Array): void {
    this.text += String(data);
  }

  lines(): string[] {
    return this.text.trimEnd().split('\n');
  }
}

function plain(): { screen: Screen; display: PlainDisplay; clock: { seconds: number } } {
  const screen = new Screen();
  const clock = { seconds: 0 };
  return { screen, clock, display: new PlainDisplay(screen, { nowNs: () => at(clock.seconds) }) };
}

describe('the plain display', () => {
  test('tells the beginning, the output and the end of each step, with its number', () => {
    const { screen, display } = plain();
    display.show(events({ vertexes: [vertex('load', { from: 0 }), vertex('run')] }));
    display.show(events({ vertexes: [vertex('load', { from: 0, to: 0.14 })] }));
    display.show(events({ vertexes: [vertex('run', { from: 1 })] }));
    display.show(events({ logs: [log('run', 'hello\nwor', 1.5)] }));
    display.show(events({ logs: [log('run', 'ld\n', 1.75)] }));
    display.show(events({ vertexes: [vertex('run', { from: 1, to: 3 })] }));
    display.show(events({ vertexes: [vertex('copy', { from: 3, to: 3, cached: true })] }));
    display.end();
    assert.deepEqual(screen.lines(), [
      '#1 load',
      '#1 DONE 0.1s',
      '',
      '#2 run',
      '#2 0.500 hello',
      '#2 0.750 world',
      '#2 DONE 2.0s',
      '',
      '#3 copy',
      '#3 CACHED',
    ]);
  });

  test('lets one step speak until it ends, or falls silent for long', () => {
    const { screen, display, clock } = plain();
    display.show(events({ vertexes: [vertex('a', { from: 0 }), vertex('b', { from: 0 })] }));
    display.show(events({ logs: [log('b', 'kept back\n', 1)] }));
    display.show(events({ logs: [log('a', 'first\n', 1)] }));
    clock.seconds = 7;
    display.show(events({ logs: [log('b', 'and on\n', 7)] }));
    display.show(events({ vertexes: [vertex('a', { from: 0, to: 8 })] }));
    display.show(events({ vertexes: [vertex('b', { from: 0, to: 9 })] }));
    assert.deepEqual(screen.lines(), [
      '#1 a',
      '#1 1.000 first',
      '#1 ...',
      '',
      '#2 b',
      '#2 1.000 kept back',
      '#2 7.000 and on',
      '#2 ...',
      '',
      '#1 a',
      '#1 DONE 8.0s',
      '',
      '#2 b',
      '#2 DONE 9.0s',
    ]);
  });

  test('tells extents at first, now and then, and at their end', () => {
    const { screen, display, clock } = plain();
    display.show(events({ vertexes: [vertex('ctx', { from: 0 })] }));
    for (const seconds of [1, 2, 8]) {
      clock.seconds = seconds;
      const part = status('ctx', 'transferring context:', { current: seconds * 1_050_000, startedNs: at(0) });
      display.show(events({ statuses: [part] }));
    }
    const whole = { current: 31, startedNs: at(0), completedNs: at(0.04) };
    display.show(events({ statuses: [status('ctx', 'transferring dockerfile:', whole)] }));
    assert.deepEqual(screen.lines(), [
      '#1 ctx',
      '#1 transferring context: 1.05MB 1.0s',
      '#1 transferring context: 8.40MB 8.0s',
      '#1 transferring dockerfile: 31B done',
    ]);
  });

  test('tells failed steps from those that were given up', () => {
    const { screen, display } = plain();
    display.show(events({ vertexes: [vertex('a', { from: 0 }), vertex('b', { from: 0 })] }));
    display.show(events({ vertexes: [vertex('a', { from: 0, to: 1, error: 'exit code: 1' })] }));
    display.show(events({ vertexes: [vertex('b', { from: 0, to: 1, error: 'x: context canceled' })] }));
    assert.deepEqual(screen.lines(), ['#1 a', '#1 ERROR: exit code: 1', '', '#2 b', '#2 CANCELED']);
  });
});

describe('a frame of the terminal', () => {
  const size = { rows: 24, columns: 40 };
  const options = {
    ...size,
    nowNs: at(5),
    startedNs: at(0),
    colors: noColors,
    title: 'gantry',
    logLines: 6,
    isLast: false,
  };

  test('has a line for each step and extent, with its time at the right', () => {
    const trace = new BuildTrace();
    trace.add(
      events({
        vertexes: [
          vertex('[internal] load', { from: 0, to: 0.25 }),
          vertex('[1/2] FROM base', { from: 1, to: 1, cached: true }),
          vertex('[2/2] RUN make', { from: 2 }),
          vertex('export'),
        ],
        statuses: [
          status('[internal] load', 'context:', { current: 2, startedNs: at(0), completedNs: at(0.1) }),
        ],
        logs: [log('[2/2] RUN make', 'one\n\x1b[31mtwo\x1b[0m\ttabs\n', 3)],
      }),
    );
    assert.deepEqual(drawFrame(trace, options), [
      '[+] Building 5.0s (2/4)          gantry',
      ' => [internal] load                0.3s',
      ' => => context: 2B                 0.1s',
      ' => CACHED [1/2] FROM base         0.0s',
      ' => [2/2] RUN make                 3.0s',
      ' => => # one',
      ' => => # two    tabs',
    ]);
  });

  test('is never taller or wider than the terminal, and rather shows what runs', () => {
    const trace = new BuildTrace();
    const done = Array.from({ length: 30 }, (_, index) => vertex(`done ${index}`, { from: 0, to: 1 }));
    const name = `run ${'x'.repeat(100)}`;
    trace.add(events({ vertexes: [vertex(name, { from: 0 }), ...done] }));
    trace.add(events({ logs: [log(name, Array.from({ length: 30 }, (_, n) => `line ${n}\n`).join(''), 1)] }));
    const lines = drawFrame(trace, { ...options, rows: 10 });
    assert.ok(lines.length <= 9, lines.join('\n'));
    assert.ok(lines.every((line) => line.length < size.columns));
    assert.ok(
      lines.some((line) => line.startsWith(' => run xxx')),
      lines.join('\n'),
    );
    assert.ok(lines.some((line) => line.endsWith('# line 29')));
    assert.equal(drawFrame(trace, { ...options, rows: 10, isLast: true }).length, 32);
  });

  test('marks what failed and what was given up', () => {
    const trace = new BuildTrace();
    trace.add(events({ vertexes: [vertex('a', { from: 0, to: 1, error: 'exit code: 1' })] }));
    trace.add(events({ vertexes: [vertex('b', { from: 0, to: 1, error: 'context canceled' })] }));
    const [, failed, canceled] = drawFrame(trace, { ...options, colors: progressColors({}) });
    assert.match(failed ?? '', /^\x1b\[31m => ERROR a +1\.0s\x1b\[0m$/);
    assert.match(canceled ?? '', /^\x1b\[33m => CANCELED b +1\.0s\x1b\[0m$/);
  });

  test('is drawn over the one before, and stays when the build ends', () => {
    const screen = new Screen();
    const shared = { nowNs: () => at(0), size: () => size, colors: noColors, title: '', logLines: 6 };
    const display = new TerminalDisplay(screen, shared);
    display.show(events({ vertexes: [vertex('a', { from: 0, to: 1 })] }));
    display.end();
    display.end();
    assert.equal(screen.text.match(/FINISHED/g)?.length, 1);
    assert.match(screen.text, / => a +1\.0s\n\x1b\[J\x1b\[\?25h$/);
  });
});

describe('the end of a build', () => {
  test('shows the output of the step that failed by itself, then the lines of the Dockerfile', () => {
    const trace = new BuildTrace();
    trace.add(events({ vertexes: [vertex('other', { from: 0 }), vertex('RUN false', { from: 0 })] }));
    trace.add(events({ logs: [log('RUN false', 'oh no\n', 0.5), log('other', 'fine\n', 0.5)] }));
    trace.add(events({ vertexes: [vertex('other', { from: 0, to: 1, error: 'context canceled' })] }));
    trace.add(events({ vertexes: [vertex('RUN false', { from: 0, to: 1, error: 'exit code: 1' })] }));
    const text = { filename: 'Dockerfile', data: Buffer.from('FROM a\nENV b=c\nRUN false\nRUN true\n') };
    assert.equal(
      culpritReport(trace) + sourceReport(text, [{ startLine: 3, endLine: 3 }]),
      `------
 > RUN false:
0.500 oh no
------
Dockerfile:3
--------------------
   1 |     FROM a
   2 |     ENV b=c
   3 | >>> RUN false
   4 |     RUN true
   5 |     
--------------------
`,
    );
  });

  test('counts what it leaves out of a long output', () => {
    const trace = new BuildTrace();
    trace.add(events({ vertexes: [vertex('run', { from: 0 })] }));
    trace.add(events({ logs: [log('run', 'x\n'.repeat(5000), 1)] }));
    trace.add(events({ vertexes: [vertex('run', { from: 0, to: 1, error: 'no' })] }));
    assert.match(culpritReport(trace), /\n4950 lines of output are left out\n(?:1\.000 x\n){50}------\n$/);
  });

  test('lists warnings once each, in full when asked', () => {
    const source = { filename: 'Dockerfile', data: Buffer.from('from a\n') };
    const warning: WarningEvent = {
      vertex: 'sha256:a',
      level: 1,
      short: 'Casing: "from" should be upper case',
      detail: ['Be consistent'],
      url: 'https://example.com/casing',
      source,
      ranges: [{ startLine: 1, endLine: 1 }],
    };
    const trace = new BuildTrace();
    trace.add(events({ warnings: [warning, warning] }));
    const short = warningReport(trace.warnings, { isDetailed: false });
    assert.match(short, /^\n 1 warning found .*\n - Casing: "from" should be upper case \(line 1\)\n$/);
    const long = warningReport(trace.warnings, { isDetailed: true });
    assert.match(long, /Be consistent\nMore info: https:\/\/example\.com\/casing\nDockerfile:1\n/);
    assert.equal(warningReport([], { isDetailed: false }), '');
  });
});

describe('progress for programs', () => {
  test('is a document a line, with the times of the events', () => {
    const screen = new Screen();
    const display = new RawJsonDisplay(screen);
    display.show(events({ vertexes: [vertex('a', { from: 0.5 })], logs: [log('a', 'hi', 1)] }));
    display.show(events({}));
    assert.deepEqual(JSON.parse(screen.text), {
      vertexes: [{ digest: 'sha256:a', name: 'a', started: '2023-11-14T22:13:20.5Z' }],
      logs: [{ vertex: 'sha256:a', stream: 1, data: 'aGk=', timestamp: '2023-11-14T22:13:21Z' }],
    });
    assert.equal(screen.lines().length, 1);
  });

  test('is chosen by the flag before the environment', () => {
    assert.equal(progressMode({ mode: 'plain', environment: { BUILDKIT_PROGRESS: 'tty' } }), 'plain');
    assert.equal(progressMode({ mode: 'auto', environment: { BUILDKIT_PROGRESS: 'rawjson' } }), 'rawjson');
    assert.equal(progressMode({ mode: '', environment: {} }), 'auto');
    assert.throws(() => progressMode({ mode: 'loud', environment: {} }), /invalid progress mode loud/);
  });

  test('takes colors by name and by number', () => {
    const { run, error } = progressColors({ BUILDKIT_COLORS: 'run=green:error=1,2,300:cancel=nope' });
    assert.equal(run, '\x1b[32m');
    assert.equal(error, '\x1b[31m');
  });
});
