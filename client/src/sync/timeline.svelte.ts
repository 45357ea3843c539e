/**
 * The part of one chat's history that is in memory: one stretch without gaps, sorted, of bounded length.
 *
 * It grows at either end and then lets go at the other, so memory stays what it is however far one scrolls.
 */

import type { Json } from '../wire/socket';
import type { Message } from './model';
import { messageOf, records } from './model';
import { beforeIt, byAge, merged, pageAfter, pageBefore, slices } from './stretch';

export const PAGE = 50;
/** As many as fill a high window; the first ones are to be seen at once. */
export const FIRST = 30;
/** So many are put on the page in one frame: more would make it stutter. */
const SLICE = 10;
/** So many messages are in memory at most. */
export const MOST = 250;
/** Fewer are enough for who looks at the end, where new ones come. */
export const FOLLOWED = 100;
/** How many pages are read at once to come to what is new, after a gap. */
const PAGES_AT_ONCE = 3;
/** How many pages are read back to find the first unread message. */
const UNREAD_PAGES = 60;
const LIST_LIMIT = 100;
const KEPT = 50;
/** What is read besides the unread messages, to see what they follow. */
const BEFORE_UNREAD = 15;

export type AskMessages = (params: Json) => Promise<Json>;

export class Timeline {
  messages = $state.raw<readonly Message[]>([]);
  /** Something older, or newer, is at the server. */
  hasOlder = $state(true);
  hasNewer = $state(false);
  isLoadingOlder = $state(false);
  isLoadingNewer = $state(false);
  /** The server has said what is there: it is not only what was kept in the browser. */
  isFresh = $state(false);
  /** The last attempt to read has failed. */
  hasFailed = $state(false);
  /** One looks at the end: what is new is to be seen, and old messages are not missed. */
  isFollowed = true;

  #gone = new Set<string>();
  /** These are from the browser's store: the server may know better. */
  #recalled = new Set<string>();
  /** Came live beyond the stretch while something was read: the answer may not know them yet. */
  #late: Message[] = [];
  #readings = 0;
  #turn = 0;

  constructor(
    readonly chatId: string,
    private readonly ask: AskMessages,
    private readonly me: () => string,
    private readonly pause: () => Promise<void> = async () => undefined,
  ) {}

  /** What was kept in the browser, until the server has spoken. */
  recall(kept: readonly Message[]): void {
    if (this.isFresh || this.messages.length) return;
    for (const each of kept) this.#recalled.add(each.id);
    this.messages = [...kept].sort(byAge);
  }

  /** The newest ones, for the browser's own store. */
  get toKeep(): readonly Message[] | null {
    return this.isFresh && !this.hasNewer ? this.messages.slice(-KEPT) : null;
  }

  /**
   * Read the newest messages, joined to what is there if they touch it. After a gap this finds everything:
   * what is new by itself, what was changed or deleted by looking again at what is on the page.
   *
   * @param atLeast so many of them.
   * @param stays where nothing touches, what is on the page stays there, and the gap is read when one comes to it.
   */
  async latest(atLeast = FIRST, stays = false): Promise<void> {
    const turn = ++this.#turn;
    const known = this.hasNewer ? [] : this.messages;
    await this.#reading(async () => {
      let found: Message[] = [];
      let isEnd = false;
      let pages = Math.max(PAGES_AT_ONCE, Math.ceil(atLeast / LIST_LIMIT));
      const newest = known.at(-1)?.id ?? '';
      do {
        const limit = found.length || atLeast > FIRST || known.length ? LIST_LIMIT : FIRST;
        const page = await this.#list({ limit, ...(found[0] ? beforeIt(found[0]) : {}) });
        if (turn !== this.#turn) return;
        isEnd = page.length < limit;
        found = merged(page, found);
      } while (!isEnd && --pages > 0 && (found.length < atLeast || (newest && found[0]!.id > newest)));
      const oldest = found[0]?.id ?? '';
      const touches = !isEnd && newest && oldest <= newest;
      const isGap = !isEnd && newest && !touches;
      const older = touches || (isGap && stays) ? known.filter((each) => each.id < oldest) : [];
      const checked = older.length ? await this.#again(older) : [];
      if (turn !== this.#turn) return;
      this.isFresh = true;
      if (isGap && stays) {
        this.#set(checked);
        this.hasNewer = true;
        return;
      }
      this.#set(merged(merged(checked, found), this.#liveSince(known, found.at(-1)?.id ?? '')));
      this.#recalled.clear();
      if (!touches) this.hasOlder = !isEnd;
      this.hasNewer = false;
      this.#trim('older');
    });
  }

