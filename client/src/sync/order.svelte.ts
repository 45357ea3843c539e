/** All chats, the one that changed last first. Kept in order as they change: sorting thousands of them for each message takes too long. */

import type { ChatRecord } from './model';

export class ChatOrder {
  #list = $state.raw<readonly ChatRecord[]>([]);

  get list(): readonly ChatRecord[] {
    return this.#list;
  }

  /** With those on top that are pinned, by their numbers. */
  under(pinned: ReadonlyMap<string, number>): readonly ChatRecord[] {
    if (!pinned.size) return this.#list;
    const top = this.#list.filter((chat) => pinned.has(chat.id));
    top.sort((a, b) => pinned.get(a.id)! - pinned.get(b.id)!);
    return [...top, ...this.#list.filter((chat) => !pinned.has(chat.id))];
  }

  /** How many have unread messages, but for the muted ones. */
  unread(muted: ReadonlySet<string>): number {
    let count = 0;
    for (const chat of this.#list) if (chat.unread && !muted.has(chat.id)) count++;
    return count;
  }

  /** A chat is new, or has changed. `old` is what it was. */
  put(chat: ChatRecord, old: ChatRecord | undefined): void {
    const at = old ? this.#list.indexOf(old) : -1;
    if (at >= 0 && old?.changedAt === chat.changedAt) {
      this.#list = this.#list.with(at, chat);
      return;
    }
    const others = at >= 0 ? this.#list.toSpliced(at, 1) : this.#list;
    this.#list = others.toSpliced(placeOf(chat, others), 0, chat);
  }

  /** Many at once. */
  putAll(chats: Iterable<ChatRecord>): void {
    const all = new Map(this.#list.map((each) => [each.id, each]));
    for (const chat of chats) all.set(chat.id, chat);
    this.#list = [...all.values()].sort((a, b) => (a.changedAt < b.changedAt ? 1 : -1));
  }

  drop(chat: ChatRecord): void {
    this.#list = this.#list.filter((each) => each !== chat);
  }
}

/** Before the first that has not changed later. */
function placeOf(chat: ChatRecord, list: readonly ChatRecord[]): number {
  let from = 0;
  let to = list.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (list[middle]!.changedAt > chat.changedAt) from = middle + 1;
    else to = middle;
  }
  return from;
}
