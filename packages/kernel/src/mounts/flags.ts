/** Flags of mount(2), `linux/mount.h`. */
export const mountFlags = {
  readOnly: 1,
  noSuid: 2,
  noDevices: 4,
  noExec: 8,
  remount: 32,
  noAccessTimes: 1024,
  bind: 4096,
  move: 8192,
  recursive: 16384,
  silent: 32768,
  unbindable: 0x20000,
  private: 0x40000,
  slave: 0x80000,
  shared: 0x100000,
  relativeAccessTimes: 0x200000,
} as const;
