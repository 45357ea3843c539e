/** Sentences about what happens in chats. */

import type { Key } from '../i18n/index.svelte';
import { lastSeen, t } from '../i18n/index.svelte';
import type { ChatRecord, Message } from '../sync/model';
import type { Client } from './client.svelte';

/** What happened to a group. */
export function noticeWords(client: Client, message: Message): string {
  const { notice } = message;
  if (!notice) return '';
  const who = client.nameOfId(message.from);
  if (notice.what === 'added' && notice.personId === message.from) return t('notice.added', { who, whom: who });
  const whom = notice.personId ? client.nameOfId(notice.personId) : '';
  return t(`notice.${notice.what}`, { who: notice.what === 'left' ? whom || who : who, whom });
}

/** Who is typing. */
export function typingWords(client: Client, ids: readonly string[]): string {
  const [first = '', second = ''] = ids.map((id) => client.nameOfId(id));
  if (ids.length === 1) return t('typing.one', { name: first });
  if (ids.length === 2) return t('typing.two', { name: first, other: second });
  return t('typing.many', { n: ids.length });
}

/** What stands below a chat's name. */
export function underName(client: Client, chat: ChatRecord): string {
  const { world } = client;
  if (chat.kind === 'channel') return t('info.subscribers', { n: chat.subscribers });
  if (chat.kind === 'group') {
    const members = world.members.get(chat.id);
    return members ? t('info.members', { n: members.length }) : t('info.group');
  }
  if (world.person(chat.personId).isGone) return t('info.gone');
  const presence = world.presence.get(chat.personId);
  if (presence === undefined) return '';
  return presence === 'online' ? t('presence.online') : lastSeen(presence);
}

/** What the way out of a chat is called. */
export function leaveWords(chat: ChatRecord): Key {
  return chat.kind === 'direct' ? 'info.deleteChat' : chat.kind === 'channel' ? 'info.leaveChannel' : 'info.leave';
}
