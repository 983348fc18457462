import { type Owner, outsideIds, type UserNamespace } from '@gantry/kernel';

/** What an owner within a step is on the host. Throws `UnmappedIdError`. */
export function hostOwner(users: UserNamespace | undefined, owner: Owner): Owner {
  return users === undefined ? owner : outsideIds(users.maps).owner(owner);
}
