/** What stands in a chat, line by line: days, the unread line, and messages that belong together. */

import type { Message } from '../sync/model';

export type Row =
  | { readonly kind: 'day'; readonly key: string; readonly at: number }
  | { readonly kind: 'unread'; readonly key: 'unread' }
  | {
      readonly kind: 'message';
      readonly key: string;
      readonly message: Message;
      /** The first, or the last, of several that one person wrote in a row. */
      readonly isFirst: boolean;
      readonly isLast: boolean;
    };

const TOGETHER_MS = 5 * 60_000;

/**
 * The rows of messages.
 *
 * @param unreadFrom the first unread message; `""`: there is no line.
 * @param kept rows of before, by key: what has not changed is the same object again, and is not drawn anew.
 */
export function rowsOf(messages: readonly Message[], unreadFrom: string, kept: ReadonlyMap<string, Row>): Row[] {
  const rows: Row[] = [];
  const keys = new Set<string>();
  const days = daysOf(messages);
  messages.forEach((message, i) => {
    if (days[i] !== days[i - 1]) {
      const key = `day ${days[i]}`;
      if (!keys.has(key)) rows.push(same(kept, { kind: 'day', key, at: message.at }));
      keys.add(key);
    }
    if (message.id === unreadFrom) rows.push({ kind: 'unread', key: 'unread' });
    // A message keeps its name from before it was acknowledged, so that it stays the same on the page.
    const key = message.ref && !keys.has(message.ref) ? message.ref : message.id;
    keys.add(key);
    const isFirst = message.id === unreadFrom || !together(messages[i - 1], message, days[i - 1], days[i]);
    const isLast = messages[i + 1]?.id === unreadFrom || !together(message, messages[i + 1], days[i], days[i + 1]);
    rows.push(same(kept, { kind: 'message', key, message, isFirst, isLast }));
  });
  return rows;
}

/** The midnight before each message. The calendar is asked once a day, not once a message. */
function daysOf(messages: readonly Message[]): number[] {
  let day = 0;
  let next = 0;
  return messages.map(({ at }) => {
    if (at >= day && at < next) return day;
    const midnight = new Date(at);
    day = midnight.setHours(0, 0, 0, 0);
    next = midnight.setDate(midnight.getDate() + 1);
    return day;
  });
}

function together(a: Message | undefined, b: Message | undefined, dayA?: number, dayB?: number): boolean {
  return !!a && !!b && a.from === b.from && !a.notice && !b.notice && dayA === dayB && b.at - a.at < TOGETHER_MS;
}

function same(kept: ReadonlyMap<string, Row>, row: Row): Row {
  const old = kept.get(row.key);
  if (!old || old.kind !== row.kind) return row;
  if (old.kind === 'message' && row.kind === 'message') {
    return old.message === row.message && old.isFirst === row.isFirst && old.isLast === row.isLast ? old : row;
  }
  return old;
}
