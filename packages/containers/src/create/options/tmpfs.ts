import { InvalidOptionError } from '../../errors.ts';
import { mountDestination, type RequestedMount } from './requested-mount.ts';

/** Docker's: a tmpfs runs nothing, has no devices and honours no setuid unless it is asked to. */
const defaultOptions: readonly string[] = ['noexec', 'nosuid', 'nodev'];
const opposites: Readonly<Record<string, string>> = {
  exec: 'noexec',
  suid: 'nosuid',
  dev: 'nodev',
  rw: 'ro',
};
const flags: ReadonlySet<string> = new Set(
  'defaults ro rw exec noexec suid nosuid dev nodev sync async dirsync atime noatime diratime nodiratime relatime norelatime strictatime nostrictatime remount mand nomand private rprivate shared rshared slave rslave unbindable runbindable bind rbind'.split(
    ' ',
  ),
);
const unwanted: ReadonlySet<string> = new Set('remount bind rbind'.split(' '));
const keys: ReadonlySet<string> = new Set('size mode uid gid nr_inodes nr_blocks mpol'.split(' '));

/** Reads `--tmpfs /path[:options]`. Throws `InvalidOptionError` for an option that tmpfs (tmpfs(5), mount(8)) does not have. */
export function parseTmpfs(destination: string, options: string): RequestedMount {
  const given = options === '' ? [] : options.split(',');
  for (const option of given) checkOption(option, destination);
  const kept = defaultOptions.filter(
    (option) => !given.some((word) => opposites[word] === option || word === option),
  );
  return {
    type: 'tmpfs',
    destination: mountDestination(destination),
    options: [...kept, ...given],
  };
}

function checkOption(option: string, destination: string): void {
  const separator = option.indexOf('=');
  const known =
    separator < 0
      ? flags.has(option) && !unwanted.has(option)
      : keys.has(option.slice(0, separator)) && /^[\w%.:,+-]+$/.test(option.slice(separator + 1));
  if (known) return;
  throw new InvalidOptionError(`invalid tmpfs option ${JSON.stringify(option)}`, {
    option: `HostConfig.Tmpfs.${destination}`,
  });
}
