/**
 * Packets that came by themselves are handed on together: the first at once, and those of a crowd that
 * follows it twenty times a second. So the page is drawn as often however fast they come.
 */

import type { Json } from '../wire/socket';

const EVERY_MS = 50;

export interface InboxNeeds {
  hear(packet: Json): void;
  now(): number;
  /** The page is not seen: browsers let its timers wait, and there is nothing to draw. */
  isHidden(): boolean;
}

export class Inbox {
  #waiting: Json[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;
  #flushedAt = 0;

  constructor(private readonly needs: InboxNeeds) {}

  add(packet: Json): void {
    this.#waiting.push(packet);
    if (this.needs.isHidden()) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), Math.max(0, this.#flushedAt + EVERY_MS - this.needs.now()));
  }

  /** All that has come. To be called before an answer is used: it may tell of something later. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#waiting.length) return;
    const packets = this.#waiting;
    this.#waiting = [];
    this.#flushedAt = this.needs.now();
    for (const packet of packets) this.needs.hear(packet);
  }
}
