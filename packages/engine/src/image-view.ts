import type { ImageDeleteResponseItem } from '@gantry/api-types';
import type { EventHub } from '@gantry/containers';
import type { ImageBackend } from '@gantry/http-api';
import type { LocalImageStore } from '@gantry/images';
import { AllTagsNotBuiltError } from './errors.ts';

type Method<K extends keyof ImageBackend> = ImageBackend[K];

/** The image store in the Engine API's words, telling the event hub what happened. */
export class ImageView implements ImageBackend {
  readonly #store: LocalImageStore;
  readonly #events: EventHub;

  constructor(store: LocalImageStore, events: EventHub) {
    this.#store = store;
    this.#events = events;
  }

  /** Throws `AllTagsNotBuiltError` for a pull of every tag. */
  pull: Method<'pull'> = async (ref, options) => {
    if (options.allTags === true) throw new AllTagsNotBuiltError(ref);
    await this.#store.pull(ref, options);
    this.#publish('pull', ref, ref);
  };

  load: Method<'load'> = async (archive, options) => {
    const before = new Set(await this.#ids());
    await this.#store.load(archive, options);
    for (const id of await this.#ids()) if (!before.has(id)) this.#publish('load', id, id);
  };

  import: Method<'import'> = async (archive, options) => {
    const id = await this.#store.import(archive, options);
    this.#publish('import', id, options.reference ?? id);
    return id;
  };

  tag: Method<'tag'> = async (ref, repository, tag) => {
    await this.#store.tag(ref, repository, tag);
    const name = tag === '' ? repository : `${repository}:${tag}`;
    const { Id: id = name } = await this.#store.inspect(name);
    this.#publish('tag', id, name);
  };

  remove: Method<'remove'> = async (ref, options) => {
    const items = await this.#store.remove(ref, options);
    publishRemovals(this.#events, items);
    return items;
  };

  save: Method<'save'> = (refs, options) => this.#store.save(refs, options);

  list: Method<'list'> = (options) => this.#store.list(options);

  inspect: Method<'inspect'> = (...request) => this.#store.inspect(...request);

  history: Method<'history'> = (...request) => this.#store.history(...request);

  async #ids(): Promise<string[]> {
    const images = await this.#store.list({ all: true, filters: new Map() });
    return images.flatMap(({ Id: id }) => (id === undefined ? [] : [id]));
  }

  #publish(action: string, actorId: string, name: string): void {
    publishImageEvent(this.#events, action, actorId, name);
  }
}

/** Tells of each name and image that went. */
export function publishRemovals(events: EventHub, items: readonly ImageDeleteResponseItem[]): void {
  for (const { Untagged: untagged, Deleted: deleted } of items) {
    if (untagged) publishImageEvent(events, 'untag', untagged, untagged);
    if (deleted) publishImageEvent(events, 'delete', deleted, deleted);
  }
}

function publishImageEvent(events: EventHub, action: string, actorId: string, name: string): void {
  events.publish({ type: 'image', action, actorId, attributes: { name } });
}
