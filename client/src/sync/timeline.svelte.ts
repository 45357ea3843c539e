/**
 * The part of one chat's history that is in memory: one stretch without gaps, sorted, of bounded length.
 *
 * It grows at either end and then lets go at the other, so memory stays what it is however far one scrolls.
 */

import type { Json } from '../wire/socket';
import type { Message } from './model';
import { messageOf, records } from './model';

export const PAGE = 50;
/** So many messages are in memory at most. */
export const MOST = 250;
/** How many pages are read at once to come to what is new, after a gap or at the first unread one. */
const PAGES_AT_ONCE = 3;
const LIST_LIMIT = 100;
const KEPT = 50;

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

  #gone = new Set<string>();
  /** These are from the browser's store: the server may know better. */
  #recalled = new Set<string>();
  #turn = 0;

  constructor(
    readonly chatId: string,
    private readonly ask: AskMessages,
    private readonly me: () => string,
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
   */
  async latest(atLeast = PAGE): Promise<void> {
    const turn = ++this.#turn;
    const known = this.hasNewer ? [] : this.messages;
    await this.#reading(async () => {
      let found: Message[] = [];
      let isEnd = false;
      let pages = Math.max(PAGES_AT_ONCE, Math.ceil(atLeast / LIST_LIMIT));
      const newest = known.at(-1)?.id ?? '';
      do {
        const limit = found.length || atLeast > PAGE || known.length ? LIST_LIMIT : PAGE;
        const before = found[0] ? { updated_at: { lt: before_(found[0]) } } : {};
        const page = await this.#list({ limit, ...before });
        if (turn !== this.#turn) return;
        isEnd = page.length < limit;
        found = merged(page, found);
      } while (!isEnd && --pages > 0 && (found.length < atLeast || (newest && found[0]!.id > newest)));
      const oldest = found[0]?.id ?? '';
      const touches = !isEnd && newest && oldest <= newest;
      const older = touches ? known.filter((each) => each.id < oldest) : [];
      const checked = older.length ? await this.#again(older) : [];
      if (turn !== this.#turn) return;
      // What came live meanwhile is newer than what the list could know.
      const live = this.hasNewer ? [] : this.messages.filter((each) => each.id > (found.at(-1)?.id ?? ''));
      const wasThere = new Set(known.map((each) => each.id));
      const later = live.filter((each) => !wasThere.has(each.id) && !this.#recalled.has(each.id));
      this.#recalled.clear();
      this.#set(merged(merged(checked, found), later));
      if (!touches) this.hasOlder = !isEnd;
      this.hasNewer = false;
      this.isFresh = true;
      this.#trim('older');
    });
  }

  /** What is on the page is looked at again, after a gap, without moving to the end. */
  async recheck(): Promise<void> {
    const turn = ++this.#turn;
    await this.#reading(async () => {
      const checked = await this.#again(this.messages);
      if (turn !== this.#turn) return;
      this.#set(checked);
      this.hasNewer = true;
      this.isFresh = true;
    });
  }

  /** Read on at the older end. Gives whether something was read. */
  async older(): Promise<boolean> {
    const first = this.messages[0];
    if (!first || !this.hasOlder || this.isLoadingOlder) return false;
    const turn = this.#turn;
    this.isLoadingOlder = true;
    await this.#reading(async () => {
      const page = await this.#list({ limit: PAGE, updated_at: { lt: before_(first) } });
      if (turn !== this.#turn) return;
      this.hasOlder = page.length === PAGE;
      this.#set(merged(page, this.messages));
      this.#trim('newer');
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
      const { page, isEnd } = await this.#after(last);
      if (turn !== this.#turn) return;
      this.#set(merged(this.messages, page));
      this.hasNewer = !isEnd;
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
      const before = await this.#list({ limit: PAGE, updated_at: { lt: moment + 1 } });
      const { page, isEnd } = await this.#after({ at: moment });
      if (turn !== this.#turn) return;
      this.#set(merged(before, page));
      this.hasOlder = before.length === PAGE;
      this.hasNewer = !isEnd;
      this.isFresh = true;
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
    // Beyond a gap it would be out of place; it is found when one comes there.
    if (this.hasNewer) return;
    const last = this.messages.at(-1);
    if (!last || last.id < message.id) this.messages = [...this.messages, message];
    else this.#set(merged(this.messages, [message]));
    this.#trim('older');
  }

  /** Change one message, if it is there. */
  patch(id: string, change: (message: Message) => Message): void {
    const there = this.messages.findIndex((each) => each.id === id);
    if (there >= 0) this.messages = this.messages.with(there, change(this.messages[there]!));
  }

  /** These were deleted. */
  remove(ids: readonly string[]): void {
    for (const id of ids) this.#gone.add(id);
    if (this.messages.some((each) => this.#gone.has(each.id))) this.#set(this.messages);
  }

  find(id: string): Message | undefined {
    return this.messages.find((each) => each.id === id);
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

  /**
   * A page of what follows a moment. The server finds it by the date of change, so what was edited later
   * is missing there; reading back from the page's end by the date of creation brings it in.
   */
  async #after(last: { at: number }): Promise<{ page: Message[]; isEnd: boolean }> {
    const changed = await this.#list({ limit: PAGE, updated_at: { gt: last.at } });
    const isEnd = changed.length < PAGE;
    const created = changed.filter((each) => each.at > last.at).sort(byAge);
    const end = created.at(-1);
    if (isEnd || !end) return { page: created, isEnd: isEnd || !changed.length };
    let page = created;
    let upTo = end.at + 1;
    for (;;) {
      const back = await this.#list({ limit: LIST_LIMIT, updated_at: { lt: upTo } });
      page = merged(back.filter((each) => each.at > last.at), page);
      const oldest = back[0];
      if (!oldest || back.length < LIST_LIMIT || oldest.at <= last.at) return { page, isEnd: false };
      upTo = oldest.at;
    }
  }

  /** A page of the server's list, oldest first. */
  async #list(params: Json): Promise<Message[]> {
    const answer = await this.ask({ cid: this.chatId, ...params });
    const me = this.me();
    return records(answer.messages).map((each) => messageOf(each, me)).sort(byAge);
  }

  async #reading(work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.hasFailed = false;
    } catch {
      this.hasFailed = true;
    }
  }

  #set(messages: readonly Message[]): void {
    this.messages = messages.filter((each) => !this.#gone.has(each.id));
  }

  #trim(side: 'older' | 'newer'): void {
    if (this.messages.length <= MOST) return;
    if (side === 'older') {
      this.messages = this.messages.slice(-MOST);
      this.hasOlder = true;
    } else {
      this.messages = this.messages.slice(0, MOST);
      this.hasNewer = true;
    }
  }
}

/** Ids are made in the order of messages. */
export function byAge(a: Message, b: Message): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

/** Both, sorted, each message once; the later argument knows better. */
export function merged(a: readonly Message[], b: readonly Message[]): Message[] {
  const all = new Map<string, Message>();
  for (const each of a) all.set(each.id, each);
  for (const each of b) all.set(each.id, each);
  return [...all.values()].sort(byAge);
}

/**
 * A bound that leaves this message out. Of a message that was just acknowledged only the second is known,
 * rounded up: then it may come again, which `merged` does not mind.
 */
function before_(message: Message): number {
  return message.at % 1000 === 0 ? message.at + 1 : message.at;
}
