/** What was written and not sent, by chat; it survives the page. */

import { SvelteMap } from 'svelte/reactivity';

const KEPT = 'tertulia.draft.';
const MOST = 20_000;
const drafts = new SvelteMap<string, string>();

export function draftOf(chatId: string): string {
  return drafts.get(chatId) ?? localStorage.getItem(KEPT + chatId) ?? '';
}

export function keepDraft(chatId: string, text: string): void {
  drafts.set(chatId, text);
  try {
    if (text.trim()) localStorage.setItem(KEPT + chatId, text.slice(0, MOST));
    else localStorage.removeItem(KEPT + chatId);
  } catch {
    // The browser's store is full: the draft lives as long as the page.
  }
}
