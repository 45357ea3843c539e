/** The chats one is in: listed, added, changed and dropped, in the order of the column. */

import { SvelteMap } from 'svelte/reactivity';
import { local } from '../wire/local';
import type { Json } from '../wire/socket';
import type { Marks } from './marks.svelte';
import type { ChatRecord, Message } from './model';
import { chatOf, records, text } from './model';
import { ChatOrder } from './order.svelte';
import { byChange } from './pages';

const RECOUNT_MS = 400;
const SEEN = 'tertulia.seen.';

/** What was seen here of channels goes with who has seen it. */
export function forgetSeen(): void {
  local.removeAll(SEEN);
}

export interface ChatsNeeds {
  readonly meId: string;
  ask(name: string, params?: unknown): Promise<Json>;
  marks: Marks;
  /** These people are on the page now. */
  want(ids: readonly string[]): void;
  /** Who is in a chat, as the server has just said. */
  members(chatId: string, ids: readonly string[]): void;
  changed(chatId: string): void;
  gone(chatId: string): void;
}

export class Chats {
  readonly all = new SvelteMap<string, ChatRecord>();
  /** The server has said which chats there are. */
  isListed = $state(false);
  #order = new ChatOrder();
  /** The pinned ones first, then the one that changed last. */
  readonly sorted = $derived.by(() => this.#order.under(this.#needs.marks.pinned));
  /** How many chats have something new in them that is not to be quiet. */
  readonly unread = $derived.by(() => this.#order.unread(this.#needs.marks.muted));

  #needs: ChatsNeeds;
  /** What has changed since the list was asked for: newer than what it says. */
  #touched = new Set<string>();
  /** Chats that are being asked for: of many messages the first asks for all. */
  #fetching = new Map<string, Promise<ChatRecord | null>>();
  #recount = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(needs: ChatsNeeds) {
    this.#needs = needs;
  }

  /** What was kept in the browser, of chats that are not known yet. */
  recall(kept: readonly ChatRecord[]): void {
    const news = kept.filter((chat) => !this.all.has(chat.id));
    for (const chat of news) this.all.set(chat.id, chat);
    this.#order.putAll(news);
  }

  put(chat: ChatRecord): void {
    this.#order.put(chat, this.all.get(chat.id));
    this.all.set(chat.id, chat);
    this.#needs.changed(chat.id);
  }

  /** From a conversation object of the server. What the object leaves out stays as it was. */
  add(it: Json): ChatRecord {
    const made = chatOf(it, this.#needs.meId);
    const old = this.all.get(made.id);
    const chat: ChatRecord = {
      ...made,
      isEncrypted: made.isEncrypted || !!old?.isEncrypted,
      last: 'last_message' in it ? made.last : (old?.last ?? null),
      unread: 'unread_messages_count' in it ? made.unread : (old?.unread ?? 0),
      changedAt: old && old.changedAt > made.changedAt ? old.changedAt : made.changedAt,
    };
    if (Array.isArray(it.participants)) this.#needs.members(chat.id, it.participants.map(text));
    if (chat.personId) this.#needs.want([chat.personId]);
    this.put(this.#withSeen(chat));
    this.#touched.add(chat.id);
    return this.all.get(chat.id)!;
  }

  drop(id: string): void {
    const chat = this.all.get(id);
    if (chat) this.#order.drop(chat);
    this.all.delete(id);
    this.#needs.gone(id);
  }

  /** This message is the newest one; false: there is a newer one, or no such chat. */
  said(message: Message, unread: (chat: ChatRecord) => number): boolean {
    const chat = this.all.get(message.chatId);
    if (!chat || (chat.last?.id ?? '') >= message.id) return false;
    this.put({ ...chat, last: message, unread: unread(chat), changedAt: laterOf(chat.changedAt, message.at) });
    this.#touched.add(chat.id);
    return true;
  }

  /** The chats, again, as the server has them: those, and only those. */
  async list(): Promise<void> {
    this.#touched.clear();
    const listed = new Set<string>();
    for await (const page of byChange(this.#needs, 'conversation_list', 'conversations')) {
      for (const it of page) {
        const id = text(it._id);
        listed.add(id);
        if (this.#touched.has(id)) {
          // What was missed before that is known to the server only.
          this.recountSoon(id);
          continue;
        }
        const chat = chatOf(it, this.#needs.meId);
        this.put(this.#withSeen(chat));
        this.#needs.want([chat.personId, chat.last?.from ?? '']);
      }
      this.isListed = true;
    }
    for (const id of [...this.all.keys()]) {
      if (!listed.has(id) && !this.#touched.has(id)) this.drop(id);
    }
  }

  /** A chat as the server has it now; null when it is not ours. */
  fetch(id: string): Promise<ChatRecord | null> {
    const under = this.#fetching.get(id) ?? this.#fetchAnew(id).finally(() => this.#fetching.delete(id));
    this.#fetching.set(id, under);
    return under;
  }

  async #fetchAnew(id: string): Promise<ChatRecord | null> {
    try {
      const answer = await this.#needs.ask('conversation_list', { ids: [id] });
      const [it] = records(answer.conversations);
      if (!it) return null;
      return this.add({ last_message: null, unread_messages_count: 0, ...it });
    } catch {
      return null;
    }
  }

  /** How much of a chat is unread is asked for, once for all that happens now. */
  recountSoon(id: string): void {
    clearTimeout(this.#recount.get(id));
    this.#recount.set(id, setTimeout(() => void this.fetch(id), RECOUNT_MS));
  }

  /** All of a chat up to its end was seen on this page, but for so many. */
  markRead(id: string, left: number): void {
    const chat = this.all.get(id);
    if (!chat) return;
    // A channel's server keeps no mark that we could set; this browser does.
    if (chat.kind === 'channel' && chat.last) local.set(SEEN + id, chat.last.id);
    if (chat.unread !== left) this.put({ ...chat, unread: left });
    // What is under way may be from before.
    this.#touched.add(id);
    void this.#fetching.get(id)?.then(() => this.recountSoon(id));
  }

  #withSeen(chat: ChatRecord): ChatRecord {
    if (chat.kind !== 'channel' || !chat.unread) return chat;
    const seen = local.get(SEEN + chat.id) ?? '';
    return seen >= (chat.last?.id ?? '') ? { ...chat, unread: 0 } : chat;
  }
}

function laterOf(date: string, moment: number): string {
  const other = new Date(moment).toISOString();
  return other > date ? other : date;
}
