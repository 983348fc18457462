import type { AddInstruction } from '@gantry/dockerfile';
import { fetchGit } from '../context/fetch-git.ts';
import { fetchHttp } from '../context/fetch-http.ts';
import { type GitAddress, readGitAddress } from '../context/git-address.ts';
import type { SourceRequest } from '../context/source-request.ts';
import { InvalidBuildError } from '../errors.ts';
import { builderArguments } from '../plan/builder-arguments.ts';
import { layeredFiles } from '../sources/layered-files.ts';
import { expandIn } from './apply-config.ts';
import { type TransferSource, transferFiles } from './copy.ts';
import { checkIgnored, sourceFiles } from './sources.ts';
import type { StageWork } from './stage-build.ts';

/** ADD: of the context, of http(s) addresses and of git repositories. Throws as COPY does, and what fetching throws. */
export async function addStep(work: StageWork, instruction: AddInstruction): Promise<void> {
  const { build } = work;
  const expand = (text: string): string => expandIn(work, instruction, text).text;
  const sources = instruction.sources.map(expand);
  const remote = sources.filter(isAddress);
  const local = sources.filter((source) => !isAddress(source));
  const checksum = expand(instruction.checksum);
  if (checksum !== '' && (remote.length !== 1 || sources.length !== 1))
    throw new InvalidBuildError('checksum requires HTTP(S) or Git sources');
  if (sources.length > 1 && !expand(instruction.destination).endsWith('/') && remote.length > 0)
    throw new InvalidBuildError(
      'When using ADD with more than one source file, the destination must be a directory and end with a /',
    );
  const { keep, opened, signal } = build;
  const request = { keep, opened, signal, client: build.request.client };
  if (local.length > 0 || instruction.heredocs.length > 0) {
    const from = await sourceFiles(work, '');
    checkIgnored(work, instruction, local);
    const unpacks = instruction.unpack ?? true;
    await transferFiles(work, instruction, { from, sources: local, parents: false, unpacks });
  }
  for (const address of remote) {
    const source = await fetched(work, instruction, { address, checksum, request });
    await transferFiles(work, { ...instruction, heredocs: [] }, source);
  }
}

function isAddress(source: string): boolean {
  return /^https?:\/\//i.test(source) || readGitAddress(source) !== undefined;
}

interface Fetching {
  readonly address: string;
  readonly checksum: string;
  readonly request: SourceRequest;
}

async function fetched(
  work: StageWork,
  instruction: AddInstruction,
  { address, checksum, request }: Fetching,
): Promise<TransferSource> {
  const { environment, materials } = work.build;
  const git = readGitAddress(address);
  if (git !== undefined) {
    const { layers, commit } = await fetchGit(
      environment,
      gitAddress(work, instruction, { git, checksum }),
      request,
    );
    materials.add({ uri: git.remote, digest: { sha1: commit } });
    const from = layeredFiles(environment, layers);
    return { from, sources: ['/'], toldSources: [address], parents: false, unpacks: false };
  }
  if (checksum !== '' && !/^sha256:[0-9a-f]{64}$/.test(checksum))
    throw new InvalidBuildError(`unsupported checksum ${JSON.stringify(checksum)}: expected sha256:<hex>`);
  const { layers, name, digest } = await fetchHttp(environment, { url: address, checksum }, request);
  materials.add({ uri: address, digest: { sha256: digest.slice('sha256:'.length) } });
  return {
    from: layeredFiles(environment, layers),
    sources: [escaped(name)],
    toldSources: [address],
    parents: false,
    unpacks: instruction.unpack ?? false,
  };
}

function gitAddress(
  { build }: StageWork,
  { keepGitDir }: AddInstruction,
  { git, checksum }: { git: GitAddress; checksum: string },
): GitAddress {
  const byArgument = build.arguments.valueOf(builderArguments.keepGitDirectory, undefined) === '1';
  const keeps = keepGitDir ?? git.keepGitDir ?? byArgument;
  if (checksum !== '' && !/^[0-9a-f]{7,64}$/i.test(checksum))
    throw new InvalidBuildError(`invalid checksum ${JSON.stringify(checksum)}: expected a commit`);
  return { ...git, keepGitDir: keeps, ...(checksum !== '' && { checksum }) };
}

/** A name is no pattern. */
function escaped(name: string): string {
  return name.replaceAll(/[*?[\\]/g, '\\$&');
}
