/** A table; cells may not hold bars of their own. */
export function table(heading: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(heading), `|${heading.map(() => '---').join('|')}|`, ...rows.map(line)];
}

/** An error's text without the sample values of the probe, and without what a client puts in front. */
export function refusalText(message: string): string {
  return message
    .replace(/^(?:gantry: )?(?:Error response from daemon: )?/, '')
    .replace(/^(option \S+) \(.*\) is not implemented$/, '$1 (…) is not implemented')
    .replace('EndpointsConfig.default.', 'EndpointsConfig.name.');
}

/** Values, as code. */
export function quietly(values: readonly string[]): string {
  return values.map((value) => `\`${value}\` works`).join(', ');
}
