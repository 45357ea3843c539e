import { t } from '../i18n/index.svelte';
import { note } from './said.svelte';

/** Put a text into the clipboard, and say so. */
export async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Pages that are not encrypted have no clipboard; the old way does it.
    const area = document.createElement('textarea');
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
  }
  note(t('act.copied'));
}
