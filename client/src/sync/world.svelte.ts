/** The world as this client knows it. There is one truth: everything on the page is read from here. */

import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import type { Json } from '../wire/socket';
import type { Keep } from './keep';
import type { ChatRecord, Message, Person } from './model';
import { chatOf, goneOf, messageOf, personOf, presenceOf, record, records, text } from './model';
import type { AskMessages } from './timeline.svelte';
import { Timeline } from './timeline.svelte';

const TYPING_MS = 6000;
const SAVE_MS = 800;
const PEOPLE_AT_ONCE = 100;
const LIST_LIMIT = 100;
/** So many histories are in memory besides the open one. */
const TIMELINES = 4;
const SEEN = 'tertulia.seen.';

export interface WorldNeeds {
  ask(name: string, params?: unknown): Promise<Json>;
  keep: Keep;
  /** A message of somebody else has come, live. */
  news(chat: ChatRecord, message: Message): void;
  /** Somebody has put us out of a chat. */
  putOut(chat: ChatRecord): void;
  /** This message of ours has arrived, whoever sent it. */
  confirm(ref: string): void;
  now(): number;
}

export class World {
  readonly people = new SvelteMap<string, Person>();
  readonly chats = new SvelteMap<string, ChatRecord>();
  readonly presence = new SvelteMap<string, number | 'online'>();
  readonly typing = new SvelteMap<string, readonly string[]>();
  readonly blocked = new SvelteSet<string>();
  /** Who is in a group, once it was asked. */
  readonly members = new SvelteMap<string, readonly string[]>();
  readonly admins = new SvelteMap<string, readonly string[]>();
  /** The server has said which chats there are. */
  isListed = $state(false);
  /** Which history the page shows; `""`: none. */
  openId = $state('');

  readonly sorted = $derived.by(() =>
    [...this.chats.values()].sort((a, b) => (a.changedAt < b.changedAt ? 1 : -1)),
  );
  readonly unread = $derived.by(() => {
    let chats = 0;
    for (const chat of this.chats.values()) if (chat.unread) chats++;
    return chats;
  });

