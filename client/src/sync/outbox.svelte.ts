/**
 * What is on its way out. A message is kept in the browser before anything else happens to it, has a name
 * that stays, and is sent until the server has acknowledged it: once, and only once.
 *
 * The server knows a repeated message by name and content, so a lost acknowledgement does no harm. What has
 * been under way for long is looked up first. The name is also in the message (`x.ref`), so that a message
 * that comes back, in a list or from another tab, is known to have arrived.
 */

import type { Json } from '../wire/socket';
import { LineLost, Refused } from '../wire/socket';
import { randomId } from '../wire/http';
import type { Keep, OutFile, OutItem } from './keep';
import type { Attachment, Message } from './model';
import { messageOf, records } from './model';

export interface Draft {
  chatId: string;
  body: string;
  replyTo?: string;
  forwardedId?: string;
  attached?: readonly Attachment[];
  files?: readonly OutFile[];
}

export interface OutboxNeeds {
  keep: Keep;
  me(): string;
  isUp(): boolean;
  generation(): number;
  message(packet: Json & { id: string }): Promise<Json>;
  ask(name: string, params: unknown): Promise<Json>;
  upload(
    url: string, content: Blob, kind: string, progress: (part: number) => void, signal: AbortSignal,
  ): Promise<void>;
  /** It has arrived. */
  arrived(message: Message): void;
  /** Whether a tab of that name lives. */
  isTabAlive(tab: string): Promise<boolean>;
  now(): number;
}

/** After that the server may have forgotten a message's name. */
const REMEMBERED_MS = 20 * 3600_000;
const A_DAY_MS = 24 * 3600_000;
const UPLOAD_TRIES = 4;
/** What the server says when the message that is answered has been deleted. */
export const REPLY_GONE = /^Incorrect replied message/;

export class Outbox {
  items = $state.raw<readonly OutItem[]>([]);
  /** How much of each file has gone, by its key. */
  progress = $state<Record<string, number>>({});

  readonly tab: string;
  #needs: OutboxNeeds;
  #sentOn = new Map<string, number>();
  #uploading = new Map<string, AbortController>();
  #lastAt = 0;
  #adopting: Promise<void> | undefined;

  constructor(needs: OutboxNeeds, tab = randomId()) {
    this.#needs = needs;
    this.tab = tab;
  }

  /** What earlier pages left, if nobody else looks after it. */
  adopt(): Promise<void> {
    this.#adopting ??= this.#adoptAll().finally(() => (this.#adopting = undefined));
    return this.#adopting;
  }

