/** A signed-in person's client: the line, the world, the outbox, and what one does with them. */

import { t } from '../i18n/index.svelte';
import { forgetSeen } from '../sync/chats.svelte';
import type { Keep } from '../sync/keep';
import { BrowserKeep } from '../sync/keep';
import { Inbox } from '../sync/inbox';
import type { MarkChange } from '../sync/marks.svelte';
import type { Attachment, ChatRecord, Message, Person } from '../sync/model';
import { record, records, text } from '../sync/model';
import type { Draft } from '../sync/outbox.svelte';
import { Outbox } from '../sync/outbox.svelte';
import { World } from '../sync/world.svelte';
import { bestFirst, nameOf } from '../text/names';
import type { Session } from '../wire/http';
import { forgetSession, freshSession, here, upload } from '../wire/http';
import type { Json, LineState } from '../wire/socket';
import { Line, Refused, SignedOut } from '../wire/socket';
import { tada } from '../wire/tada';
import { forgetDrafts } from './drafts.svelte';
import { FileLinks } from './links';
import { Notifier } from './notify.svelte';
import { forgetPushes } from './push';
import { note } from './said.svelte';

const PRESENCE_AT_ONCE = 10;
const AGAIN_MS = 5000;
/** So many people are shown who were looked for, and so many times as many are looked at. */
const PEOPLE = 30;
const PEOPLE_PAGES = 4;
const EXTENSIONS = ['chat_settings'];

export class Client {
  line = $state<LineState>('off');
  retryAt = $state(0);
  /** The line was up once: from then on its loss is worth telling. */
  wasUp = $state(false);

  readonly world: World;
  readonly outbox: Outbox;
  readonly links: FileLinks;
  readonly notifier: Notifier;

  #line: Line;
  #inbox: Inbox;
  #keep: Keep;
  #stopped = new AbortController();
  #again: ReturnType<typeof setTimeout> | undefined;