  /** After a gap: what is new, if one looks at the end; else what is on the page, as it is now. */
  catchUp(): Promise<void> {
    return this.hasNewer ? this.#recheck() : this.latest(FIRST, !this.isFollowed);
  }

  async #recheck(): Promise<void> {
    const turn = ++this.#turn;
    await this.#reading(async () => {
      const checked = await this.#again(this.messages);
      if (turn !== this.#turn) return;
      this.#set(checked);
      this.isFresh = true;
    });
  }

  /**
   * Come to the first of so many messages of others at the end of the chat. Gives its id; `""`: it lies
   * too far back, and the end was read.
   */
  async unread(count: number): Promise<string> {
    if (count + BEFORE_UNREAD <= MOST) {
      await this.latest(count + BEFORE_UNREAD);
      const theirs = this.messages.filter((each) => each.from !== this.me());
      return theirs.at(-count)?.id ?? '';
    }
    const turn = ++this.#turn;
    let first: Message | undefined;
    await this.#reading(async () => {
      let left = count;
      let last: Message | undefined;
      for (let pages = 0; pages < UNREAD_PAGES && !first; pages++) {
        const page = await this.#list({ limit: LIST_LIMIT, ...(last ? beforeIt(last) : {}) });
        if (turn !== this.#turn) return;
        const upTo = last?.id;
        const theirs = page.filter((each) => each.from !== this.me() && (!upTo || each.id < upTo));
        if (theirs.length >= left) first = theirs.at(-left);
        left -= theirs.length;
        last = page[0];
        if (page.length < LIST_LIMIT) break;
      }
    });
    if (turn !== this.#turn) return '';
    if (first) await this.at(first.at);
    else await this.latest();
    return first?.id ?? '';
  }

  /** Read on at the older end. Gives whether something was read. */
  async older(): Promise<boolean> {
    const first = this.messages[0];
    if (!first || !this.hasOlder || this.isLoadingOlder) return false;
    const turn = this.#turn;
    this.isLoadingOlder = true;
    await this.#reading(async () => {
      const page = await pageBefore((params) => this.#list(params), first, PAGE);
      let edge = first;
      for (const slice of slices(page.messages, SLICE).reverse()) {
        await this.pause();
        // The stretch was read anew, or reading on at its other end has let go of this one.
        if (turn !== this.#turn || this.messages[0]?.id !== edge.id) return;
        this.#set(merged(slice, this.messages));
        this.#trim('newer');
        edge = this.messages[0]!;
      }
      if (turn === this.#turn && this.messages[0]?.id === edge.id) this.hasOlder = !page.isLast;
    });
    this.isLoadingOlder = false;
    return !this.hasFailed;
  }

  /** Read on at the newer end. Gives whether something was read. */
  async newer(): Promise<boolean> {
    const last = this.messages.at(-1);
    if (!last || !this.hasNewer || this.isLoadingNewer) return false;
    const turn = this.#turn;
    this.isLoadingNewer = true;
    await this.#reading(async () => {
      const page = await pageAfter((params) => this.#list(params), last, PAGE);
      let edge = last;
      for (const slice of slices(page.messages, SLICE)) {
        await this.pause();
        if (turn !== this.#turn || this.messages.at(-1)?.id !== edge.id) return;
        this.#set(merged(this.messages, slice));
        this.#trim('older');
        edge = this.messages.at(-1)!;
      }
      if (turn !== this.#turn || this.messages.at(-1)?.id !== edge.id || !page.isLast) return;
      this.#set(merged(this.messages, this.#late));
      this.hasNewer = false;
      this.#trim('older');
    });
    this.isLoadingNewer = false;
    return !this.hasFailed;
  }

  /** Show the surroundings of a message. Gives whether it is there. */
  async around(id: string): Promise<boolean> {
    if (this.messages.some((each) => each.id === id)) return true;
    const [it] = await this.#list({ ids: [id] });
    if (!it) return false;
    await this.at(it.at);
    return this.messages.some((each) => each.id === id);
  }

  /** Show the surroundings of a moment. */
  async at(moment: number): Promise<void> {
    const turn = ++this.#turn;
    await this.#reading(async () => {
      const [before, after] = await Promise.all([
        this.#list({ limit: PAGE, created_at: { lt: moment + 1 } }),
        this.#list({ limit: PAGE, created_at: { gt: moment } }),
      ]);
      if (turn !== this.#turn) return;
      const isEnd = after.length < PAGE;
      this.#set(merged(merged(before, after), isEnd ? this.#late : []));
      this.hasOlder = before.length === PAGE;
      this.hasNewer = !isEnd;
      this.isFresh = true;
      this.#recalled.clear();
    });
  }

  /** A message that came live, or was acknowledged. */
  put(message: Message): void {
    if (this.#gone.has(message.id)) return;
    const there = this.messages.findIndex((each) => each.id === message.id);
    if (there >= 0) {
      this.messages = this.messages.with(there, message);
      return;
    }
    if (this.#readings) this.#late.push(message);
    // Beyond a gap it would be out of place; it is found when one comes there.
    if (this.hasNewer) return;
    const last = this.messages.at(-1);
    if (!last || last.id < message.id) this.messages = [...this.messages, message];
    else this.#set(merged(this.messages, [message]));
    // What one looks at must not go: then the new ones do, and are read when one comes there.
    if (this.isFollowed) this.#trim('older', FOLLOWED);
    else this.#trim('newer');
  }

  /** Change one message, if it is there. */
  patch(id: string, change: (message: Message) => Message): void {
    const there = this.messages.findIndex((each) => each.id === id);
    if (there >= 0) this.messages = this.messages.with(there, change(this.messages[there]!));
  }

  /** These were deleted. What is not here may be quoted or picked: all who look hear of it. */
  remove(ids: readonly string[]): void {
    for (const id of ids) this.#gone.add(id);
    this.#set(this.messages);
  }

  /** It was deleted since this was read, here or elsewhere. */
  isGone(id: string): boolean {
    return this.#gone.has(id);
  }

  find(id: string): Message | undefined {
    return this.messages.find((each) => each.id === id);
  }

  /** What came live while the newest messages were read: newer than what the list could know. */
  #liveSince(known: readonly Message[], newest: string): Message[] {
    const wasThere = new Set(known.map((each) => each.id));
    const live = this.hasNewer ? this.#late : [...this.messages, ...this.#late];
    return live.filter((each) => each.id > newest && !wasThere.has(each.id) && !this.#recalled.has(each.id));
  }

  /** Those messages as the server has them now; deleted ones are left out. */
  async #again(messages: readonly Message[]): Promise<Message[]> {
    const found: Message[] = [];
    for (let i = 0; i < messages.length; i += LIST_LIMIT) {
      const ids = messages.slice(i, i + LIST_LIMIT).map((each) => each.id);
      found.push(...(await this.#list({ ids, limit: LIST_LIMIT })));
    }
    return found.sort(byAge);
  }

  /** A page of the server's list, oldest first. */
  async #list(params: Json): Promise<Message[]> {
    const answer = await this.ask({ cid: this.chatId, ...params });
    const me = this.me();
    return records(answer.messages).map((each) => messageOf(each, me)).sort(byAge);
  }

  async #reading(work: () => Promise<void>): Promise<void> {
    if (!this.#readings++) this.#late = [];
    try {
      await work();
      this.hasFailed = false;
    } catch {
      this.hasFailed = true;
    } finally {
      this.#readings--;
    }
  }

  #set(messages: readonly Message[]): void {
    this.messages = messages.filter((each) => !this.#gone.has(each.id));
  }

  #trim(side: 'older' | 'newer', most = MOST): void {
    if (this.messages.length <= most) return;
    if (side === 'older') {
      this.messages = this.messages.slice(-most);
      this.hasOlder = true;
    } else {
      this.messages = this.messages.slice(0, most);
      this.hasNewer = true;
    }
  }
}
