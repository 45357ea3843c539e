/** One's own address book at the server: who is in it under which name. */

import { record, records, text } from '../sync/model';
import type { Json } from '../wire/socket';
import type { Client } from './client.svelte';

export interface Contact {
  readonly id: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly email: string;
  readonly phone: string;
  /** Who of the people here has that address; `""`: nobody. */
  readonly personId: string;
}

export interface ContactFields {
  readonly firstName: string;
  readonly lastName: string;
  readonly email: string;
  readonly phone: string;
}

const PAGE = 100;

/** All of them, by name. */
export async function contacts(client: Client): Promise<Contact[]> {
  const found: Contact[] = [];
  let before: unknown = null;
  for (;;) {
    const params = { limit: PAGE, ...(before ? { updated_at: { lt: before } } : {}) };
    const page = records((await client.ask('contact_list', params)).contacts);
    found.push(...page.map(contactOf));
    if (page.length < PAGE) break;
    before = page.at(-1)!.updated_at;
  }
  client.world.want(found.map((each) => each.personId));
  return found.sort((a, b) => nameOfContact(a).localeCompare(nameOfContact(b)));
}

/** Put somebody into the book, or change an entry. */
export async function keepContact(client: Client, it: ContactFields, id = ''): Promise<Contact> {
  const fields = {
    ...(it.firstName ? { first_name: it.firstName } : {}),
    ...(it.lastName ? { last_name: it.lastName } : {}),
    email: it.email ? [{ type: 'home', value: it.email }] : [],
    phone: it.phone ? [{ type: 'mobile', value: it.phone }] : [],
  };
  const answer = await client.ask(id ? 'contact_update' : 'contact_add', id ? { id, ...fields } : fields);
  return contactOf(record(answer.contact) ?? {});
}

export async function dropContact(client: Client, id: string): Promise<void> {
  await client.ask('contact_delete', { id });
}

export function nameOfContact(it: ContactFields): string {
  return `${it.firstName} ${it.lastName}`.trim();
}

function contactOf(it: Json): Contact {
  const [emails, phones] = [records(it.email), records(it.phone)];
  const known = [...emails, ...phones].map((each) => text(each.matched_user_id)).find(Boolean);
  return {
    id: text(it._id),
    firstName: text(it.first_name),
    lastName: text(it.last_name),
    email: text(emails[0]?.value),
    phone: text(phones[0]?.value),
    personId: known ?? '',
  };
}
