/** Types of records and questions that are more than bytes to us (IANA "DNS Parameters"). */
export const recordTypes = { A: 1, PTR: 12, AAAA: 28, SRV: 33, OPT: 41, ANY: 255 } as const;

export const classes = { IN: 1, ANY: 255 } as const;

/** RFC 1035 section 4.1.1; RFC 2136 for those above 5. */
export const responseCodes = {
  noError: 0,
  formatError: 1,
  serverFailure: 2,
  nameError: 3,
  notImplemented: 4,
  refused: 5,
} as const;

export type ResponseCode = (typeof responseCodes)[keyof typeof responseCodes];

/** Bits of the second 16-bit word of a message's header; the low four are the response code. */
export const headerFlags = {
  response: 0x8000,
  opcode: 0x7800,
  truncated: 0x0200,
  recursionDesired: 0x0100,
  recursionAvailable: 0x0080,
  checkingDisabled: 0x0010,
  responseCode: 0x000f,
} as const;

export const headerBytes = 12;

/** What every client takes by UDP (RFC 1035 section 2.3.4); EDNS allows more. */
export const plainUdpBytes = 512;
