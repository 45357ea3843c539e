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

/** What is older. Takes in all of its own millisecond: what comes twice does `merged` not mind. */
export function beforeIt(message: Message): Json {
  return { created_at: { lt: message.at + 1 } };
}

/** What lies beyond a message, and the message itself as the server has it. */
export interface Page {
  readonly messages: readonly Message[];
  /** There is no more in that direction. */
  readonly isLast: boolean;
}

type List = (params: Json) => Promise<Message[]>;

/*
 * Of a message that was just acknowledged only the second is known, rounded up. More messages than a page has may
 * lie in that second: then one goes on from page to page, until something is beyond the message.
 */

/** The next page of what is older. */
export async function pageBefore(list: List, message: Message, limit: number): Promise<Page> {
  let before = message.at + 1;
  for (;;) {
    const page = await list({ limit, created_at: { lt: before } });
    const [oldest] = page;
    if (!oldest || page.length < limit || oldest.id < message.id) {
      return { messages: page.filter((each) => each.id <= message.id), isLast: page.length < limit };
    }
    before = Math.min(oldest.at + 1, before - 1);
  }
}

/** The next page of what is newer. */
export async function pageAfter(list: List, message: Message, limit: number): Promise<Page> {
  let after = message.at - (message.at % 1000 === 0 ? 1001 : 1);
  for (;;) {
    const page = await list({ limit, created_at: { gt: after } });
    const newest = page.at(-1);
    if (!newest || page.length < limit || newest.id > message.id) {
      return { messages: page.filter((each) => each.id >= message.id), isLast: page.length < limit };
    }
    after = Math.max(newest.at - 1, after + 1);
  }
}
