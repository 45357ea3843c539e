/** What tests of this folder share. */

import type { Json } from '../wire/socket';
import { Timeline } from './timeline.svelte';

export const ME = 'me';

interface Bounds {
  readonly gt?: number;
  readonly lt?: number;
}

/** A server's list of one chat, as the SAMA pages describe it. */
export class Chat {
  all: Json[] = [];
  asked: Json[] = [];
  /** Happens when the server has read, and its answer has not come yet. */
  after: (() => void) | undefined;
  clock = Date.parse('2026-01-01T00:00:00.000Z');

  /** @param ms so long after the one before. */
  say(body: string, ms = 1007, x: Json = {}): Json {
    this.clock += ms;
    const date = new Date(this.clock).toISOString();
    const it = { _id: this.all.length.toString(16).padStart(24, '0'), cid: 'c', from: 'you', body, x, created_at: date, updated_at: date };
    this.all.push(it);
    return it;
  }
  edit(it: Json, body: string): void {
    this.clock += 1007;
    Object.assign(it, { body, updated_at: new Date(this.clock).toISOString() });
  }
  ask = async (params: Json): Promise<Json> => {
    this.asked.push(params);
    const { limit = 30, ids, created_at: posted = {}, updated_at: changed = {} } = params as { limit?: number; ids?: string[]; created_at?: Bounds; updated_at?: Bounds };
    let found = this.all.filter((it) => !ids || ids.includes(it._id as string));
    const after = posted.gt ?? changed.gt;
    const date = changed.gt === undefined ? 'created_at' : 'updated_at';
    if (after !== undefined) found = found.filter((it) => Date.parse(String(it[date])) > after);
    else found = [...found].reverse();
    const before = posted.lt;
    if (before !== undefined) found = found.filter((it) => Date.parse(String(it.created_at)) < before);
    const answer = { messages: found.slice(0, limit) };
    this.after?.();
    return answer;
  };
  /** @param pause until the next frame; none: at once. */
  line(pause?: () => Promise<void>): Timeline {
    return new Timeline('c', this.ask, () => ME, pause);
  }
}
