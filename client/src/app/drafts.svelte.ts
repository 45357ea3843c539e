/** What was written and not sent, by chat; it survives the page. */

import { SvelteMap } from 'svelte/reactivity';
import { local } from '../wire/local';

const KEPT = 'tertulia.draft.';
const MOST = 20_000;
const drafts = new SvelteMap<string, string>();

export function draftOf(chatId: string): string {
  return drafts.get(chatId) ?? local.get(KEPT + chatId) ?? '';
}

export function keepDraft(chatId: string, text: string): void {
  drafts.set(chatId, text);
  if (text.trim()) local.set(KEPT + chatId, text.slice(0, MOST));
  else local.remove(KEPT + chatId);
}
