/** Writes what has changed to the browser's own store, after a while and when there is nothing to draw. */

import type { Keep } from './keep';
import type { ChatRecord, Person } from './model';
import type { Timeline } from './timeline.svelte';

const SAVE_MS = 800;

export interface SaverNeeds {
  keep: Keep;
  chat(id: string): ChatRecord | undefined;
  person(id: string): Person | undefined;
  line(chatId: string): Timeline | undefined;
}

export class Saver {
  #chats = new Set<string>();
  #gone = new Set<string>();
  #people = new Set<string>();
  #lines = new Set<string>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly needs: SaverNeeds) {}

  chat(id: string): void {
    this.#chats.add(id);
    this.#gone.delete(id);
    this.#soon();
  }

  chatGone(id: string): void {
    this.#gone.add(id);
    this.#chats.delete(id);
    this.#soon();
  }

  people(ids: readonly string[]): void {
    for (const id of ids) this.#people.add(id);
    this.#soon();
  }

  line(chatId: string): void {
    this.#lines.add(chatId);
    this.#soon();
  }

  async save(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const { keep, chat, person, line } = this.needs;
    const chats = [...this.#chats].flatMap((id) => chat(id) ?? []);
    const people = [...this.#people].flatMap((id) => person(id) ?? []);
    const lines = [...this.#lines].flatMap((id) => line(id) ?? []);
    const gone = [...this.#gone];
    for (const all of [this.#chats, this.#people, this.#lines, this.#gone]) all.clear();
    if (chats.length || gone.length) await keep.saveChats(chats, gone);
    if (people.length) await keep.savePeople(people);
    for (const each of lines) {
      const messages = each.toKeep;
      if (messages) await keep.saveMessages(each.chatId, messages);
    }
  }

  #soon(): void {
    this.#timer ??= setTimeout(() => whenIdle(() => void this.save()), SAVE_MS);
  }
}

/** When there is nothing to draw; some browsers cannot tell. */
function whenIdle(work: () => void): void {
  if ('requestIdleCallback' in globalThis) requestIdleCallback(work, { timeout: SAVE_MS });
  else work();
}
