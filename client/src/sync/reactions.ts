/** What a reaction makes of a message. */

import type { Message } from './model';

/** `add` and `remove` are faces, or `""`. One's own come from the server once more, and count once. */
export function reacted(message: Message, add: string, remove: string, isMine: boolean): Message {
  const total = new Map(message.reactions);
  const own = new Set(message.own);
  if (add && !(isMine && own.has(add))) total.set(add, (total.get(add) ?? 0) + 1);
  if (remove && !(isMine && !own.has(remove))) total.set(remove, (total.get(remove) ?? 1) - 1);
  if (isMine && add) own.add(add);
  if (isMine && remove) own.delete(remove);
  return { ...message, reactions: [...total].filter(([, n]) => n > 0), own: [...own] };
}