  #needs: WorldNeeds;
  #timelines = new Map<string, Timeline>();
  #wanted = new Set<string>();
  #asking = false;
  #touched = new Set<string>();
  #quiet = new Map<string, ReturnType<typeof setTimeout>>();
  #dirtyChats = new Set<string>();
  #goneChats = new Set<string>();
  #dirtyPeople = new Set<string>();
  #dirtyLines = new Set<string>();
  #saving: ReturnType<typeof setTimeout> | undefined;
  #recount = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(
    readonly meId: string,
    needs: WorldNeeds,
  ) {
    this.#needs = needs;
  }

  get me(): Person {
    return this.person(this.meId);
  }

  /** What was kept in the browser. */
  async recall(): Promise<void> {
    const [chats, people] = await Promise.all([this.#needs.keep.chats(), this.#needs.keep.people()]);
    for (const person of people) if (!this.people.has(person.id)) this.people.set(person.id, person);
    for (const chat of chats) if (!this.chats.has(chat.id)) this.chats.set(chat.id, chat);
  }

  /** A person; what is not known yet is asked for. */
  person(id: string): Person {
    const known = this.people.get(id);
    if (known) return known;
    this.want([id]);
    return { ...goneOf(id), isGone: false };
  }

  /** Ask for those who are not known, many at a time. */
  want(ids: readonly string[], again = false): void {
    for (const id of ids) if (id && (again || !this.people.has(id))) this.#wanted.add(id);
    if (this.#wanted.size && !this.#asking) {
      this.#asking = true;
      setTimeout(() => void this.#askPeople(), 10);
    }
  }

  /** The history of a chat. */
  timeline(chatId: string): Timeline {
    const there = this.#timelines.get(chatId);
    if (there) {
      // The last one used is the last one to be let go.
      this.#timelines.delete(chatId);
      this.#timelines.set(chatId, there);
      return there;
    }
    const ask: AskMessages = (params) => this.#needs.ask('message_list', params);
    const made = new Timeline(chatId, ask, () => this.meId);
    this.#timelines.set(chatId, made);
    for (const id of this.#timelines.keys()) {
      if (this.#timelines.size <= TIMELINES) break;
      if (id !== this.openId && id !== chatId) this.#timelines.delete(id);
    }
    void this.#needs.keep.messages(chatId).then((kept) => made.recall(kept));
    return made;
  }

  /** After a gap: which chats there are, what is in them, and the open history. */
  async catchUp(): Promise<void> {
    for (const id of [...this.#timelines.keys()]) {
      if (id !== this.openId) this.#timelines.delete(id);
    }
    this.want([this.meId], true);
    const open = this.#timelines.get(this.openId);
    await Promise.all([
      this.#listChats(),
      open?.isFresh ? (open.hasNewer ? open.recheck() : open.latest()) : undefined,
      this.#needs.ask('list_blocked_users').then((answer) => {
        this.blocked.clear();
        for (const id of Array.isArray(answer.users) ? answer.users : []) this.blocked.add(text(id));
      }),
    ]);
    if (open) this.saved(open);
  }

  /** A packet that came by itself. */
  hear(packet: Json): void {
    const [name, content] = Object.entries(packet)[0] ?? ['', null];
    const it = record(content);
    if (!it) return;
    if (name === 'message') void this.#message(it);
    else if (name === 'message_edit') this.#edited(it);
    else if (name === 'message_delete') this.#deleted(it);
    else if (name === 'message_read') this.#read(it);
    else if (name === 'message_reactions_update') this.#reacted(it);
    else if (name === 'typing') this.#typing(it);
    else if (name === 'last_activity') this.setPresence(it);
    else if (name === 'system_message') this.#system(it);
  }

  setPresence(activity: Json): void {
    for (const [id, value] of Object.entries(activity)) this.presence.set(id, presenceOf(value));
  }

  addPeople(users: readonly Json[]): Person[] {
    const people = users.map(personOf).filter((each) => each.id);
    for (const each of people) {
      this.people.set(each.id, each);
      this.#dirtyPeople.add(each.id);
    }
    this.#saveSoon();
    return people;
  }

  /** A chat from a conversation object of the server. What the object leaves out stays as it was. */
  addChat(it: Json): ChatRecord {
    const made = chatOf(it, this.meId);
    const old = this.chats.get(made.id);
    const chat: ChatRecord = {
      ...made,
      last: 'last_message' in it ? made.last : (old?.last ?? null),
      unread: 'unread_messages_count' in it ? made.unread : (old?.unread ?? 0),
      changedAt: old && old.changedAt > made.changedAt ? old.changedAt : made.changedAt,
    };
    const members = it.participants;
    if (Array.isArray(members)) this.members.set(chat.id, members.map(text));
    if (chat.personId) this.want([chat.personId]);
    this.#setChat(this.#withSeen(chat));
    this.#touched.add(chat.id);
    return this.chats.get(chat.id)!;
  }

  dropChat(id: string): void {
    this.chats.delete(id);
    this.#timelines.delete(id);
    this.#goneChats.add(id);
    this.#dirtyChats.delete(id);
    this.#saveSoon();
  }

  /** The chats, again, as the server has them: those, and only those. */
  async #listChats(): Promise<void> {
    this.#touched.clear();
    const listed = new Set<string>();
    let before: string | null = null;
    for (;;) {
      const page: Json[] = records(
        (
          await this.#needs.ask('conversation_list', {
            limit: LIST_LIMIT,
            ...(before ? { updated_at: { lt: before } } : {}),
          })
        ).conversations,
      );
      for (const it of page) {
        const id = text(it._id);
        listed.add(id);
        if (this.#touched.has(id)) continue;
        const chat = chatOf(it, this.meId);
        this.#setChat(this.#withSeen(chat));
        this.want([chat.personId, chat.last?.from ?? '']);
      }
      this.isListed = true;
      const last = page.at(-1);
      if (page.length < LIST_LIMIT || !last) break;
      before = text(last.updated_at);
    }
    for (const id of [...this.chats.keys()]) {
      if (!listed.has(id) && !this.#touched.has(id)) this.dropChat(id);
    }
  }

  /** A message that we sent ourselves has arrived. */
  arrived(message: Message): void {
    this.#timelines.get(message.chatId)?.put(message);
    const chat = this.chats.get(message.chatId);
    if (chat && (chat.last?.id ?? '') < message.id) {
      this.#setChat({ ...chat, last: message, changedAt: laterOf(chat.changedAt, message.at) });
    }
    this.#lineSoon(message.chatId);
  }

  async #message(it: Json): Promise<void> {
    const message = messageOf(it, this.meId);
    if (message.ref) this.#needs.confirm(message.ref);
    this.#typingEnds(message.chatId, message.from);
    let chat = this.chats.get(message.chatId);
    const isNew = !chat || (chat.last?.id ?? '') < message.id;
    this.#timelines.get(message.chatId)?.put(message);
    this.#lineSoon(message.chatId);
    if (!chat) {
      chat = (await this.#fetchChat(message.chatId)) ?? undefined;
      if (!chat) return;
    } else if (isNew) {
      const isTheirs = message.from !== this.meId;
      chat = {
        ...chat,
        last: message,
        unread: isTheirs ? chat.unread + 1 : chat.unread,
        changedAt: laterOf(chat.changedAt, message.at),
      };
      this.#setChat(chat);
      this.#touched.add(chat.id);
    }
    this.want([message.from]);
    if (message.notice) {
      this.members.delete(chat.id);
      this.want([message.notice.personId]);
    }
    if (isNew && message.from !== this.meId) this.#needs.news(chat, message);
  }

  #edited(it: Json): void {
    const [id, chatId, body] = [text(it.id), text(it.cid), text(it.body)];
    this.changeMessage(chatId, id, (message) => ({ ...message, body, isEdited: true }));
  }

  #deleted(it: Json): void {
    const ids = Array.isArray(it.ids) ? it.ids.map(text) : [];
    this.forget(text(it.cid), ids);
  }

  /** Messages are gone: from the history, and from the list of chats. */
  forget(chatId: string, ids: readonly string[]): void {
    this.#timelines.get(chatId)?.remove(ids);
    this.#lineSoon(chatId);
    const chat = this.chats.get(chatId);
    if (!chat) return;
    if (chat.unread || (chat.last && ids.includes(chat.last.id))) void this.#fetchChat(chatId);
  }

  #read(it: Json): void {
    const ids = Array.isArray(it.ids) ? it.ids.map(text) : [];
    const chat = this.chats.get(text(it.cid));
    if (!chat) return;
    if (text(it.from) === this.meId) {
      const newest = ids.reduce((a, b) => (a > b ? a : b), '');
      if (newest >= (chat.last?.id ?? '')) this.#setChat({ ...chat, unread: 0 });
      else this.#recountSoon(chat.id);
      return;
    }
    const line = this.#timelines.get(chat.id);
    for (const id of ids) line?.patch(id, (message) => ({ ...message, delivery: 'read' }));
    if (chat.last && ids.includes(chat.last.id)) {
      this.#setChat({ ...chat, last: { ...chat.last, delivery: 'read' } });
    }
    this.#lineSoon(chat.id);
  }

  #reacted(it: Json): void {
    const isMine = text(it.from) === this.meId;
    this.react(text(it.cid), text(it.mid), text(it.add), text(it.remove), isMine);
  }

  /** Reactions come and go. */
  react(chatId: string, id: string, add: string, remove: string, isMine: boolean): void {
    this.changeMessage(chatId, id, (message) => {
      const total = new Map(message.reactions);
      const own = new Set(message.own);
      if (add && !(isMine && own.has(add))) total.set(add, (total.get(add) ?? 0) + 1);
      if (remove && !(isMine && !own.has(remove))) total.set(remove, (total.get(remove) ?? 1) - 1);
      if (isMine && add) own.add(add);
      if (isMine && remove) own.delete(remove);
      return { ...message, reactions: [...total].filter(([, n]) => n > 0), own: [...own] };
    });
  }

  /** Change a message wherever it is shown. */
  changeMessage(chatId: string, id: string, change: (message: Message) => Message): void {
    this.#timelines.get(chatId)?.patch(id, change);
    const chat = this.chats.get(chatId);
    if (chat?.last?.id === id) this.#setChat({ ...chat, last: change(chat.last) });
    this.#lineSoon(chatId);
  }

  #typing(it: Json): void {
    const [chatId, who] = [text(it.cid), text(it.from)];
    if (!chatId || !who || who === this.meId) return;
    if (it.status === 'stop') return this.#typingEnds(chatId, who);
    this.want([who]);
    const those = this.typing.get(chatId) ?? [];
    if (!those.includes(who)) this.typing.set(chatId, [...those, who]);
    const key = `${chatId} ${who}`;
    clearTimeout(this.#quiet.get(key));
    this.#quiet.set(key, setTimeout(() => this.#typingEnds(chatId, who), TYPING_MS));
  }

  #typingEnds(chatId: string, who: string): void {
    const key = `${chatId} ${who}`;
    clearTimeout(this.#quiet.get(key));
    this.#quiet.delete(key);
    const those = this.typing.get(chatId);
    if (!those?.includes(who)) return;
    const others = those.filter((each) => each !== who);
    if (others.length) this.typing.set(chatId, others);
    else this.typing.delete(chatId);
  }

  #system(it: Json): void {
    const x = record(it.x) ?? {};
    const made = record(x.conversation_created) ?? record(x.conversation_updated);
    if (made) {
      const isNew = !this.chats.has(text(made._id));
      const chat = this.addChat(made);
      this.admins.delete(chat.id);
      this.want(this.members.get(chat.id) ?? []);
      // One that comes back, or that we were added to, has a history that the packet does not tell.
      if (isNew && !('last_message' in made)) void this.#fetchChat(chat.id);
    }
    const kicked = record(x.conversation_kicked);
    const gone = kicked && this.chats.get(text(kicked._id));
    if (gone) {
      this.dropChat(gone.id);
      if (text(it.from) !== this.meId) this.#needs.putOut(gone);
    }
  }

  /** A chat as the server has it now; null when it is not ours. */
  async #fetchChat(id: string): Promise<ChatRecord | null> {
    try {
      const answer = await this.#needs.ask('conversation_list', { ids: [id] });
      const [it] = records(answer.conversations);
      if (!it) return null;
      return this.addChat({ last_message: null, unread_messages_count: 0, ...it });
    } catch {
      return null;
    }
  }

  #recountSoon(id: string): void {
    clearTimeout(this.#recount.get(id));
    this.#recount.set(id, setTimeout(() => void this.#fetchChat(id), 400));
  }

  /** All of a chat up to its end was seen on this page. */
  markRead(id: string, left = 0): void {
    const chat = this.chats.get(id);
    if (!chat) return;
    // A channel's server keeps no mark that we could set; this browser does.
    if (chat.kind === 'channel' && chat.last) localStorage.setItem(SEEN + id, chat.last.id);
    if (chat.unread !== left) this.#setChat({ ...chat, unread: left });
  }

  #withSeen(chat: ChatRecord): ChatRecord {
    if (chat.kind !== 'channel' || !chat.unread) return chat;
    const seen = localStorage.getItem(SEEN + chat.id) ?? '';
    return seen >= (chat.last?.id ?? '') ? { ...chat, unread: 0 } : chat;
  }

  async #askPeople(): Promise<void> {
    const ids = [...this.#wanted].slice(0, PEOPLE_AT_ONCE);
    for (const id of ids) this.#wanted.delete(id);
    try {
      if (ids.length) {
        const answer = await this.#needs.ask('get_users_by_ids', { ids });
        this.addPeople(records(answer.users));
        // Who is not known to the server is gone for good.
        for (const id of ids) if (!this.people.has(id)) this.people.set(id, goneOf(id));
      }
    } catch {
      // Asked again when they are shown next time.
    }
    this.#asking = false;
    if (this.#wanted.size) this.want([]);
  }

  #setChat(chat: ChatRecord): void {
    this.chats.set(chat.id, chat);
    this.#dirtyChats.add(chat.id);
    this.#goneChats.delete(chat.id);
    this.#saveSoon();
  }

  /** This history has changed; it is kept in the browser soon. */
  saved(line: Timeline): void {
    this.#lineSoon(line.chatId);
  }

  #lineSoon(chatId: string): void {
    this.#dirtyLines.add(chatId);
    this.#saveSoon();
  }

  #saveSoon(): void {
    this.#saving ??= setTimeout(() => void this.save(), SAVE_MS);
  }

  /** Write what has changed to the browser's store. */
  async save(): Promise<void> {
    clearTimeout(this.#saving);
    this.#saving = undefined;
    const { keep } = this.#needs;
    const chats = [...this.#dirtyChats].flatMap((id) => this.chats.get(id) ?? []);
    const people = [...this.#dirtyPeople].flatMap((id) => this.people.get(id) ?? []);
    const lines = [...this.#dirtyLines].flatMap((id) => this.#timelines.get(id) ?? []);
    const gone = [...this.#goneChats];
    for (const all of [this.#dirtyChats, this.#dirtyPeople, this.#dirtyLines, this.#goneChats]) {
      all.clear();
    }
    if (chats.length || gone.length) await keep.saveChats(chats, gone);
    if (people.length) await keep.savePeople(people);
    for (const line of lines) {
      const messages = line.toKeep;
      if (messages) await keep.saveMessages(line.chatId, messages);
    }
  }
}

function laterOf(date: string, moment: number): string {
  const other = new Date(moment).toISOString();
  return other > date ? other : date;
}
