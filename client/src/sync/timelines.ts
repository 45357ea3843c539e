/** The histories in memory: the open one, and some that were open before. */

import type { Timeline } from './timeline.svelte';

/** So many besides the open one. */
const MOST = 4;
/** A frame has not come after that: the page was hidden meanwhile. */
const FRAME_MS = 100;

export class Timelines {
  #all = new Map<string, Timeline>();

  /** @param make a history that is not there. */
  constructor(private readonly make: (chatId: string) => Timeline) {}

  get(chatId: string): Timeline | undefined {
    return this.#all.get(chatId);
  }

  /** The history of a chat. The last one used is the last one to be let go, and the open one never is. */
  use(chatId: string, openId: string): Timeline {
    const line = this.#all.get(chatId) ?? this.make(chatId);
    this.#all.delete(chatId);
    this.#all.set(chatId, line);
    for (const id of this.#all.keys()) {
      if (this.#all.size <= MOST) break;
      if (id !== openId && id !== chatId) this.#all.delete(id);
    }
    return line;
  }

  drop(chatId: string): void {
    this.#all.delete(chatId);
  }

  /** After a gap the others would have to be read again, anyway. */
  dropAllBut(openId: string): void {
    for (const id of [...this.#all.keys()]) if (id !== openId) this.#all.delete(id);
  }
}

/** When the page has been drawn; one that is not seen is not drawn. */
export function nextFrame(): Promise<void> {
  if (globalThis.document?.hidden ?? true) return Promise.resolve();
  return new Promise((done) => {
    requestAnimationFrame(() => done());
    setTimeout(done, FRAME_MS);
  });
}
