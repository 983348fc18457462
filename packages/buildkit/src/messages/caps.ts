/** `moby.buildkit.v1.apicaps`. Made by scripts/generate-messages.ts, not by hand. */

import type { MessageType } from '../protobuf/message-type.ts';

/** Something that one end can, by name. */
export interface APICap {
  id: string;
  enabled: boolean;
  deprecated: boolean;
  disabledReason: string;
  disabledReasonMsg: string;
  disabledAlternative: string;
}
export const APICap: MessageType<APICap> = {
  name: 'moby.buildkit.v1.apicaps.APICap',
  fields: [
    { number: 1, name: 'id', kind: 'string' },
    { number: 2, name: 'enabled', kind: 'bool' },
    { number: 3, name: 'deprecated', kind: 'bool' },
    { number: 4, name: 'disabledReason', kind: 'string' },
    { number: 5, name: 'disabledReasonMsg', kind: 'string' },
    { number: 6, name: 'disabledAlternative', kind: 'string' },
  ],
};
