/** `moby.buildkit.v1.sourcepolicy`. Made by scripts/generate-messages.ts, not by hand. */

import type { MessageType } from '../protobuf/message-type.ts';

export const PolicyAction = { allow: 0, deny: 1, convert: 2 } as const;

export const MatchType = { wildcard: 0, exact: 1, regex: 2 } as const;

export const AttrMatch = { equal: 0, notequal: 1, matches: 2 } as const;

export interface AttrConstraint {
  key: string;
  value: string;
  condition: number;
}
export const AttrConstraint: MessageType<AttrConstraint> = {
  name: 'moby.buildkit.v1.sourcepolicy.AttrConstraint',
  fields: [
    { number: 1, name: 'key', kind: 'string' },
    { number: 2, name: 'value', kind: 'string' },
    { number: 3, name: 'condition', kind: 'enum' },
  ],
};

export interface Selector {
  identifier: string;
  matchType: number;
  constraints: AttrConstraint[];
}
export const Selector: MessageType<Selector> = {
  name: 'moby.buildkit.v1.sourcepolicy.Selector',
  fields: [
    { number: 1, name: 'identifier', kind: 'string' },
    { number: 2, name: 'matchType', kind: 'enum' },
    { number: 3, name: 'constraints', kind: () => AttrConstraint, repeated: true },
  ],
};

export interface Update {
  identifier: string;
  attrs: Map<string, string>;
}
export const Update: MessageType<Update> = {
  name: 'moby.buildkit.v1.sourcepolicy.Update',
  fields: [
    { number: 1, name: 'identifier', kind: 'string' },
    { number: 2, name: 'attrs', kind: 'string', mapKey: 'string' },
  ],
};

export interface Rule {
  action: number;
  selector: Selector | undefined;
  updates: Update | undefined;
}
export const Rule: MessageType<Rule> = {
  name: 'moby.buildkit.v1.sourcepolicy.Rule',
  fields: [
    { number: 1, name: 'action', kind: 'enum' },
    { number: 2, name: 'selector', kind: () => Selector },
    { number: 3, name: 'updates', kind: () => Update },
  ],
};

/** Which sources a build may use, and what it takes in place of others. */
export interface Policy {
  version: number;
  rules: Rule[];
}
export const Policy: MessageType<Policy> = {
  name: 'moby.buildkit.v1.sourcepolicy.Policy',
  fields: [
    { number: 1, name: 'version', kind: 'safe-int64' },
    { number: 2, name: 'rules', kind: () => Rule, repeated: true },
  ],
};
