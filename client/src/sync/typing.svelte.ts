/** Who is writing, where; until a message comes, or for some seconds. */

import { SvelteMap } from 'svelte/reactivity';

const TYPING_MS = 6000;

export class Typing {
  #who = new SvelteMap<string, readonly string[]>();
  #quiet = new Map<string, ReturnType<typeof setTimeout>>();

  get(chatId: string): readonly string[] | undefined {
    return this.#who.get(chatId);
  }

  begins(chatId: string, who: string): void {
    const those = this.#who.get(chatId) ?? [];
    if (!those.includes(who)) this.#who.set(chatId, [...those, who]);
    const key = `${chatId} ${who}`;
    clearTimeout(this.#quiet.get(key));
    this.#quiet.set(key, setTimeout(() => this.ends(chatId, who), TYPING_MS));
  }

  ends(chatId: string, who: string): void {
    const key = `${chatId} ${who}`;
    clearTimeout(this.#quiet.get(key));
    this.#quiet.delete(key);
    const those = this.#who.get(chatId);
    if (!those?.includes(who)) return;
    const others = those.filter((each) => each !== who);
    if (others.length) this.#who.set(chatId, others);
    else this.#who.delete(chatId);
  }
}
