/** Links to files: asked for many at a time, kept while they are good. */

const GOOD_MS = 3 * 24 * 3600_000;
const AT_ONCE = 10;

interface Kept {
  readonly until: number;
  readonly url: Promise<string>;
}

export class FileLinks {
  #kept = new Map<string, Kept>();
  #wanted: { id: string; done: (url: string) => void; fail: (error: unknown) => void }[] = [];

  /** @param ask the links of up to ten files, in order; `""` for what is not there. */
  constructor(private readonly ask: (ids: readonly string[]) => Promise<string[]>) {}

  /** The link to a file; `""` when it is not there. Throws when the server cannot be asked. */
  to(id: string): Promise<string> {
    const kept = this.#kept.get(id);
    if (kept && kept.until > Date.now()) return kept.url;
    const url = new Promise<string>((done, fail) => {
      if (!this.#wanted.length) setTimeout(() => void this.#askAll(), 5);
      this.#wanted.push({ id, done, fail });
    });
    this.#kept.set(id, { until: Date.now() + GOOD_MS, url });
    url.catch(() => this.#kept.delete(id));
    return url;
  }

  async #askAll(): Promise<void> {
    const all = this.#wanted;
    this.#wanted = [];
    for (let i = 0; i < all.length; i += AT_ONCE) {
      const some = all.slice(i, i + AT_ONCE);
      try {
        const urls = await this.ask(some.map((each) => each.id));
        some.forEach((each, at) => each.done(urls[at] ?? ''));
      } catch (error) {
        for (const each of some) each.fail(error);
      }
    }
  }
}
