/** What the client knows: people, chats, messages; and how they are read from the server's packets. */

import type { Json } from '../wire/socket';
import { here } from '../wire/http';

export interface Person {
  readonly id: string;
  readonly login: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly email: string;
  readonly phone: string;
  readonly pictureUrl: string;
  readonly isGone: boolean;
}

export type ChatKind = 'direct' | 'group' | 'channel';

export interface Attachment {
  readonly fileId: string;
  readonly name: string;
  readonly kind: string;
  readonly size: number;
  readonly width: number;
  readonly height: number;
  readonly blur: string;
  /** Where it lies when it is no file of this server. */
  readonly url: string;
}

/** What happened to a group, told as a message. */
export interface Notice {
  readonly what: 'added' | 'removed' | 'left' | 'picture';
  readonly personId: string;
}

/** `""` for messages of others. */
export type Delivery = '' | 'waiting' | 'failed' | 'sent' | 'read';

export interface Message {
  readonly id: string;
  /** The name its sender's client gave it; `""` when it is not known. */
  readonly ref: string;
  readonly chatId: string;
  readonly from: string;
  readonly body: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly isEdited: boolean;
  readonly attachments: readonly Attachment[];
  readonly replyTo: string;
  readonly isForwarded: boolean;
  readonly delivery: Delivery;
  readonly reactions: readonly (readonly [string, number])[];
  readonly own: readonly string[];
  readonly notice: Notice | null;
  /** Its words are for another program, which has the keys: here it has none. */
  readonly isEncrypted: boolean;
}

/** A chat as it is kept in the browser's own store. */
export interface ChatRecord {
  readonly id: string;
  readonly kind: ChatKind;
  /** Another program reads and writes it; two people may have one beside their plain one. */
  readonly isEncrypted: boolean;
  readonly name: string;
  readonly description: string;
  readonly ownerId: string;
  /** The other one of a direct chat. */
  readonly personId: string;
  readonly pictureUrl: string;
  readonly subscribers: number;
  /** ISO date: what lists are paged by. */
  readonly changedAt: string;
  readonly last: Message | null;
  readonly unread: number;
}

export const NO_ATTACHMENTS: readonly Attachment[] = [];
const NOTHING: readonly never[] = [];
const NOTICES: Record<string, Notice['what']> = {
  added_participant: 'added',
  removed_participant: 'removed',
  left_participants: 'left',
  update_image: 'picture',
};

const KINDS: Record<string, ChatKind> = { u: 'direct', g: 'group', c: 'channel' };

/** A person from a user object. */
export function personOf(user: Json): Person {
  return {
    id: text(user._id),
    login: text(user.login),
    firstName: text(user.first_name),
    lastName: text(user.last_name),
    email: text(user.email),
    phone: text(user.phone),
    pictureUrl: user.avatar_url ? here(text(user.avatar_url)) : '',
    isGone: false,
  };
}

/** Somebody of whom nothing is known but that he was here. */
export function goneOf(id: string): Person {
  return {
    id, login: '', firstName: '', lastName: '', email: '', phone: '', pictureUrl: '', isGone: true,
  };
}

/** When somebody was last here (seconds), or `"online"`. */
export function presenceOf(value: unknown): number | 'online' {
  return value === 'online' || value === 0 ? 'online' : Number(value) || 0;
}

/** A chat from a conversation object; `me` tells who the other one is. */
export function chatOf(it: Json, me: string): ChatRecord {
  const owner = text(it.owner_id);
  const opponent = text(it.opponent_id);
  const last = record(it.last_message);
  const id = text(it._id);
  return {
    id,
    kind: KINDS[text(it.type)] ?? 'group',
    isEncrypted: it.is_encrypted === true,
    name: text(it.name),
    description: text(it.description),
    ownerId: owner,
    personId: it.type === 'u' ? (opponent === me ? owner : opponent) : '',
    pictureUrl: it.image_url ? here(text(it.image_url)) : '',
    subscribers: Number(it.subscribers_count) || 0,
    changedAt: text(it.updated_at),
    // The server does not say of this one whether it is encrypted.
    last: last ? messageOf({ ...last, cid: id, ...(it.is_encrypted === true ? { encrypted_message_type: 0 } : {}) }, me) : null,
    unread: Number(it.unread_messages_count) || 0,
  };
}

/** A message from a packet or a list. */
export function messageOf(it: Json, me: string): Message {
  const from = text(it.from);
  const x = record(it.x) ?? {};
  const what = NOTICES[text(x.type)];
  const isEncrypted = typeof it.encrypted_message_type === 'number';
  const attachments = Array.isArray(it.attachments) && !isEncrypted ? it.attachments : NOTHING;
  const reactions = record(it.reactions) ?? {};
  const created = Date.parse(text(it.created_at));
  return {
    id: text(it._id),
    ref: from === me ? text(x.ref) : '',
    chatId: text(it.cid),
    from,
    body: isEncrypted ? '' : text(it.body),
    at: Number.isFinite(created) ? created : (Number(it.t) || 0) * 1000,
    isEdited: !!it.updated_at && it.updated_at !== it.created_at,
    attachments: attachments.flatMap((each) => attachmentOf(record(each))),
    replyTo: text(it.replied_message_id),
    isForwarded: !!it.forwarded_message_id,
    delivery: from === me ? (it.status === 'read' ? 'read' : 'sent') : '',
    reactions: Object.entries(record(reactions.total) ?? {}).map(([face, n]) => [face, Number(n)]),
    own: Array.isArray(reactions.own) ? reactions.own.map(text) : NOTHING,
    notice: what ? { what, personId: text(record(x.user)?._id) } : null,
    isEncrypted,
  };
}

/** What an attachment is to look at. */
export function looksOf(it: Pick<Attachment, 'kind' | 'name'>): 'picture' | 'video' | 'audio' | 'file' {
  const kind = it.kind || kindByName(it.name);
  if (/^image\/(png|jpe?g|gif|webp|avif|bmp)/i.test(kind)) return 'picture';
  if (/^video\//i.test(kind)) return 'video';
  if (/^audio\//i.test(kind)) return 'audio';
  return 'file';
}

/** A picture that lies here, and can be shown: from other servers nothing is loaded. */
export function isPicture(it: Attachment): boolean {
  return !!it.fileId && looksOf(it) === 'picture';
}

const BY_NAME: [RegExp, string][] = [
  [/\.(png|jpe?g|gif|webp|avif|bmp)$/i, 'image/jpeg'],
  [/\.(mp4|webm|mov|m4v)$/i, 'video/mp4'],
  [/\.(mp3|ogg|oga|wav|m4a|opus|flac)$/i, 'audio/mpeg'],
];

function kindByName(name: string): string {
  return BY_NAME.find(([ending]) => ending.test(name))?.[1] ?? '';
}

function attachmentOf(it: Json | null): Attachment[] {
  if (!it) return [];
  const outside = text(it.file_url);
  return [
    {
      fileId: text(it.file_id),
      name: text(it.file_name) || 'file',
      kind: text(it.file_content_type),
      size: Number(it.file_size) || 0,
      width: Number(it.file_width) || 0,
      height: Number(it.file_height) || 0,
      blur: text(it.file_blur_hash),
      url: /^https?:\/\//i.test(outside) ? outside : '',
    },
  ];
}

/** It, if it is a string. */
export function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** It, if it is an object. */
export function record(value: unknown): Json | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : null;
}

/** All objects of an array. */
export function records(value: unknown): Json[] {
  return Array.isArray(value) ? value.map(record).filter((each) => each !== null) : [];
}
