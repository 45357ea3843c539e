/** Where one looks in a history, and how it stays there when something comes or goes above it. */

import { tick } from 'svelte';
import type { Timeline } from '$/sync/timeline.svelte';

const NEAR_PX = 900;
const END_PX = 60;
/** Less is rounding: of a place, and of the difference of two heights. */
const MOVED_PX = 0.5;
const APART_PX = 1;

interface Anchor {
  readonly node: HTMLElement;
  readonly key: string;
  /** Where it stood, in px below the top of the view. */
  readonly top: number;
}

export class LogView {
  /** What scrolls, and what its rows lie in, one after the other. */
  box = $state.raw<HTMLElement | null>(null);
  list = $state.raw<HTMLElement | null>(null);
  /** The lowest row is in view. */
  isAtEnd = $state(true);
  /** It has been brought to where one is to begin. */
  isPlaced = $state(false);

  /** A row that has to stay where it is; null: one is at the end, and stays there. */
  #anchor: Anchor | null = null;
  /** One is on one's way up, and is not drawn back to the end, however near it still is. */
  #isLeaving = false;
  /** How far it was scrolled, and how much there was, when all stood where it had to. */
  #settled = { scroll: 0, height: 0 };

  constructor(private readonly line: Timeline) {}

  /** One sees what is new as soon as it comes. */
  get isFollowing(): boolean {
    return this.isAtEnd && !this.line.hasNewer;
  }

  /** And means to: whatever grows or comes, the lowest row is kept in view. */
  get staysAtEnd(): boolean {
    return this.isFollowing && !this.#isLeaving;
  }

  get isNearTop(): boolean {
    return !!this.box && this.box.scrollTop < NEAR_PX;
  }

  get isNearEnd(): boolean {
    return this.#below < NEAR_PX;
  }

  get #below(): number {
    const { box } = this;
    return box ? box.scrollHeight - box.scrollTop - box.clientHeight : 0;
  }

  scrolled(): void {
    if (!this.isPlaced) return;
    this.#feel();
    this.#catchUp();
    this.#look();
    this.hold();
  }

  /** The scrolling has come to rest: who has moved only a little goes on seeing what comes. */
  rested(): void {
    if (!this.isPlaced) return;
    this.#isLeaving = false;
    this.scrolled();
  }

  /** The rows are about to change: what stands at the top of the view is to stay there. */
  brace(): void {
    if (this.isPlaced) {
      this.#feel();
      this.#catchUp();
    }
    this.hold();
  }

  /** Which way one has scrolled. What has become smaller moves one, too, but then one is at the very end. */
  #feel(): void {
    const moved = (this.box?.scrollTop ?? 0) - this.#settled.scroll;
    if (moved > MOVED_PX || this.#below <= APART_PX) this.#isLeaving = false;
    else if (moved < -MOVED_PX) this.#isLeaving = true;
  }

  /** Something has grown or shrunk, and the browser tells of the scrolling first: bring the rows back before they count. */
  #catchUp(): void {
    const { box } = this;
    if (!box || box.scrollHeight === this.#settled.height) return;
    const scrolled = box.scrollTop - this.#settled.scroll;
    if (this.#anchor) this.#anchor = { ...this.#anchor, top: this.#anchor.top - scrolled };
    else if (scrolled < 0) return;
    this.settle();
  }

  #look(): void {
    this.isAtEnd = this.#below < END_PX;
    this.line.isFollowed = this.isFollowing;
  }

  /** Remember what stands at the top of the view. */
  hold(): void {
    this.#anchor = null;
    this.#note();
    if (!this.box || !this.isPlaced || this.staysAtEnd) return;
    const { top } = this.box.getBoundingClientRect();
    // A message: the line of its day would stay at the top when more of that day comes.
    for (let at = this.#firstBelow(top); at; at = at.nextElementSibling as HTMLElement | null) {
      if (!at.dataset.id) continue;
      this.#anchor = { node: at, key: at.dataset.key!, top: at.getBoundingClientRect().top - top };
      return;
    }
  }

  /** Bring it back there. */
  settle(): void {
    const { box } = this;
    if (!box || !this.isPlaced) return;
    if (this.#anchor) this.#bringBack(box, this.#anchor);
    else if (this.staysAtEnd) box.scrollTop = box.scrollHeight;
    this.#note();
    if (this.#isLeaving) this.#look();
  }

  #bringBack(box: HTMLElement, anchor: Anchor): void {
    const node = anchor.node.isConnected ? anchor.node : this.row(anchor.key);
    if (!node) return;
    const moved = node.getBoundingClientRect().top - box.getBoundingClientRect().top - anchor.top;
    if (Math.abs(moved) > MOVED_PX) box.scrollTop += moved;
  }

  #note(): void {
    const { box } = this;
    if (box) this.#settled = { scroll: box.scrollTop, height: box.scrollHeight };
  }

  /** Bring a row to a part of the view's height. Gives it; null: it is not there, and nothing moves. */
  async toRow(key: string, part: number): Promise<HTMLElement | null> {
    await tick();
    const { box } = this;
    const node = this.row(key);
    if (!box || !node) return null;
    box.scrollTop += node.getBoundingClientRect().top - box.getBoundingClientRect().top - box.clientHeight * part;
    this.#placed();
    return node;
  }

  async toEnd(): Promise<void> {
    this.#anchor = null;
    this.#isLeaving = false;
    await tick();
    if (!this.box) return;
    this.box.scrollTop = this.box.scrollHeight;
    this.#placed();
  }

  /** The row of that key, or of the message of that id. */
  row(key: string): HTMLElement | null {
    const name = CSS.escape(key);
    return this.list?.querySelector<HTMLElement>(`:scope > [data-key="${name}"], :scope > [data-id="${name}"]`) ?? null;
  }

  /** The messages that can be seen. */
  get seen(): HTMLElement[] {
    const { top, bottom } = this.box?.getBoundingClientRect() ?? { top: 0, bottom: 0 };
    const found: HTMLElement[] = [];
    for (let at = this.#firstBelow(top); at; at = at.nextElementSibling as HTMLElement | null) {
      if (at.getBoundingClientRect().top >= bottom) break;
      if (at.dataset.id) found.push(at);
    }
    return found;
  }

  #placed(): void {
    this.isPlaced = true;
    this.#isLeaving = false;
    this.#look();
    this.hold();
  }

  /** The first row that ends below a height. They lie in order, so not all have to be measured. */
  #firstBelow(height: number): HTMLElement | null {
    const rows = this.list?.children;
    if (!rows) return null;
    let from = 0;
    let to = rows.length;
    while (from < to) {
      const middle = (from + to) >> 1;
      if (rows[middle]!.getBoundingClientRect().bottom > height) to = middle;
      else from = middle + 1;
    }
    return (rows[from] as HTMLElement | undefined) ?? null;
  }
}
