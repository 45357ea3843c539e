/** What Tada's refusals at the door are called. */

import { wordsFor } from '$/app/said.svelte';
import { t } from '$/i18n/index.svelte';
import { TadaRefused } from '$/wire/tada';

/** A failure of a sign-in by phone or picture, in a sentence. */
export function wordsAtDoor(failure: unknown): string {
  if (!(failure instanceof TadaRefused)) return wordsFor(failure);
  const { details, status, retryAfter } = failure;
  if (details.phone) return t('fail.phone');
  if (details.code) return t('fail.code');
  if (details.invite) return t(/только/.test(details.invite) ? 'sign.inviteWanted' : 'fail.invite');
  if (details.temp_token || details.ticket_hash) return t('link.dead');
  if (status === 403) return t('sign.closed');
  if (status === 451) return t('fail.blocked');
  if (status === 429 && retryAfter > 90) return t('fail.manyMinutes', { n: Math.ceil(retryAfter / 60) });
  if (status === 429) return t('fail.manyCodes');
  if (status >= 500) return t('fail.sms');
  return wordsFor(failure);
}
