/** What is done with whole groups and channels. */

import type { ChatRecord } from '../sync/model';
import { record, records, text } from '../sync/model';
import type { Json } from '../wire/socket';
import { Refused } from '../wire/socket';
import type { Client } from './client.svelte';

/** So many people are taken out at once. */
const AT_ONCE = 50;

/** Found a group or channel. */
export async function found(client: Client, it: {
  kind: 'group' | 'channel';
  name: string;
  description: string;
  members: readonly string[];
  picture: Json | null;
}): Promise<ChatRecord> {
  const answer = await client.ask('conversation_create', {
    type: it.kind === 'group' ? 'g' : 'c',
    name: it.name,
    ...(it.description ? { description: it.description } : {}),
    participants: it.members,
    ...(it.picture ? { image_object: it.picture } : {}),
  });
  const made = record(answer.conversation);
  if (!made) throw new Refused(500, '');
  return client.world.addChat(made);
}

/** Change its name, description, picture, people or admins. */
export async function change(client: Client, chatId: string, changes: Json): Promise<void> {
  const answer = await client.ask('conversation_update', { id: chatId, ...changes });
  const it = record(answer.conversation);
  if (it) client.world.addChat(it);
  client.world.stale.add(chatId);
}

/** Become a subscriber of a channel. */
export async function subscribe(client: Client, chatId: string): Promise<void> {
  await client.ask('conversation_subscribe', { cid: chatId });
  const answer = await client.ask('conversation_list', { ids: [chatId] });
  for (const it of records(answer.conversations)) client.world.addChat(it);
}

/**
 * End a group or channel for everybody: its owner takes everybody out and goes last, and then nothing of it
 * is left at the server.
 */
export async function disband(client: Client, chat: ChatRecord): Promise<void> {
  const takenOut = new Set<string>();
  for (;;) {
    const answer = await client.ask('get_participants_by_cids', { cids: [chat.id] });
    const found = record(answer.conversations)?.[chat.id];
    const others = (Array.isArray(found) ? found.map(text) : []).filter((id) => id !== client.world.meId);
    if (!others.length) break;
    const next = others.slice(0, AT_ONCE);
    // The server did not take them out, and did not say so: it would go on like that for ever.
    if (next.every((id) => takenOut.has(id))) throw new Refused(403, '');
    for (const id of next) takenOut.add(id);
    await change(client, chat.id, { participants: { remove: next } });
  }
  await client.leaveChat(chat);
}

/** The groups and channels that somebody is in with me, of those that were used last. */
export async function sharedChats(client: Client, personId: string): Promise<ChatRecord[]> {
  const rooms = client.world.sorted.filter((chat) => chat.kind !== 'direct').slice(0, MOST_SHARED);
  if (!rooms.length) return [];
  const answer = await client.ask('get_participants_by_cids', { cids: rooms.map((each) => each.id) });
  const members = record(answer.conversations) ?? {};
  return rooms.filter((chat) => {
    const ids = members[chat.id];
    return Array.isArray(ids) && ids.includes(personId);
  });
}

/** The server names the people of so many chats at once. */
const MOST_SHARED = 100;
