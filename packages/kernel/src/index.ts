export { type BinaryFormat, binaryFormats, takesProgram } from './binfmt/binfmt-formats.ts';
export { ExpectedMigrations } from './cgroups/expect-migration.ts';
export { FreezeTimeoutError, freezeCgroup, isCgroupFrozen, thawCgroup } from './cgroups/freezer.ts';
export { hybridProblem, prepareHybrid } from './cgroups/hybrid.ts';
export {
  type CgroupLayout,
  cgroupDirectories,
  cgroupDirectory,
  cgroupsOfProcess,
  detectCgroups,
} from './cgroups/layout.ts';
export type { BlockDeviceRate, BlockDeviceWeight, CgroupLimits } from './cgroups/limits/cgroup-limits.ts';
export { LimitRefusedError, writeCgroupLimits } from './cgroups/limits/write-limits.ts';
export { cgroupProcessIds, removeCgroup, removeEmptiedCgroup } from './cgroups/members.ts';
export { countOutOfMemory, outOfMemoryKills } from './cgroups/out-of-memory.ts';
export { grantRealtime, type RealtimeShare } from './cgroups/realtime.ts';
export { type CgroupSupport, readCgroupSupport } from './cgroups/support.ts';
export type { BlockIoEntry, CgroupUsage } from './cgroups/usage/cgroup-usage.ts';
export { type MachineCpu, readMachineCpu } from './cgroups/usage/machine-cpu.ts';
export { type CgroupUsageReader, readCgroupUsage } from './cgroups/usage/usage-reader.ts';
export { isErrno, KernelError } from './ffi/errno.ts';
export { keepLittleFreeMemory, releaseFreeMemory } from './ffi/release-memory.ts';
export { type BytePath, cPath, InvalidPathError, keyBytes, pathKey, pathText } from './files/byte-path.ts';
export { type CopyTreeEntry, type CopyTreeOptions, copyTree } from './files/copy-tree.ts';
export { Descriptor, insideRoot, type OpenOptions, openAt, openPath } from './files/descriptor.ts';
export { Directory, readlinkAt, renameFlags } from './files/directory.ts';
export { copyRange, dataExtents, type Extent, punchHole, reserveSpace, seekTo } from './files/extents.ts';
export { tryLockFile } from './files/file-lock.ts';
export { type DeviceNumber, type FileKind, type FileStat, statAt, statPath } from './files/file-stat.ts';
export { type FileSystemInfo, fileSystemOf } from './files/file-system.ts';
export { atFlags, modeBits, openFlags, resolveFlags } from './files/flags.ts';
export {
  beginWriteBack,
  changeMode,
  changeOwner,
  changeTimes,
  syncFile,
  syncFileSystem,
  syncFileSystemAsync,
  truncateFile,
  writeAll,
} from './files/open-file.ts';
export { ProjectQuotas } from './files/project-quotas.ts';
export { FileTooLargeError, readBounded } from './files/read-bounded.ts';
export { type RemoveTreeOptions, removeTree, removeTreeSync } from './files/remove-tree.ts';
export {
  mkdirAllIn,
  NotRegularFileError,
  type OwnerAndMode,
  openIn,
  readFileIn,
  statIn,
  writeFileIn,
} from './files/rooted.ts';
export { RootedTree, type TreePath } from './files/rooted-tree.ts';
export { sealedCopy } from './files/sealed-copy.ts';
export { runInSlices, type SliceOptions } from './files/slices.ts';
export { Trash } from './files/trash.ts';
export { type TreeUsage, treeUsage } from './files/tree-usage.ts';
export { unlessGone } from './files/unless-gone.ts';
export { getXattr, listXattrs, removeXattr, setXattr, type XattrTarget } from './files/xattrs.ts';
export { asFileOwner } from './ids/as-file-owner.ts';
export {
  type IdMaps,
  type IdRange,
  idInside,
  idOutside,
  isSameIdMaps,
  type Owner,
  overflowId,
} from './ids/id-maps.ts';
export { type IdTranslation, insideIds, outsideIds, UnmappedIdError } from './ids/id-translation.ts';
export { mountFlags } from './mounts/flags.ts';
export { type MappedMountOptions, mountMapped, UnmappableMountError } from './mounts/mapped-mount.ts';
export {
  bindMount,
  type MountOptions,
  MountOptionsTooLongError,
  mount,
  mountAsync,
  moveMount,
  type Propagation,
  remountBind,
  setPropagation,
  type UmountOptions,
  umount,
} from './mounts/mount.ts';
export { isMountPoint, type MountEntry, mountTable, parseMountTable } from './mounts/mount-table.ts';
export { maxOverlayLowers, mountOverlay, type OverlayMount, TooManyLayersError } from './mounts/overlay.ts';
export {
  createNetworkNamespace,
  isNamespacePinned,
  releaseNetworkNamespace,
  type SynchronousWork,
  withNetworkNamespace,
} from './namespaces/network-namespace.ts';
export { type NamespaceKind, ProcessNamespace } from './namespaces/process-namespace.ts';
export { readSysctl, writeSysctl } from './namespaces/sysctl.ts';
export {
  createUserNamespace,
  joinUserNamespace,
  UserNamespace,
} from './namespaces/user-namespace.ts';
export {
  addAddress,
  type LinkAddress,
  listAddresses,
  type NewAddress,
  removeAddress,
} from './netlink/addresses.ts';
export { type FlowFilter, forgetFlows } from './netlink/conntrack.ts';
export { decodeAddress, encodeAddress } from './netlink/ip-address.ts';
export {
  changeLink,
  createBridge,
  createVethPair,
  deleteLink,
  findLink,
  type Link,
  type LinkSettings,
  type LinkTraffic,
  listLinks,
  listLinkTraffic,
  type NewLink,
  removeLink,
  removeLinkLater,
} from './netlink/links.ts';
export { type LinkMove, moveLink } from './netlink/move-link.ts';
export {
  type NetlinkProtocol,
  type NetlinkReply,
  type NetlinkRequest,
  NetlinkSocket,
} from './netlink/netlink-socket.ts';
export type { NftFamily } from './netlink/nft-batch.ts';
export {
  changeElements,
  concatenation,
  maxElementChanges,
  type TableElement,
} from './netlink/nft-elements.ts';
export {
  type AcceptRule,
  changeRules,
  type ListedChain,
  type ListedRule,
  listChains,
  listRules,
  type NftChain,
} from './netlink/nft-rules.ts';
export {
  createNatTable,
  type NatChain,
  type NatRule,
  type NatTable,
  removeNatTable,
  replaceNatTable,
} from './netlink/nft-tables.ts';
export { addRoute, type ListedRoute, listRoutes, type Route, removeRoute } from './netlink/routes.ts';
export {
  createIpvlan,
  createMacvlan,
  createVlan,
  type IpvlanFlag,
  type IpvlanMode,
  knowsLinkKind,
  type MacvlanMode,
  type StackedKind,
  type StackedLink,
} from './netlink/stacked-links.ts';
export { type TableChange, TableMonitor } from './netlink/table-monitor.ts';
export { contained } from './processes/contained.ts';
export {
  closeDescriptor,
  duplicateDescriptor,
  moveBytes,
  readDescriptor,
  setNonBlocking,
  type Transfer,
  writeDescriptor,
} from './processes/descriptors.ts';
export { EventCounter } from './processes/event-counter.ts';
export { keepsExitStatus, ProcessHandle, reapChild, type WaitStatus } from './processes/pidfd.ts';
export { makeFifo, makeNullDevice, makePipe, resizePipe } from './processes/pipes.ts';
export { type Interest, ReadinessPoller, type ReadinessWatch } from './processes/readiness.ts';
export { type SpawnDescriptor, type SpawnRequest, spawnProcess } from './processes/spawn.ts';
export {
  type BoundSocket,
  bindSocket,
  connectSocket,
  openDatagramSocket,
} from './sockets/internet-socket.ts';
export { type HeldPort, holdPort } from './sockets/port-holder.ts';
export { UnixDatagramSocket } from './sockets/unix-datagram.ts';
export { ConsoleSocket } from './terminals/console-socket.ts';
export { setWindowSize } from './terminals/window-size.ts';
