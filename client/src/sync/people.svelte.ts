/** Everybody this client has heard of. Who is not known is asked for, many at a time. */

import { SvelteMap } from 'svelte/reactivity';
import type { Json } from '../wire/socket';
import type { Person } from './model';
import { goneOf, personOf, records } from './model';

const AT_ONCE = 100;
const SOON_MS = 10;

export interface PeopleNeeds {
  ask(name: string, params: unknown): Promise<Json>;
  /** These are new, or have changed. */
  changed(ids: readonly string[]): void;
}

export class People {
  #known = new SvelteMap<string, Person>();
  #wanted = new Set<string>();
  #isAsking = false;

  constructor(private readonly needs: PeopleNeeds) {}

  get(id: string): Person | undefined {
    return this.#known.get(id);
  }

  /** What was kept in the browser gives way to what is known. */
  recall(people: readonly Person[]): void {
    for (const person of people) if (!this.#known.has(person.id)) this.#known.set(person.id, person);
  }

  add(users: readonly Json[]): Person[] {
    const people = users.map(personOf).filter((each) => each.id);
    for (const each of people) this.#known.set(each.id, each);
    this.needs.changed(people.map((each) => each.id));
    return people;
  }

  /** Ask for those who are not known, or for all of them. */
  want(ids: readonly string[], again = false): void {
    for (const id of ids) if (id && (again || !this.#known.has(id))) this.#wanted.add(id);
    if (this.#wanted.size && !this.#isAsking) {
      this.#isAsking = true;
      setTimeout(() => void this.#ask(), SOON_MS);
    }
  }

  async #ask(): Promise<void> {
    const ids = [...this.#wanted].slice(0, AT_ONCE);
    for (const id of ids) this.#wanted.delete(id);
    try {
      if (ids.length) {
        const answer = await this.needs.ask('get_users_by_ids', { ids });
        this.add(records(answer.users));
        // Who is not known to the server is gone for good.
        for (const id of ids) if (!this.#known.has(id)) this.#known.set(id, goneOf(id));
      }
    } catch {
      // Asked again when they are shown next time.
    }
    this.#isAsking = false;
    if (this.#wanted.size) this.want([]);
  }
}
