/** The few words that the browser keeps beside its database; where it refuses to, they live as long as the page. */

const refused = new Map<string, string>();

export const local = {
  get(key: string): string | null {
    const here = refused.get(key);
    if (here !== undefined) return here;
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  },
  set(key: string, value: string): void {
    try {
      localStorage.setItem(key, value);
      refused.delete(key);
    } catch {
      refused.set(key, value);
    }
  },
  remove(key: string): void {
    refused.delete(key);
    try {
      localStorage.removeItem(key);
    } catch {
      // Then it is not there either.
    }
  },
  /** All whose names begin like that. */
  removeAll(start: string): void {
    let stored: string[] = [];
    try {
      stored = Object.keys(localStorage);
    } catch {
      // There is nothing but what is here.
    }
    for (const key of [...stored, ...refused.keys()]) if (key.startsWith(start)) local.remove(key);
  },
};
