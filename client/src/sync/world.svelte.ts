/** The world as this client knows it. There is one truth: everything on the page is read from here. */

import { SvelteMap, SvelteSet } from 'svelte/reactivity';
import type { Json } from '../wire/socket';
import { Chats } from './chats.svelte';
import type { Keep } from './keep';
import { Marks } from './marks.svelte';
import type { ChatRecord, Message, Person } from './model';
import { goneOf, messageOf, presenceOf, record, text } from './model';
import { People } from './people.svelte';
import { reacted } from './reactions';
import { Saver } from './saver';
import { Timeline } from './timeline.svelte';
import { Timelines, nextFrame } from './timelines';
import { Typing } from './typing.svelte';

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
  readonly presence = new SvelteMap<string, number | 'online'>();
  readonly typing = new Typing();
  readonly blocked = new SvelteSet<string>();
  /** Who is in a group, once it was asked. */
  readonly members = new SvelteMap<string, readonly string[]>();
  readonly admins = new SvelteMap<string, readonly string[]>();
  /** Of these chats it has changed who is in them: to be asked for again. */
  readonly stale = new SvelteSet<string>();
  /** The server did not say which chats there are, the last time it was asked. */
  hasFailed = $state(false);
  /** Which history the page shows; `""`: none. */
  openId = $state('');
  /** Whether somebody looks at the end of that history, so that what comes is read as it comes. */
  isSeen: (chatId: string) => boolean = () => false;

  readonly marks: Marks;

  #needs: WorldNeeds;
  #timelines: Timelines;
  #saver: Saver;
  #people: People;
  #list: Chats;

  constructor(
    readonly meId: string,
    needs: WorldNeeds,
  ) {
    this.#needs = needs;
    this.marks = new Marks(meId);
    this.#list = new Chats({
      meId,
      ask: needs.ask,
      marks: this.marks,
      want: (ids) => this.want(ids),
      members: (id, ids) => this.members.set(id, ids),
      changed: (id) => this.#saver.chat(id),
      gone: (id) => {
        this.#timelines.drop(id);
        this.#saver.chatGone(id);
      },
    });
    this.#people = new People({ ask: needs.ask, changed: (ids) => this.#saver.people(ids) });
    this.#timelines = new Timelines((chatId) => this.#recalled(chatId));
    this.#saver = new Saver({
      keep: needs.keep,
      chat: (id) => this.chats.get(id),
      person: (id) => this.#people.get(id),
      line: (chatId) => this.#timelines.get(chatId),
    });
  }

  get chats(): ReadonlyMap<string, ChatRecord> {
    return this.#list.all;
  }

  /** The server has said which chats there are. */
  get isListed(): boolean {
    return this.#list.isListed;
  }

  /** The chats as they stand in the column. */
  get sorted(): readonly ChatRecord[] {
    return this.#list.sorted;
  }

  /** How many chats have something new in them that is not to be quiet. */
  get unread(): number {
    return this.#list.unread;
  }

  get me(): Person {
    return this.person(this.meId);
  }

  /** What was kept in the browser. */
  async recall(): Promise<void> {
    const [chats, people] = await Promise.all([this.#needs.keep.chats(), this.#needs.keep.people()]);
    this.#people.recall(people);
    this.#list.recall(chats);
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
      this.#list.list(),
      open?.isFresh || open?.hasFailed ? open.catchUp() : undefined,
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

  /** A chat from a conversation object of the server. */
  addChat(it: Json): ChatRecord {
    return this.#list.add(it);
  }

  dropChat(id: string): void {
    this.#list.drop(id);
  }

  /** A message that we sent ourselves has arrived. */
  arrived(message: Message): void {
    this.#timelines.get(message.chatId)?.put(message);
    this.#list.said(message, (chat) => chat.unread);
    this.#saver.line(message.chatId);
  }

  async #message(it: Json): Promise<void> {
    const message = messageOf(it, this.meId);
    if (message.ref) this.#needs.confirm(message.ref);
    this.typing.ends(message.chatId, message.from);
    this.#timelines.get(message.chatId)?.put(message);
    this.#saver.line(message.chatId);
    const wasKnown = this.chats.has(message.chatId);
    if (!wasKnown) await this.#list.fetch(message.chatId);
    const isTheirs = message.from !== this.meId;
    const isNew = this.#list.said(message, ({ id, unread }) => (isTheirs && (unread || !this.isSeen(id)) ? unread + 1 : unread));
    // What the server tells of a chat may be from before this message.
    const chat = this.chats.get(message.chatId);
    if (!chat) return;
    this.want([message.from]);
    if (message.notice) {
      this.stale.add(chat.id);
      this.want([message.notice.personId]);
    }
    if ((isNew || !wasKnown) && isTheirs) this.#needs.news(chat, message);
  }

  #edited(it: Json): void {
    const [id, chatId, body] = [text(it.id), text(it.cid), text(it.body)];
    this.changeMessage(chatId, id, (message) => ({ ...message, body: message.isEncrypted ? '' : body, isEdited: true }));
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
    if (chat.unread || (chat.last && ids.includes(chat.last.id))) void this.#list.fetch(chatId);
  }

  #read(it: Json): void {
    const ids = Array.isArray(it.ids) ? it.ids.map(text) : [];
    const chat = this.chats.get(text(it.cid));
    if (!chat) return;
    if (text(it.from) === this.meId) {
      const newest = ids.reduce((a, b) => (a > b ? a : b), '');
      if (newest >= (chat.last?.id ?? '')) this.#list.put({ ...chat, unread: 0 });
      else this.#list.recountSoon(chat.id);
      return;
    }
    const line = this.#timelines.get(chat.id);
    for (const id of ids) line?.patch(id, (message) => ({ ...message, delivery: 'read' }));
    if (chat.last && ids.includes(chat.last.id)) {
      this.#list.put({ ...chat, last: { ...chat.last, delivery: 'read' } });
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
    if (chat?.last?.id === id) this.#list.put({ ...chat, last: change(chat.last) });
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
      if (isNew && !('last_message' in made)) void this.#list.fetch(chat.id);
    }
    const kicked = record(x.conversation_kicked);
    const gone = kicked && this.chats.get(text(kicked._id));
    if (gone) {
      this.dropChat(gone.id);
      if (text(it.from) !== this.meId) this.#needs.putOut(gone);
    }
  }

  /** All of a chat up to its end was seen on this page. */
  markRead(id: string, left = 0): void {
    this.#list.markRead(id, left);
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
