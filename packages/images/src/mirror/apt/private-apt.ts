import { chown, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { MirrorFailedError } from '../errors.ts';
import { type ProgramResult, runProgram } from '../run-program.ts';
import { type AptSource, formatDeb822 } from './apt-source.ts';
import { parseReleaseFile, type ReleaseFile } from './release-file.ts';

export interface PrivateAptOptions {
  /** Made by the caller, who removes it. */
  directory: string;
  /** For messages. */
  image: string;
  signal?: AbortSignal;
}

/**
 * apt with sources and state of its own, and otherwise as the host has it: proxies, credentials, trusted keys. The
 * host's lists and packages are neither read nor changed. apt verifies what it fetches; nothing here waives that.
 */
export class PrivateApt {
  readonly #options: PrivateAptOptions;

  constructor(options: PrivateAptOptions) {
    this.#options = options;
  }

  /**
   * Fetches the Release files, and the package lists too if asked. Returns the Release files by suite; a suite that the
   * mirror does not have, or whose signature is not good, is not among them. `complaints` is apt's own text.
   */
  async update(
    sources: readonly AptSource[],
    withPackages: boolean,
  ): Promise<{ releases: Map<string, ReleaseFile>; complaints: string }> {
    await this.#configure(sources, withPackages);
    const result = await this.#apt(['update']);
    const names = await readdir(this.#path('state/lists'));
    const releases = new Map<string, ReleaseFile>();
    for (const { suite } of sources) {
      const ending = new RegExp(`_dists_${RegExp.escape(suite.replaceAll('/', '_'))}_(?:In)?Release$`);
      const name = names.find((name) => ending.test(name));
      const text = name === undefined ? '' : await readFile(this.#path('state/lists', name), 'utf8');
      const release = parseReleaseFile(text);
      if (release !== undefined) releases.set(suite, release);
    }
    return { releases, complaints: complaintsOf(result) };
  }

  /** Downloads a package, verified; needs the package lists. Returns the file. Throws `MirrorFailedError`. */
  async download(packageName: string): Promise<string> {
    const directory = this.#path('download');
    await mkdir(directory, { mode: 0o700 });
    // apt drops to this user to download; nobody else can put a file in.
    await chown(directory, await userId('_apt'), 0);
    const result = await this.#apt(['download', packageName], directory);
    const [file] = (await readdir(directory)).filter((name) => name.endsWith('.deb'));
    if (result.exitCode !== 0 || file === undefined) {
      throw new MirrorFailedError(this.#options.image, complaintsOf(result) || `no package ${packageName}`);
    }
    return path.join(directory, file);
  }

  #apt(words: readonly string[], directory?: string): Promise<ProgramResult> {
    return runProgram(['apt-get', '-c', this.#path('apt.conf'), '-q', ...words], {
      packageName: 'apt',
      purpose: this.#options.image,
      variables: { LC_ALL: 'C' },
      ...(directory === undefined ? {} : { directory }),
      ...(this.#options.signal === undefined ? {} : { signal: this.#options.signal }),
    });
  }

  async #configure(sources: readonly AptSource[], withPackages: boolean): Promise<void> {
    await mkdir(this.#path('state/lists/partial'), { recursive: true });
    await mkdir(this.#path('cache/archives/partial'), { recursive: true });
    await mkdir(this.#path('sources'), { recursive: true });
    await writeFile(this.#path('state/status'), '');
    await writeFile(this.#path('sources/mirror.sources'), sources.map(formatDeb822).join('\n'));
    await writeFile(this.#path('apt.conf'), this.#configuration(withPackages));
  }

  /** Given by `-c`, so read after the host's configuration: what is cleared here is cleared. */
  #configuration(withPackages: boolean): string {
    return `#clear Acquire::IndexTargets;
#clear APT::Update;
#clear APT::Architectures;
#clear DPkg;
Dir::State ${JSON.stringify(this.#path('state'))};
Dir::State::status ${JSON.stringify(this.#path('state/status'))};
Dir::Cache ${JSON.stringify(this.#path('cache'))};
Dir::Etc::SourceList "/dev/null";
Dir::Etc::SourceParts ${JSON.stringify(this.#path('sources'))};
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Acquire::Languages "none";
Acquire::IndexTargets::deb::Packages {
  MetaKey "$(COMPONENT)/binary-$(ARCHITECTURE)/Packages";
  ShortDescription "Packages";
  Description "$(RELEASE)/$(COMPONENT) $(ARCHITECTURE) Packages";
  DefaultEnabled "${withPackages ? 'true' : 'false'}";
};
`;
  }

  #path(...parts: string[]): string {
    return path.join(this.#options.directory, ...parts);
  }
}

/** apt's errors, or where it has none its warnings; bounded. */
function complaintsOf({ stderr }: ProgramResult): string {
  const lines = [...new Set(stderr.split('\n'))];
  const errors = lines.filter((line) => line.startsWith('E: '));
  const warnings = lines.filter((line) => /^W: (?!Download is performed|Some index files)/.test(line));
  return (errors.length > 0 ? errors : warnings).join('; ').slice(0, 2000);
}

/** Root where the user is missing: apt uses it then, too. */
async function userId(name: string): Promise<number> {
  const passwd = await readFile('/etc/passwd', 'utf8');
  const line = passwd.split('\n').find((line) => line.startsWith(`${name}:`));
  return Number(line?.split(':')[2] ?? 0);
}
