/** Tells the server what was read: what could be seen for a moment, on a page that somebody looks at. */

import type { Client } from '$/app/client.svelte';
import { isLookedAt } from '$/app/gaze';
import type { Message } from '$/sync/model';
import type { Timeline } from '$/sync/timeline.svelte';
import type { LogView } from './view.svelte';

const SEEN_MS = 350;

export class Reading {
  /** Where unread messages begin; `""`: there are none, or that is not known. */
  from = '';

  #upTo = '';
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    private readonly client: Client,
    private readonly line: Timeline,
    private readonly view: LogView,
  ) {}

  static get isLooking(): boolean {
    return isLookedAt();
  }

  soon(): void {
    if (!Reading.isLooking) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#see();
    }, SEEN_MS);
  }

  /** All up to here was read before. */
  begin(): void {
    this.#upTo = this.line.messages.at(-1)?.id ?? '';
  }

  stop(): void {
    if (!this.#timer) return;
    clearTimeout(this.#timer);
    this.#see();
  }

  #see(): void {
    const { client, line, view } = this;
    const chat = client.world.chats.get(line.chatId);
    if (!chat || !view.isPlaced || !Reading.isLooking || client.line !== 'up') return;
    if (view.isFollowing) {
      const isNew = line.messages.some((each) => this.#isNews(each.id, each.from));
      this.begin();
      if (isNew || chat.unread) void client.read(chat);
      return;
    }
    if (!chat.unread) return;
    const newest = view.seen.findLast((row) => this.#isNews(row.dataset.id!, row.dataset.from!));
    if (!newest) return;
    const upTo = newest.dataset.id!;
    const read = line.messages.filter((each: Message) => this.#isNews(each.id, each.from) && each.id <= upTo);
    this.#upTo = upTo;
    void client.read(chat, read.map((each) => each.id), Math.max(0, chat.unread - read.length));
  }

  #isNews(id: string, from: string): boolean {
    return from !== this.client.world.meId && id > this.#upTo && id >= this.from;
  }
}
