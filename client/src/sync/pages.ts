/** Long lists, asked for page by page. */

import type { Json } from '../wire/socket';
import { records, text } from './model';

export const PAGE = 100;

interface Asker {
  ask(name: string, params?: unknown): Promise<Json>;
}

/**
 * The pages of a list whose newest change comes first. Several things may have changed in one millisecond, on both
 * sides of where a page ends: so the next one begins with that millisecond again, and each thing is given once.
 *
 * @param field where in the answer they are.
 */
export async function* byChange(asker: Asker, name: string, field: string): AsyncGenerator<readonly Json[]> {
  const given = new Set<string>();
  let before: number | null = null;
  for (;;) {
    const params = { limit: PAGE, ...(before === null ? {} : { updated_at: { lt: before } }) };
    const page: readonly Json[] = records((await asker.ask(name, params))[field]);
    const fresh = page.filter((it) => !given.has(text(it._id)));
    for (const it of fresh) given.add(text(it._id));
    yield fresh;
    const oldest = Date.parse(text(page.at(-1)?.updated_at));
    if (page.length < PAGE || !Number.isFinite(oldest)) return;
    before = before !== null && oldest + 1 >= before ? before - 1 : oldest + 1;
  }
}
