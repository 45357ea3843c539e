/** Which tab is looked at. Of several of one person it is that one that tells of messages, and the others are silent. */

import { randomId } from '../wire/http';

const NAME = 'tertulia-gaze-';

export function isLookedAt(): boolean {
  return !document.hidden && document.hasFocus();
}

/** Tabs see by a lock which of them is looked at; without locks each believes that none is. */
export class Gaze {
  #name = NAME + randomId();
  #letGo: (() => void) | null = null;

  constructor(stopped: AbortSignal) {
    const turn = (): void => (isLookedAt() ? this.#hold() : this.#release());
    addEventListener('focus', turn, { signal: stopped });
    addEventListener('blur', turn, { signal: stopped });
    document.addEventListener('visibilitychange', turn, { signal: stopped });
    stopped.addEventListener('abort', () => this.#release());
    turn();
  }

  /** Another tab is looked at. */
  async isElsewhere(): Promise<boolean> {
    // A browser that keeps nothing for the page may refuse this, too.
    const known = await locks()?.query().catch(() => null);
    const held = known?.held ?? [];
    return held.some(({ name = '' }) => name.startsWith(NAME) && name !== this.#name);
  }

  #hold(): void {
    if (this.#letGo) return;
    const held = new Promise<void>((done) => (this.#letGo = done));
    void locks()?.request(this.#name, () => held).catch(() => undefined);
  }

  #release(): void {
    this.#letGo?.();
    this.#letGo = null;
  }
}

function locks(): LockManager | undefined {
  return navigator.locks as LockManager | undefined;
}
