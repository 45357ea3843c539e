/** What a person has set in this browser. */

import type { Language } from '../i18n/index.svelte';
import { preferred, speak } from '../i18n/index.svelte';
import { local } from '../wire/local';

export interface Settings {
  language: Language | '';
  theme: 'system' | 'light' | 'dark';
  size: 'small' | 'normal' | 'large' | 'huge';
  /** `direct`: direct chats, and messages that name one. */
  notify: 'all' | 'direct' | 'none';
  sound: boolean;
  browser: boolean;
  /** Whether notifications show what was written. */
  preview: boolean;
  push: boolean;
}

const KEPT = 'tertulia.settings';
const DEFAULTS: Settings = {
  language: '', theme: 'system', size: 'normal', notify: 'all', sound: true, browser: false, preview: true, push: false,
};
const SIZES = { small: '14px', normal: '16px', large: '18px', huge: '21px' } as const;

export const settings = $state<Settings>(kept());

function kept(): Settings {
  try {
    return { ...DEFAULTS, ...(JSON.parse(local.get(KEPT) ?? '{}') as Partial<Settings>) };
  } catch {
    return { ...DEFAULTS };
  }
}

/** Change something, here and in other tabs, at once. */
export function change(some: Partial<Settings>): void {
  Object.assign(settings, some);
  local.set(KEPT, JSON.stringify(settings));
  apply();
}

/** Make the page look as it is set. */
export function apply(): void {
  const root = document.documentElement;
  root.dataset.theme = settings.theme;
  root.style.fontSize = SIZES[settings.size] ?? SIZES.normal;
  speak(settings.language || preferred());
}

window.addEventListener('storage', (event) => {
  if (event.key !== KEPT) return;
  Object.assign(settings, kept());
  apply();
});
