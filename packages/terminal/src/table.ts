/** Column layout; Docker's lists use the defaults. */
export interface TableLayout {
  /** A column is at least this wide, its padding included. */
  minWidth?: number;
  /** Spaces after the widest cell. */
  padding?: number;
}

/**
 * Aligns cells that tabs end, as Go's text/tabwriter does: a column is as wide as the widest cell of the lines in a
 * row that have it, and what follows the last tab of a line is in no column. Takes and returns whole text.
 */
export function alignColumns(text: string, { minWidth = 10, padding = 3 }: TableLayout = {}): string {
  const lines = text.split('\n').map((line) => line.split('\t'));
  const padded = lines.map(() => '');
  layOut({ lines, padded, minWidth, padding }, 0, { from: 0, to: lines.length });
  return lines.map((cells, index) => padded[index] + (cells.at(-1) ?? '')).join('\n');
}

interface Layout {
  lines: string[][];
  /** The finished columns of each line. */
  padded: string[];
  minWidth: number;
  padding: number;
}

/** Lays out one column over every run of lines that have it, then the next column within that run. */
function layOut(layout: Layout, column: number, { from, to }: { from: number; to: number }): void {
  const hasColumn = (line: number): boolean => (layout.lines[line]?.length ?? 0) - 1 > column;
  for (let start = from; start < to; ) {
    if (!hasColumn(start)) {
      start += 1;
      continue;
    }
    let end = start;
    let width = layout.minWidth;
    for (; end < to && hasColumn(end); end += 1) {
      width = Math.max(width, Array.from(layout.lines[end]?.[column] ?? '').length + layout.padding);
    }
    for (let line = start; line < end; line += 1) {
      const cell = layout.lines[line]?.[column] ?? '';
      layout.padded[line] += cell + ' '.repeat(width - Array.from(cell).length);
    }
    layOut(layout, column + 1, { from: start, to: end });
    start = end;
  }
}
