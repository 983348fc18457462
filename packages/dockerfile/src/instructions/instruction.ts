import type { LineRange } from '../errors.ts';
import type { Heredoc } from '../text/heredoc.ts';
import type { KeyValues } from '../words/key-values.ts';
import type { Healthcheck } from './healthcheck.ts';
import type { RunDevice } from './run-device.ts';

/** Where an instruction stands and how it is written. */
export interface Written {
  /** The instruction's word in the author's case. */
  readonly keyword: string;
  /** The statement with its continued lines joined, heredocs left out: what a history tells. */
  readonly source: string;
  readonly lines: LineRange;
  /** The comment lines right above. */
  readonly comments: readonly string[];
}

/** A command in one of its two forms. */
export interface CommandLine {
  /** Words of the JSON form, or one text for the shell. Empty where nothing is given. */
  readonly words: readonly string[];
  /** The words are for a shell. */
  readonly shell: boolean;
  /** Texts that the shell reads, in the order of their marks; empty for the JSON form. */
  readonly heredocs: readonly Heredoc[];
}

/** What ADD and COPY put where; all texts may hold variables. */
export interface Transfer {
  readonly sources: readonly string[];
  /** Files whose content stands in the Dockerfile. */
  readonly heredocs: readonly Heredoc[];
  readonly destination: string;
  /** `user[:group]`, or empty. */
  readonly chown: string;
  /** Octal or symbolic, or empty. */
  readonly chmod: string;
  readonly link: boolean;
  /** Patterns as of a `.dockerignore`. */
  readonly exclude: readonly string[];
}

export interface AddInstruction extends Written, Transfer {
  readonly name: 'ADD';
  /** Undefined: not said, so that the build argument `BUILDKIT_CONTEXT_KEEP_GIT_DIR` counts. */
  readonly keepGitDir?: boolean;
  /** `sha256:…` of a download, a commit of a repository, or empty. */
  readonly checksum: string;
  /** Undefined: local archives are unpacked, downloads are not. */
  readonly unpack?: boolean;
}

export interface CopyInstruction extends Written, Transfer {
  readonly name: 'COPY';
  /** A stage (name or number), an image or a named context; empty for the build context. */
  readonly from: string;
  readonly parents: boolean;
}

export interface RunInstruction extends Written, CommandLine {
  readonly name: 'RUN';
  /** As written; `readRunMount` reads one, once its variables are known. */
  readonly mounts: readonly string[];
  readonly network: 'default' | 'none' | 'host';
  readonly security: 'sandbox' | 'insecure';
  readonly devices: readonly RunDevice[];
}

export interface ArgInstruction extends Written {
  readonly name: 'ARG';
  readonly arguments: readonly { readonly key: string; readonly value?: string }[];
}

export interface OnBuildInstruction extends Written {
  readonly name: 'ONBUILD';
  /** The triggered instruction as an image's config keeps it, with its heredocs. */
  readonly trigger: string;
}

type PairsInstruction<Name> = Written & KeyValues & { readonly name: Name };
type CommandInstruction<Name> = Written & CommandLine & { readonly name: Name };

/** An instruction within a stage, checked as far as it can be before variables are known. */
export type Instruction =
  | AddInstruction
  | ArgInstruction
  | CopyInstruction
  | OnBuildInstruction
  | RunInstruction
  | PairsInstruction<'ENV'>
  | PairsInstruction<'LABEL'>
  | CommandInstruction<'CMD'>
  | CommandInstruction<'ENTRYPOINT'>
  | (Written & { readonly name: 'EXPOSE'; readonly ports: readonly string[] })
  | (Written & { readonly name: 'HEALTHCHECK'; readonly healthcheck: Healthcheck })
  | (Written & { readonly name: 'MAINTAINER'; readonly maintainer: string })
  | (Written & { readonly name: 'SHELL'; readonly shell: readonly string[] })
  | (Written & { readonly name: 'STOPSIGNAL'; readonly signal: string })
  | (Written & { readonly name: 'USER'; readonly user: string })
  | (Written & { readonly name: 'VOLUME'; readonly volumes: readonly string[] })
  | (Written & { readonly name: 'WORKDIR'; readonly path: string });

/** FROM, which begins a stage. */
export interface FromInstruction extends Written {
  readonly name: 'FROM';
  /** An image, an earlier stage, a named context or `scratch`; may hold variables of the file's head. */
  readonly base: string;
  /** In lower case; empty for a stage that has only its number. */
  readonly stageName: string;
  /** The name in the author's case, and the word AS. */
  readonly writtenName: string;
  readonly asKeyword: string;
  /** As written, with variables; empty where not given. */
  readonly platform: string;
}