  async #adoptAll(): Promise<void> {
    const mine = new Set(this.items.map((each) => each.ref));
    const left: OutItem[] = [];
    for (const item of await this.#needs.keep.outbox()) {
      if (mine.has(item.ref)) continue;
      if (item.tab !== this.tab && (await this.#needs.isTabAlive(item.tab))) continue;
      left.push({ ...item, tab: this.tab });
    }
    if (!left.length) return;
    for (const item of left) await this.#needs.keep.put(item);
    this.items = [...this.items, ...left].sort((a, b) => a.at - b.at);
  }

  /** Take a message; it is sent as soon as that is possible. */
  async send(draft: Draft): Promise<void> {
    // Two of one millisecond keep their order.
    this.#lastAt = Math.max(this.#needs.now(), this.#lastAt + 1);
    const item: OutItem = {
      ref: randomId(),
      chatId: draft.chatId,
      body: draft.body,
      replyTo: draft.replyTo ?? '',
      forwardedId: draft.forwardedId ?? '',
      attached: draft.attached ?? [],
      files: draft.files ?? [],
      at: this.#lastAt,
      tab: this.tab,
      triedAt: 0,
      why: '',
    };
    this.items = [...this.items, item];
    await this.#needs.keep.put(item);
    this.run();
  }

  /** Send what waits. To be called whenever the line is up. */
  run(): void {
    if (!this.#needs.isUp()) return;
    for (const item of this.items) {
      if (item.why || this.#sentOn.get(item.ref) === this.#needs.generation()) continue;
      if (item.files.some((each) => !each.fileId)) {
        if (!this.#uploading.has(item.ref)) void this.#uploadAll(item);
      } else {
        void this.#deliver(item);
      }
    }
  }

  /** Once more, after the server did not want it. */
  async retry(ref: string): Promise<void> {
    this.#sentOn.delete(ref);
    const item = await this.#change(ref, (each) => ({ ...each, why: '', replyTo: REPLY_GONE.test(each.why) ? '' : each.replyTo }));
    if (item) this.run();
  }

  /** Do not send it after all. */
  async discard(ref: string): Promise<void> {
    this.#uploading.get(ref)?.abort();
    await this.#drop(ref);
  }

  /** It has arrived, as the server's own packets show. */
  confirm(ref: string): void {
    if (ref && this.items.some((each) => each.ref === ref)) void this.#drop(ref);
  }

  async #uploadAll(item: OutItem): Promise<void> {
    const stop = new AbortController();
    this.#uploading.set(item.ref, stop);
    try {
      for (let tries = 0; ; tries++) {
        const now = this.items.find((each) => each.ref === item.ref);
        const next = now?.files.find((each) => !each.fileId);
        if (!now || !next) break;
        try {
          await this.#uploadOne(item.ref, next, stop.signal);
          tries = -1;
        } catch (error) {
          if (stop.signal.aborted || !this.#needs.isUp()) return;
          const isFinal = error instanceof Refused && error.status < 500 && error.status !== 429;
          if (isFinal) return void (await this.#fail(item.ref, error));
          if (tries >= UPLOAD_TRIES) return void (await this.#fail(item.ref, new Refused(0, 'upload')));
          await new Promise((done) => setTimeout(done, 500 * 2 ** tries));
        }
      }
    } finally {
      this.#uploading.delete(item.ref);
    }
    this.run();
  }

  async #uploadOne(ref: string, file: OutFile, signal: AbortSignal): Promise<void> {
    this.progress[file.key] = 0;
    const made = await this.#needs.ask('create_files', [
      { name: file.name, size: file.size, content_type: file.kind },
    ]);
    const [its] = records(made.files);
    if (!its) throw new LineLost();
    await this.#needs.upload(
      String(its.upload_url), file.content, file.kind,
      (part) => (this.progress[file.key] = part), signal,
    );
    this.progress[file.key] = 1;
    await this.#change(ref, (item) => ({
      ...item,
      files: item.files.map((each) =>
        each.key === file.key ? { ...each, fileId: String(its._id) } : each,
      ),
    }));
  }

  async #deliver(item: OutItem): Promise<void> {
    const isOld = item.triedAt > 0 && this.#needs.now() - item.triedAt > REMEMBERED_MS;
    this.#sentOn.set(item.ref, this.#needs.generation());
    try {
      if (isOld && (await this.#hasArrived(item))) return void (await this.#drop(item.ref));
      // Kept before it is sent, but not waited for: what matters, the message itself, is kept already.
      if (!item.triedAt) {
        void this.#change(item.ref, (each) => ({ ...each, triedAt: this.#needs.now() }));
      }
      const ack = await this.#needs.message(packetOf(item));
      this.#needs.arrived(sentMessage(item, ack, this.#needs.me()));
      await this.#drop(item.ref);
    } catch (error) {
      if (error instanceof Refused && error.status < 500 && error.status !== 429) {
        await this.#fail(item.ref, error);
      } else {
        // It may have arrived. It is sent again on the next line, where the server knows it by its name.
        if (error instanceof Refused) setTimeout(() => this.#again(item.ref), 3000);
      }
    }
  }

  #again(ref: string): void {
    this.#sentOn.delete(ref);
    this.run();
  }

  /** Whether it is in the chat's history. */
  async #hasArrived(item: OutItem): Promise<boolean> {
    let after: unknown = item.triedAt - A_DAY_MS;
    for (;;) {
      const answer = await this.#needs.ask('message_list', {
        cid: item.chatId, limit: 100, updated_at: { gt: after },
      });
      const page = records(answer.messages);
      if (page.some((each) => messageOf(each, this.#needs.me()).ref === item.ref)) return true;
      if (page.length < 100) return false;
      after = page.at(-1)!.updated_at;
    }
  }

  async #fail(ref: string, error: Refused): Promise<void> {
    await this.#change(ref, (each) => ({ ...each, why: error.message || String(error.status) }));
  }

  async #drop(ref: string): Promise<void> {
    this.items = this.items.filter((each) => each.ref !== ref);
    this.#sentOn.delete(ref);
    await this.#needs.keep.drop(ref);
  }

  async #change(ref: string, how: (item: OutItem) => OutItem): Promise<OutItem | null> {
    const there = this.items.find((each) => each.ref === ref);
    if (!there) return null;
    const changed = how(there);
    this.items = this.items.map((each) => (each.ref === ref ? changed : each));
    await this.#needs.keep.put(changed);
    // Acknowledged while it was being kept: it must not come back.
    if (!this.items.some((each) => each.ref === ref)) await this.#needs.keep.drop(ref);
    return changed;
  }
}

/** The packet of a message; the same whenever it is made, or the server would take it for another one. */
export function packetOf(item: OutItem): Json & { id: string } {
  const attachments = [
    ...item.attached.map((each) => ({
      ...(each.fileId ? { file_id: each.fileId } : { file_url: each.url }),
      file_name: each.name,
      ...(each.kind ? { file_content_type: each.kind } : {}),
      ...(each.size ? { file_size: each.size } : {}),
      ...(each.width ? { file_width: each.width, file_height: each.height } : {}),
      ...(each.blur ? { file_blur_hash: each.blur } : {}),
    })),
    ...item.files.map((each) => ({
      file_id: each.fileId,
      file_name: each.name,
      file_content_type: each.kind,
      file_size: each.size,
      ...(each.width ? { file_width: each.width, file_height: each.height } : {}),
      ...(each.blur ? { file_blur_hash: each.blur } : {}),
    })),
  ];
  return {
    id: item.ref,
    cid: item.chatId,
    x: { ref: item.ref },
    ...(item.body ? { body: item.body } : {}),
    ...(attachments.length ? { attachments } : {}),
    ...(item.replyTo ? { replied_message_id: item.replyTo } : {}),
    ...(item.forwardedId ? { forwarded_message_id: item.forwardedId } : {}),
  };
}

function sentMessage(item: OutItem, ack: Json, me: string): Message {
  const packet = packetOf(item);
  return messageOf(
    {
      _id: ack.server_mid, cid: item.chatId, from: me, body: item.body, t: ack.t, x: packet.x,
      attachments: packet.attachments, replied_message_id: packet.replied_message_id,
      forwarded_message_id: packet.forwarded_message_id,
    },
    me,
  );
}
