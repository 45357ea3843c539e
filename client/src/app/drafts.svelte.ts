/** What was written and not sent, by chat; it survives the page, and ends with the session. */

import { SvelteMap } from 'svelte/reactivity';
import { keptSession } from '../wire/http';
import { local } from '../wire/local';

const KEPT = 'tertulia.draft.';
const MOST = 20_000;
/** By whose they are, too: several people may use this page, one after the other. */
const drafts = new SvelteMap<string, string>();

export function draftOf(meId: string, chatId: string): string {
  return drafts.get(meId + chatId) ?? local.get(KEPT + chatId) ?? '';
}

export function keepDraft(meId: string, chatId: string, text: string): void {
  // Who is closed because the session is over leaves nothing to whoever comes next.
  if (keptSession()?.userId !== meId) return;
  drafts.set(meId + chatId, text);
  if (text.trim()) local.set(KEPT + chatId, text.slice(0, MOST));
  else local.remove(KEPT + chatId);
}

/** Somebody signs out. */
export function forgetDrafts(): void {
  drafts.clear();
  local.removeAll(KEPT);
}
