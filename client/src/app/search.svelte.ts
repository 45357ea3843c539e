/** A search through messages, page by page, newest first. */

import { record, records, text } from '../sync/model';
import { tada } from '../wire/tada';

export interface Hit {
  readonly id: string;
  readonly chatId: string;
  readonly from: string;
  readonly body: string;
  readonly at: number;
}

const PAGE = 30;
const MOST_SIGNS = 255;

export class MessageSearch {
  hits = $state.raw<readonly Hit[]>([]);
  isLoading = $state(false);
  hasFailed = $state(false);
  /** Everything has been looked at. */
  isDone = $state(false);
  words = $state('');

  #next = '';
  #turn = 0;

  /** @param chatId in this chat only; `""`: in all of them. */
  constructor(private readonly chatId = '') {}

  /** Look for other words; for none: forget what was found. */
  async start(words: string): Promise<void> {
    this.#turn++;
    this.words = words.trim().slice(0, MOST_SIGNS);
    this.hits = [];
    this.#next = '';
    this.isDone = !this.words;
    this.isLoading = this.hasFailed = false;
    if (this.words) await this.more();
  }

  /** Find more: at least one, or all there is. */
  async more(): Promise<void> {
    if (this.isLoading || this.isDone) return;
    const turn = this.#turn;
    this.isLoading = true;
    this.hasFailed = false;
    try {
      const before = this.hits.length;
      while (!this.isDone && this.hits.length === before) await this.#page(turn);
    } catch {
      if (turn === this.#turn) this.hasFailed = true;
    }
    if (turn === this.#turn) this.isLoading = false;
  }

  async #page(turn: number): Promise<void> {
    const query = new URLSearchParams({ text: this.words, limit: String(PAGE) });
    if (this.chatId) query.set('cid', this.chatId);
    if (this.#next) query.set('from', this.#next);
    const answer = record(await tada('GET', `/messages?${query}`)) ?? {};
    // Other words were typed meanwhile: nobody waits for these.
    if (turn !== this.#turn) throw new Error('too late');
    const known = new Set(this.hits.map((each) => each.id));
    const found = records(answer.objects).map((it) => ({
      id: text(it.id), chatId: text(it.cid), from: text(it.sender), body: text(it.text), at: Number(it.created) || 0,
    }));
    this.hits = [...this.hits, ...found.filter((each) => each.id && !known.has(each.id))];
    this.#next = text(answer.next);
    this.isDone = !this.#next;
  }
}
