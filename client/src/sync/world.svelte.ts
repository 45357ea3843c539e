/** The world as this client knows it. There is one truth: everything on the page is read from here. */

import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import { local } from '../wire/local';
import type { Json } from '../wire/socket';
import type { Keep } from './keep';
import { Marks } from './marks.svelte';
import type { ChatRecord, Message, Person } from './model';
import { chatOf, goneOf, messageOf, presenceOf, record, records, text } from './model';
import { ChatOrder } from './order.svelte';
import { People } from './people.svelte';
import { reacted } from './reactions';
import { Saver } from './saver';
import { Timeline } from './timeline.svelte';
import { Timelines, nextFrame } from './timelines';
import { Typing } from './typing.svelte';

const LIST_LIMIT = 100;
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
  readonly chats = new SvelteMap<string, ChatRecord>();
  readonly presence = new SvelteMap<string, number | 'online'>();
  readonly typing = new Typing();
  readonly blocked = new SvelteSet<string>();
  /** Who is in a group, once it was asked. */
  readonly members = new SvelteMap<string, readonly string[]>();
  readonly admins = new SvelteMap<string, readonly string[]>();
  /** Of these chats it has changed who is in them: to be asked for again. */
  readonly stale = new SvelteSet<string>();
  /** The server has said which chats there are. */
  isListed = $state(false);
  /** It did not say it, the last time it was asked. */
  hasFailed = $state(false);
  /** Which history the page shows; `""`: none. */
  openId = $state('');
  /** Whether somebody looks at the end of that history, so that what comes is read as it comes. */
  isSeen: (chatId: string) => boolean = () => false;

  readonly marks: Marks;
  #order = new ChatOrder();
  /** The pinned ones first, then the one that changed last. */
  readonly sorted = $derived.by(() => this.#order.under(this.marks.pinned));
  /** How many chats have something new in them that is not to be quiet. */
  readonly unread = $derived.by(() => this.#order.unread(this.marks.muted));

  #needs: WorldNeeds;
  #timelines: Timelines;
  #saver: Saver;
  #people: People;
  #touched = new Set<string>();
  /** Chats that are being asked for: of many messages the first asks for all. */
  #fetching = new Map<string, Promise<ChatRecord | null>>();
  #recount = new Map<string, ReturnType<typeof setTimeout>>();

  constructor(
    readonly meId: string,
    needs: WorldNeeds,
  ) {
    this.#needs = needs;
    this.marks = new Marks(meId);
    this.#people = new People({ ask: needs.ask, changed: (ids) => this.#saver.people(ids) });
    this.#timelines = new Timelines((chatId) => this.#recalled(chatId));
    this.#saver = new Saver({
      keep: needs.keep,
      chat: (id) => this.chats.get(id),
      person: (id) => this.#people.get(id),
      line: (chatId) => this.#timelines.get(chatId),
    });
  }

  get me(): Person {
    return this.person(this.meId);
  }

  /** What was kept in the browser. */
  async recall(): Promise<void> {
    const [chats, people] = await Promise.all([this.#needs.keep.chats(), this.#needs.keep.people()]);
    this.#people.recall(people);
    const news = chats.filter((chat) => !this.chats.has(chat.id));
    for (const chat of news) this.chats.set(chat.id, chat);
    this.#order.putAll(news);
  }

  /** A person; what is not known yet is asked for. */
  person(id: string): Person {
    const known = this.#people.get(id);
    if (known) return known;
    this.want([id]);
    return { ...goneOf(id), isGone: false };
  }

  /** Ask for those who are not known, many at a time. */
  want(ids: readonly string[], again = false): void {
    this.#people.want(ids, again);
  }

  /** The history of a chat. */
  timeline(chatId: string): Timeline {
    return this.#timelines.use(chatId, this.openId);
  }

  /** A history that begins with what the browser has kept of it. */
  #recalled(chatId: string): Timeline {
    const made = new Timeline(chatId, (params) => this.#needs.ask('message_list', params), () => this.meId, nextFrame);
    void this.#needs.keep.messages(chatId).then((kept) => made.recall(kept));
    return made;
  }

  /** After a gap: which chats there are, what is in them, and the open history. */
  async catchUp(): Promise<void> {
    try {
      await this.#askAll();
      this.hasFailed = false;
    } catch (error) {
      this.hasFailed = true;
      throw error;
    }
  }

  async #askAll(): Promise<void> {
    this.#timelines.dropAllBut(this.openId);
    this.want([this.meId], true);
    const open = this.#timelines.get(this.openId);
    await Promise.all([
      this.#listChats(),
      open?.isFresh ? open.catchUp() : undefined,
      this.readBlocked(),
    ]);
    if (open) this.saved(open);
  }

  /** Whom one has blocked, on whatever device. */
  async readBlocked(): Promise<void> {
    const { users } = await this.#needs.ask('list_blocked_users');
    const ids = new Set(Array.isArray(users) ? users.map(text) : []);
    for (const id of this.blocked) if (!ids.has(id)) this.blocked.delete(id);
    for (const id of ids) this.blocked.add(id);
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
    else if (name === 'chat_settings') this.marks.hear(it);
  }

  setPresence(activity: Json): void {
    for (const [id, value] of Object.entries(activity)) this.presence.set(id, presenceOf(value));
  }

  addPeople(users: readonly Json[]): Person[] {
    return this.#people.add(users);
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
    const chat = this.chats.get(id);
    if (chat) this.#order.drop(chat);
    this.chats.delete(id);
    this.#timelines.drop(id);
    this.#saver.chatGone(id);
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
    this.#saver.line(message.chatId);
  }

  async #message(it: Json): Promise<void> {
    const message = messageOf(it, this.meId);
    if (message.ref) this.#needs.confirm(message.ref);
    this.typing.ends(message.chatId, message.from);
    this.#timelines.get(message.chatId)?.put(message);
    this.#saver.line(message.chatId);
    const wasKnown = this.chats.has(message.chatId);
    if (!wasKnown) await this.#fetchChat(message.chatId);
    // What the server tells of a chat may be from before this message.
    let chat = this.chats.get(message.chatId);
    if (!chat) return;
    const isNew = (chat.last?.id ?? '') < message.id;
    if (isNew) {
      const isTheirs = message.from !== this.meId;
      chat = {
        ...chat,
        last: message,
        unread: isTheirs && (chat.unread || !this.isSeen(chat.id)) ? chat.unread + 1 : chat.unread,
        changedAt: laterOf(chat.changedAt, message.at),
      };
      this.#setChat(chat);
      this.#touched.add(chat.id);
    }
    this.want([message.from]);
    if (message.notice) {
      this.stale.add(chat.id);
      this.want([message.notice.personId]);
    }
    if ((isNew || !wasKnown) && message.from !== this.meId) this.#needs.news(chat, message);
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
    this.#saver.line(chatId);
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
    this.#saver.line(chat.id);
  }

  #reacted(it: Json): void {
    const isMine = text(it.from) === this.meId;
    this.react(text(it.cid), text(it.mid), text(it.add), text(it.remove), isMine);
  }

  /** Reactions come and go. */
  react(chatId: string, id: string, add: string, remove: string, isMine: boolean): void {
    this.changeMessage(chatId, id, (message) => reacted(message, add, remove, isMine));
  }

  /** Change a message wherever it is shown. */
  changeMessage(chatId: string, id: string, change: (message: Message) => Message): void {
    this.#timelines.get(chatId)?.patch(id, change);
    const chat = this.chats.get(chatId);
    if (chat?.last?.id === id) this.#setChat({ ...chat, last: change(chat.last) });
    this.#saver.line(chatId);
  }

  #typing(it: Json): void {
    const [chatId, who] = [text(it.cid), text(it.from)];
    if (!chatId || !who || who === this.meId) return;
    if (it.status === 'stop') return this.typing.ends(chatId, who);
    this.want([who]);
    this.typing.begins(chatId, who);
  }

  #system(it: Json): void {
    const x = record(it.x) ?? {};
    const made = record(x.conversation_created) ?? record(x.conversation_updated);
    if (made) {
      const isNew = !this.chats.has(text(made._id));
      const chat = this.addChat(made);
      this.stale.add(chat.id);
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
  #fetchChat(id: string): Promise<ChatRecord | null> {
    const under = this.#fetching.get(id) ?? this.#fetchAnew(id).finally(() => this.#fetching.delete(id));
    this.#fetching.set(id, under);
    return under;
  }

  async #fetchAnew(id: string): Promise<ChatRecord | null> {
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
    if (chat.kind === 'channel' && chat.last) local.set(SEEN + id, chat.last.id);
    if (chat.unread !== left) this.#setChat({ ...chat, unread: left });
  }

  #withSeen(chat: ChatRecord): ChatRecord {
    if (chat.kind !== 'channel' || !chat.unread) return chat;
    const seen = local.get(SEEN + chat.id) ?? '';
    return seen >= (chat.last?.id ?? '') ? { ...chat, unread: 0 } : chat;
  }

  #setChat(chat: ChatRecord): void {
    this.#order.put(chat, this.chats.get(chat.id));
    this.chats.set(chat.id, chat);
    this.#saver.chat(chat.id);
  }

  /** This history has changed; it is kept in the browser soon. */
  saved(line: Timeline): void {
    this.#saver.line(line.chatId);
  }

  /** Write what has changed to the browser's store. */
  save(): Promise<void> {
    return this.#saver.save();
  }
}

function laterOf(date: string, moment: number): string {
  const other = new Date(moment).toISOString();
  return other > date ? other : date;
}
