/**
 * The groups of links that bridges of our networks are in (`ip link show group …`), which rules compare without a look into a set:
 * for established flows to open ones nothing else is asked. A bridge without a group is only slower; one of an internal network
 * is in its group always.
 */
export const bridgeGroups = { open: 0x67_74_00_01, internal: 0x67_74_00_02 } as const;
