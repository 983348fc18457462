import type { ImageDeleteResponseItem } from '@gantry/api-types';
import type { EventHub } from '@gantry/containers';
import type { ImageBackend } from '@gantry/http-api';
import type { LocalImageStore } from '@gantry/images';
import { familiarString, parseReference } from '@gantry/oci';

type Method<K extends keyof ImageBackend> = ImageBackend[K];

/** The image store in the Engine API's words, telling the event hub what happened. */
export class ImageView implements ImageBackend {
  readonly #store: LocalImageStore;
  readonly #events: EventHub;

  constructor(store: LocalImageStore, events: EventHub) {
    this.#store = store;
    this.#events = events;
  }

  pull: Method<'pull'> = async (ref, options) => {
    if (options.allTags === true) await this.#store.pullAll(ref, options);
    else await this.#store.pull(ref, options);
    this.#publish('pull', ref, withoutTag(ref));
  };

  push: Method<'push'> = async (ref, options) => {
    if (options.allTags === true) await this.#store.pushAll(ref, options);
    else await this.#store.push(ref, options);
    this.#publish('push', ref, withoutTag(ref));
  };

  load: Method<'load'> = async (archive, options) => {
    const ids = await this.#store.load(archive, options);
    for (const id of ids) this.#publish('load', id, id);
  };

  import: Method<'import'> = async (archive, options) => {
    const id = await this.#store.import(archive, options);
    if (options.reference !== undefined) {
      this.#publish('tag', id, familiarString(parseReference(options.reference)));
    }
    this.#publish('import', id, id);
    return id;
  };

  tag: Method<'tag'> = async (ref, repository, tag) => {
    await this.#store.tag(ref, repository, tag);
    const name = tag === '' ? repository : `${repository}:${tag}`;
    const { Id: id = name } = await this.#store.inspect(name);
    this.#publish('tag', id, familiarString(parseReference(name)));
  };

  remove: Method<'remove'> = async (ref, options) => {
    const { Id: id = ref } = await this.#store.inspect(ref);
    const { platforms = [] } = options;
    const items =
      platforms.length === 0
        ? await this.#store.remove(ref, options)
        : await this.#store.removePlatforms(ref, platforms, options);
    publishRemovals(this.#events, items, id);
    return items;
  };

  save: Method<'save'> = async (refs, options) => {
    const archive = await this.#store.save(refs, options);
    for (const ref of refs) {
      const { Id: id = ref } = await this.#store.inspect(ref);
      this.#publish('save', id, id);
    }
    return archive;
  };

  list: Method<'list'> = (options) => this.#store.list(options);

  inspect: Method<'inspect'> = (...request) => this.#store.inspect(...request);

  history: Method<'history'> = (...request) => this.#store.history(...request);

  #publish(action: string, actorId: string, name: string): void {
    publishImageEvent(this.#events, action, actorId, name);
  }
}

/** Tells of each name and image that went. Names were those of the image `imageId`, where that is known. */
export function publishRemovals(
  events: EventHub,
  items: readonly ImageDeleteResponseItem[],
  imageId?: string,
): void {
  for (const { Untagged: untagged, Deleted: deleted } of items) {
    if (untagged) publishImageEvent(events, 'untag', imageId ?? untagged, imageId ?? untagged);
    if (deleted) publishImageEvent(events, 'delete', deleted, deleted);
  }
}

/** Docker's event of an image; `name` is what it is called there. */
export function publishImageEvent(events: EventHub, action: string, actorId: string, name: string): void {
  events.publish({ type: 'image', action, actorId, attributes: { name } });
}

/** The name of a repository, as an event of a pull has it. */
function withoutTag(ref: string): string {
  return ref.replace(/(:[^/:@]+)?(@.*)?$/, '');
}
