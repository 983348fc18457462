import { InvalidOptionError, OptionNotBuiltError } from '../../errors.ts';

const laterOptions: ReadonlySet<string> = new Set(
  'apparmor label seccomp systempaths writable-cgroups'.split(' '),
);

/** Reads `--security-opt`: `no-new-privileges[:true|false]`. Throws `OptionNotBuiltError` or `InvalidOptionError` for any other. */
export function noNewPrivileges(options: readonly string[]): boolean {
  let answer = false;
  for (const option of options) {
    const [name = '', value = 'true'] = option.split(/[:=](.*)/s);
    if (laterOptions.has(name)) throw new OptionNotBuiltError('HostConfig.SecurityOpt', option);
    if (name !== 'no-new-privileges' || (value !== 'true' && value !== 'false')) {
      throw new InvalidOptionError(`invalid --security-opt 2: ${JSON.stringify(option)}`, {
        option: 'HostConfig.SecurityOpt',
      });
    }
    answer = value === 'true';
  }
  return answer;
}
