/** How stretches of a history are put together, and which words ask for what lies beyond them. */

import type { Json } from '../wire/socket';
import type { Message } from './model';

/** Ids are made in the order of messages. */
export function byAge(a: Message, b: Message): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

/** Both, sorted, each message once; the later argument knows better. */
export function merged(a: readonly Message[], b: readonly Message[]): Message[] {
  const all = new Map<string, Message>();
  for (const each of a) all.set(each.id, each);
  for (const each of b) all.set(each.id, each);
  return [...all.values()].sort(byAge);
}

/** It, cut into pieces of that length at most. */
export function slices<T>(all: readonly T[], length: number): T[][] {
  const pieces: T[][] = [];
  for (let i = 0; i < all.length; i += length) pieces.push(all.slice(i, i + length));
  return pieces;
}

// Both take in all of the message's own millisecond: others may have come in it, and what comes twice
// does `merged` not mind.

/** What is older. */
export function beforeIt(message: Message): Json {
  return { created_at: { lt: message.at + 1 } };
}

/** What is newer. Of a message that was just acknowledged only the second is known, rounded up. */
export function afterIt(message: Message): Json {
  return { created_at: { gt: message.at - (message.at % 1000 === 0 ? 1001 : 1) } };
}
