/** Doing something, and saying how it went. */

import { note, wordsFor } from '$/app/said.svelte';
import { t } from '$/i18n/index.svelte';

/** Whether it went well. */
export async function tell(work: () => Promise<unknown>, done = t('settings.changed')): Promise<boolean> {
  try {
    await work();
    note(done);
    return true;
  } catch (error) {
    note(wordsFor(error), true);
    return false;
  }
}
