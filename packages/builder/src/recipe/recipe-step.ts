import type { Healthcheck } from '@gantry/dockerfile';
import type { Recipe } from './recipe.ts';

/** One line of a recipe. */
export type RecipeStep =
  | { readonly kind: 'run'; readonly command: string | readonly string[]; readonly settings: RunSettings }
  | {
      readonly kind: 'copy';
      readonly sources: readonly string[];
      readonly destination: string;
      readonly settings: TransferSettings & { from?: string | Recipe; parents?: boolean };
    }
  | {
      readonly kind: 'add';
      readonly sources: readonly string[];
      readonly destination: string;
      readonly settings: TransferSettings;
    }
  | {
      readonly kind: 'pairs';
      readonly word: 'ENV' | 'LABEL';
      readonly pairs: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'text';
      readonly word: 'WORKDIR' | 'USER' | 'STOPSIGNAL' | 'EXPOSE';
      readonly text: string;
    }
  | { readonly kind: 'words'; readonly word: 'VOLUME' | 'SHELL'; readonly words: readonly string[] }
  | {
      readonly kind: 'command';
      readonly word: 'CMD' | 'ENTRYPOINT';
      readonly command: string | readonly string[];
    }
  | {
      readonly kind: 'healthcheck';
      readonly command: readonly string[] | undefined;
      readonly times: Omit<Healthcheck, 'Test'>;
    };

export interface RunSettings {
  mounts?: readonly RecipeMount[];
  network?: 'default' | 'none' | 'host';
}

/** What a command sees beside the files of its stage, and leaves no trace of. */
export type RecipeMount =
  /** A directory that outlives builds, the target's path by itself its id. */
  | { type: 'cache'; target: string; id?: string; sharing?: 'shared' | 'private' | 'locked' }
  /** Files of the context, of a recipe or of an image. */
  | { type: 'bind'; target: string; from?: string | Recipe; source?: string; readWrite?: boolean }
  | { type: 'tmpfs'; target: string }
  | { type: 'secret'; id: string; target?: string; env?: string }
  | { type: 'ssh'; id?: string };

export interface TransferSettings {
  /** `user[:group]`. */
  chown?: string;
  /** Octal or symbolic. */
  chmod?: string;
  /** A layer of its own, whatever is below. */
  link?: boolean;
  /** Patterns as of a `.dockerignore`. */
  exclude?: readonly string[];
}
