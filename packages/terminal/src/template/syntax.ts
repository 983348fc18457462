/** A parsed template: text and actions in order. */
export type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'action'; readonly pipeline: Pipeline; readonly offset: number }
  | {
      readonly kind: 'if' | 'with';
      readonly pipeline: Pipeline;
      readonly body: Node[];
      readonly otherwise: Node[];
    }
  | { readonly kind: 'range'; readonly pipeline: Pipeline; readonly body: Node[]; readonly otherwise: Node[] }
  | { readonly kind: 'break' }
  | { readonly kind: 'continue' };

/** `if`, `with` and `range`, with what runs otherwise. */
export interface ControlNode {
  readonly kind: 'if' | 'with' | 'range';
  readonly pipeline: Pipeline;
  readonly body: Node[];
  readonly otherwise: Node[];
}

/** `$x := a b | c`: each command's value is the last argument of the next. */
export interface Pipeline {
  readonly variables: readonly string[];
  /** True for `=`, false for `:=`. */
  readonly assigns: boolean;
  readonly commands: readonly Command[];
  readonly offset: number;
}

/** A function or method with arguments, or a single operand. */
export interface Command {
  readonly operands: readonly Operand[];
}

export type Operand =
  | { readonly kind: 'dot' }
  | { readonly kind: 'nil' }
  | { readonly kind: 'constant'; readonly value: string | number | boolean }
  | { readonly kind: 'function'; readonly name: string; readonly offset: number }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'pipeline'; readonly pipeline: Pipeline }
  /** `.A.B`, `$x.A`, `(pipeline).A`. */
  | {
      readonly kind: 'chain';
      readonly base: Operand;
      readonly fields: readonly string[];
      readonly text: string;
      readonly offset: number;
    };
