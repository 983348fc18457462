/** Mount points of a `/proc/<pid>/mountinfo` (proc_pid_mountinfo(5), field 5, octal escapes undone), in its order. */
export function mountPoints(mountinfo: string): string[] {
  return mountLines(mountinfo).map((line) => line.point);
}

export interface MountLine {
  point: string;
  type: string;
  source: string;
}

/** Every mount with its type and source. */
export function mountLines(mountinfo: string): MountLine[] {
  return mountinfo
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const words = line.split(' ');
      const dash = words.indexOf('-', 6);
      return {
        point: unescape(words[4] ?? ''),
        type: words[dash + 1] ?? '',
        source: unescape(words[dash + 2] ?? ''),
      };
    });
}

function unescape(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}
