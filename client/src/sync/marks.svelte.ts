/** Which chats one has pinned to the top, and which are to be quiet. The server keeps it for all devices. */

import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import { local } from '../wire/local';
import type { Json } from '../wire/socket';
import { record, text } from './model';

const KEPT = 'tertulia.marks.';

/** What changes; what is left out stays. */
export interface MarkChange {
  readonly pinned?: boolean;
  readonly muted?: boolean;
  readonly order?: number;
}

export class Marks {
  /** By chat; the smallest number stands on top. */
  readonly pinned = new SvelteMap<string, number>();
  readonly muted = new SvelteSet<string>();

  constructor(private readonly meId: string) {
    try {
      this.#take(JSON.parse(local.get(KEPT + meId) ?? '{}') as Json);
    } catch {
      // Nothing, or nonsense, was kept: the server tells.
    }
  }

  /** All of them, as the server has them. */
  replace(chats: Json): void {
    for (const id of this.pinned.keys()) if (!record(chats[id])?.pinned) this.pinned.delete(id);
    for (const id of this.muted) if (!record(chats[id])?.muted) this.muted.delete(id);
    this.#take(chats);
    this.#keep();
  }

  /** Those of some chats. */
  merge(chats: Json): void {
    this.#take(chats);
    this.#keep();
  }

  /** Changed on another device. */
  hear(it: Json): void {
    this.merge({ [text(it.cid)]: it });
  }

  /** Where the next one is pinned: above all others. */
  get above(): number {
    return Math.min(1, ...this.pinned.values()) - 1;
  }

  forget(): void {
    local.remove(KEPT + this.meId);
  }

  #take(chats: Json): void {
    for (const [id, value] of Object.entries(chats)) {
      const it = record(value);
      if (!it || !id) continue;
      if (it.pinned) this.pinned.set(id, Number(it.order) || 0);
      else this.pinned.delete(id);
      if (it.muted) this.muted.add(id);
      else this.muted.delete(id);
    }
  }

  #keep(): void {
    const all: Json = {};
    for (const id of new Set([...this.pinned.keys(), ...this.muted])) {
      const order = this.pinned.get(id);
      all[id] = { pinned: order !== undefined, muted: this.muted.has(id), order: order ?? 0 };
    }
    local.set(KEPT + this.meId, JSON.stringify(all));
  }
}