  private constructor(
    readonly session: Session,
    keep: Keep,
    private readonly ended: (isOver: boolean) => void,
  ) {
    this.#keep = keep;
    this.#inbox = new Inbox({
      hear: (packet) => this.world.hear(packet),
      now: () => performance.now(),
      isHidden: () => document.hidden,
    });
    this.#line = new Line({
      open: () => new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/socket`),
      signIn: async (ask) => this.#signIn(ask),
      heard: (packet) => this.#inbox.add(packet),
      answering: () => this.#inbox.flush(),
      changed: (state, retryAt) => this.#lineChanged(state, retryAt),
      signedOut: () => void this.leave(true),
    });
    this.notifier = new Notifier(() => this.world, (name, params) => this.ask(name, params), session.deviceId);
    this.world = new World(session.userId, {
      keep,
      ask: (name, params) => this.ask(name, params),
      news: (chat, message) => this.notifier.news(chat, message),
      putOut: (chat) => note(t('info.putOut', { name: this.nameOfChat(chat) })),
      confirm: (ref) => this.outbox.confirm(ref),
      now: Date.now,
    });
    this.outbox = new Outbox({
      keep,
      upload,
      me: () => session.userId,
      isUp: () => this.#line.state === 'up',
      generation: () => this.#line.generation,
      message: (packet) => this.#line.message(packet),
      ask: (name, params) => this.ask(name, params),
      arrived: (message) => this.world.arrived(message),
      isTabAlive,
      now: Date.now,
    });
    this.links = new FileLinks((ids) => this.#fileUrls(ids));
  }

  /** The client of a session; reads what the browser has kept, then connects. */
  static async start(session: Session, ended: (isOver: boolean) => void): Promise<Client> {
    const keep = await BrowserKeep.open(session.userId);
    const client = new Client(session, keep, ended);
    await client.world.recall();
    holdTab(client.outbox.tab, client.#stopped.signal);
    void client.outbox.adopt().then(() => client.outbox.run());
    client.#line.start();
    const { signal } = client.#stopped;
    addEventListener('online', () => client.#line.hurry(), { signal });
    addEventListener('offline', () => client.#line.probe(), { signal });
    addEventListener('pagehide', () => void client.world.save(), { signal });
    document.addEventListener(
      'visibilitychange',
      () => (document.hidden ? void client.world.save() : client.#line.probe()),
      { signal },
    );
    return client;
  }

  /** Close everything. */
  stop(): void {
    this.#stopped.abort();
    clearTimeout(this.#again);
    this.#line.stop();
    this.notifier.stop();
  }

  /** The session is over: forget what was kept. */
  async leave(isOver: boolean): Promise<void> {
    this.stop();
    forgetSession();
    await forgetPushes();
    this.world.marks.forget();
    forgetSeen();
    forgetDrafts();
    await this.#keep.wipe();
    this.ended(isOver);
  }

  ask(name: string, params: unknown = {}): Promise<Json> {
    return this.#line.ask(name, params);
  }

  /** Ask what there is. What the server does not answer now is asked again a little later. */
  async catchUp(): Promise<void> {
    clearTimeout(this.#again);
    try {
      await this.world.catchUp();
    } catch {
      this.#again = setTimeout(() => this.line === 'up' && void this.catchUp(), AGAIN_MS);
    }
  }

  tryNow(): void {
    this.#line.hurry();
  }

  /** The session is another one now: the line learns it as soon as it asks something. */
  probe(): void {
    void this.ask('user_last_activity', { ids: [this.world.meId] }).catch(() => undefined);
  }

  /** Send a message, sooner or later. */
  send(draft: Draft): Promise<void> {
    return this.outbox.send(draft);
  }

  typing(chatId: string): void {
    this.#line.tell({ typing: { cid: chatId, status: 'start' } });
  }

  async edit(message: Message, body: string): Promise<void> {
    await this.ask('message_edit', { id: message.id, body });
    this.world.changeMessage(message.chatId, message.id, (each) => ({ ...each, body, isEdited: true }));
  }

  async remove(message: Message, forAll: boolean): Promise<void> {
    await this.removeAll(message.chatId, [message.id], forAll);
  }

  /** Several messages of one chat. */
  async removeAll(chatId: string, ids: readonly string[], forAll: boolean): Promise<void> {
    await this.ask('message_delete', { cid: chatId, ids, type: forAll ? 'all' : 'myself' });
    this.world.forget(chatId, ids);
  }

  /** Give a reaction, or take it back. */
  async react(message: Message, face: string): Promise<void> {
    const isThere = message.own.includes(face);
    const [add, remove] = isThere ? ['', face] : [face, ''];
    this.world.react(message.chatId, message.id, add, remove, true);
    try {
      await this.ask('message_reactions_update', { mid: message.id, ...(add ? { add } : { remove }) });
    } catch (error) {
      this.world.react(message.chatId, message.id, remove, add, true);
      throw error;
    }
  }

  forward(message: Message, chatId: string): Promise<void> {
    return this.send({
      chatId, body: message.body, attached: message.attachments, forwardedId: message.id,
    });
  }

  /** Tell the server what was seen; without ids: all of the chat. */
  async read(chat: ChatRecord, ids?: readonly string[], left = 0): Promise<void> {
    this.world.markRead(chat.id, left);
    if (chat.kind === 'channel') return;
    await this.ask('message_read', { cid: chat.id, ...(ids ? { ids } : {}) }).catch(() => undefined);
  }

  /** The direct chat with somebody: the plain one. */
  async direct(personId: string): Promise<ChatRecord> {
    for (const chat of this.world.chats.values()) if (chat.personId === personId && !chat.isEncrypted) return chat;
    const answer = await this.ask('conversation_create', { type: 'u', participants: [personId] });
    return this.#made(answer);
  }

  async leaveChat(chat: ChatRecord): Promise<void> {
    await this.ask('conversation_delete', { id: chat.id });
    this.world.dropChat(chat.id);
  }

  /** Pin a chat, let it be quiet, or take that back; on all devices. */
  async mark(chatId: string, change: MarkChange): Promise<void> {
    const answer = record(await tada('PUT', '/chat-settings', { chats: { [chatId]: change } }));
    this.world.marks.merge(record(answer?.chats) ?? {});
  }

  async #readMarks(): Promise<void> {
    const answer = record(await tada('GET', '/chat-settings'));
    this.world.marks.replace(record(answer?.chats) ?? {});
  }

  /** Who is in a chat, and who leads it; read into the world. */
  async whoIsIn(chat: ChatRecord): Promise<void> {
    const [all, leading] = await Promise.all([
      this.ask('get_participants_by_cids', { cids: [chat.id] }),
      this.ask('get_admins_by_cids', { cids: [chat.id] }),
    ]);
    this.world.addPeople([...records(all.users), ...records(leading.users)]);
    const ids = (answer: Json): string[] => {
      const found = record(answer.conversations)?.[chat.id];
      return Array.isArray(found) ? found.map(text) : [];
    };
    this.world.stale.delete(chat.id);
    this.world.members.set(chat.id, ids(all));
    this.world.admins.set(chat.id, ids(leading));
  }

  /** Some people, the best ones first. The server gives them in an order of its own, so more are asked for than are shown. */
  async findPeople(keyword: string, but: readonly string[] = []): Promise<Person[]> {
    const found: Person[] = [];
    for (let pages = 0; pages < PEOPLE_PAGES; pages++) {
      const ignored = [...but, ...found.map((each) => each.id)];
      const answer = await this.ask('user_search', { keyword, ignore_ids: ignored, limit: PEOPLE });
      const page = this.world.addPeople(records(answer.users));
      found.push(...page);
      if (page.length < PEOPLE) break;
    }
    return bestFirst(found, keyword).slice(0, PEOPLE);
  }

  /** Channels by a part of their name, also those one is not in. */
  async findChannels(name: string): Promise<{ id: string; name: string; subscribers: number }[]> {
    const answer = await this.ask('conversation_search', { name, limit: 20 });
    return records(answer.conversations)
      .filter((it) => it.type === 'c' && !this.world.chats.has(text(it._id)))
      .map((it) => ({ id: text(it._id), name: text(it.name), subscribers: Number(it.subscribers_count) || 0 }));
  }

  async block(personId: string, isBlocked: boolean): Promise<void> {
    await this.ask(isBlocked ? 'block_user' : 'unblock_user', { ids: [personId] });
    if (isBlocked) this.world.blocked.add(personId);
    else this.world.blocked.delete(personId);
  }

  async editMe(changes: Json): Promise<void> {
    const answer = await this.ask('user_edit', changes);
    const user = record(answer.user);
    if (user) this.world.addPeople([user]);
  }

  async whoReacted(messageId: string): Promise<[string, string[]][]> {
    const answer = await this.ask('message_reactions_list', { mid: messageId });
    const all = Object.entries(record(answer.reactions) ?? {});
    const faces = all.map(([face, ids]): [string, string[]] => [face, Array.isArray(ids) ? ids.map(text) : []]);
    this.world.want(faces.flatMap(([, ids]) => ids));
    return faces;
  }

  /** Whether these people are here. */
  async lookAfter(ids: readonly string[]): Promise<void> {
    for (let i = 0; i < ids.length; i += PRESENCE_AT_ONCE) {
      const some = ids.slice(i, i + PRESENCE_AT_ONCE);
      const answer = await this.ask('user_last_activity', { ids: some });
      this.world.setPresence(record(answer.last_activity) ?? {});
    }
  }

  /** Hear at once when that person comes and goes. */
  async watch(personId: string): Promise<void> {
    const answer = await this.ask('user_last_activity_subscribe', { id: personId });
    this.world.setPresence(record(answer.last_activity) ?? {});
  }

  /** Upload a picture for a profile or a group; gives the object that names it. */
  async uploadPicture(content: Blob, name: string): Promise<Json> {
    const announced = { name, size: content.size, content_type: content.type };
    const [file] = records((await this.ask('create_files', [announced])).files);
    if (!file) throw new Refused(500, '');
    const never = new AbortController().signal;
    await upload(text(file.upload_url), content, content.type, () => undefined, never);
    return { file_id: file._id, file_name: name };
  }

  /** What a chat is called. */
  nameOfChat(chat: ChatRecord): string {
    if (chat.kind !== 'direct') return chat.name;
    return this.nameOfId(chat.personId);
  }

  nameOfId(id: string): string {
    const person = this.world.person(id);
    return person.isGone ? t('info.gone') : nameOf(person) || '…';
  }

  async #signIn(ask: (name: string, params: unknown) => Promise<Json>): Promise<void> {
    let session = await freshSession();
    if (session.userId !== this.session.userId) throw new SignedOut();
    try {
      await ask('connect', { token: session.token, device_id: session.deviceId, extensions: EXTENSIONS });
    } catch (error) {
      if (!(error instanceof Refused) || error.status !== 422) throw error;
      session = await freshSession(session.token);
      try {
        await ask('connect', { token: session.token, device_id: session.deviceId, extensions: EXTENSIONS });
      } catch (again) {
        throw again instanceof Refused && again.status === 422 ? new SignedOut() : again;
      }
    }
  }

  #lineChanged(state: LineState, retryAt: number): void {
    this.line = state;
    this.retryAt = retryAt;
    if (state !== 'up') return;
    this.wasUp = true;
    void this.catchUp().then(async () => {
      await this.outbox.adopt();
      this.outbox.run();
    });
    this.outbox.run();
    void this.#readMarks().catch(() => undefined);
    void this.notifier.subscribe();
  }

  async #fileUrls(ids: readonly string[]): Promise<string[]> {
    const answer = await this.ask('get_file_urls', { file_ids: ids });
    const urls = answer.file_urls;
    return ids.map((id, i) => {
      const url = Array.isArray(urls) ? urls[i] : record(urls)?.[id];
      return typeof url === 'string' ? here(url) : '';
    });
  }

  #made(answer: Json): ChatRecord {
    const it = record(answer.conversation);
    if (!it) throw new Refused(500, '');
    return this.world.addChat(it);
  }
}

/** A link to an attachment that lies outside needs no asking. */
export function outsideUrl(it: Attachment): string {
  return it.fileId ? '' : it.url;
}

/** Other tabs see by a lock whether this one lives; without locks each looks after everything. */
function holdTab(tab: string, stopped: AbortSignal): void {
  const locks = navigator.locks as LockManager | undefined;
  void locks
    ?.request(`tertulia-tab-${tab}`, () => new Promise<void>((done) => (stopped.aborted ? done() : (stopped.onabort = () => done()))))
    .catch(() => undefined);
}

async function isTabAlive(tab: string): Promise<boolean> {
  const locks = navigator.locks as LockManager | undefined;
  const held = (await locks?.query())?.held ?? [];
  return held.some((each) => each.name === `tertulia-tab-${tab}`);
}
