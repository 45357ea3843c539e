/** Ids: 24 hex digits here, plain numbers where other APIs lead to pages of ours. */

const OURS = /^[0-9a-f]{24}$/;
const NUMBER = /^[1-9][0-9]{0,15}$/;

/** As the server draws its numbers: milliseconds since 2024 (UTC), above 12 bits that count. */
const EPOCH_MS = Date.UTC(2024);
const COUNTER = 2 ** 12;

/** The id that is meant; '' for none. An id begins with the second in which its number was drawn. */
export function idNamed(name: string): string {
  if (OURS.test(name)) return name;
  const number = NUMBER.test(name) ? Number(name) : NaN;
  if (!Number.isSafeInteger(number)) return '';
  const second = Math.floor((Math.floor(number / COUNTER) + EPOCH_MS) / 1000);
  return second.toString(16).padStart(8, '0') + number.toString(16).padStart(16, '0');
}
