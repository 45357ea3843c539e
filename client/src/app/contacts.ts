/** One's own address book at the server: who is in it under which name. */

import { records, text } from '../sync/model';
import { byChange } from '../sync/pages';
import type { Json } from '../wire/socket';
import type { Client } from './client.svelte';

/** An e-mail address or a phone number, and what it is for. */
export interface Address {
  readonly type: string;
  readonly value: string;
}

export interface ContactFields {
  readonly firstName: string;
  readonly lastName: string;
  readonly emails: readonly Address[];
  readonly phones: readonly Address[];
}

export interface Contact extends ContactFields {
  readonly id: string;
  /** Shown nowhere, but not lost either. */
  readonly company: string;
  /** Who of the people here has one of the addresses; `""`: nobody. */
  readonly personId: string;
}

/** All of them, by name. */
export async function contacts(client: Client): Promise<Contact[]> {
  const found: Contact[] = [];
  for await (const page of byChange(client, 'contact_list', 'contacts')) found.push(...page.map(contactOf));
  client.world.want(found.map((each) => each.personId));
  return found.sort((a, b) => nameOfContact(a).localeCompare(nameOfContact(b)));
}

/** Put somebody into the book, or change an entry. */
export async function keepContact(client: Client, it: ContactFields, old?: Contact): Promise<void> {
  const fields = {
    ...(it.firstName ? { first_name: it.firstName } : {}),
    ...(it.lastName ? { last_name: it.lastName } : {}),
    ...(old?.company ? { company: old.company } : {}),
    email: it.emails,
    phone: it.phones,
  };
  const names = ['firstName', 'lastName', 'emails', 'phones'] as const;
  // A change leaves what it does not name as it is: what has become empty takes a new entry.
  const isEmptied = !!old && names.some((each) => old[each].length && !it[each].length);
  if (old && !isEmptied) return void (await client.ask('contact_update', { id: old.id, ...fields }));
  await client.ask('contact_add', fields);
  if (old) await dropContact(client, old.id);
}

export async function dropContact(client: Client, id: string): Promise<void> {
  await client.ask('contact_delete', { id });
}

export function nameOfContact(it: Pick<Contact, 'firstName' | 'lastName'>): string {
  return `${it.firstName} ${it.lastName}`.trim();
}

function contactOf(it: Json): Contact {
  const addresses = [...records(it.email), ...records(it.phone)];
  const read = (all: unknown): Address[] => records(all).map((each) => ({ type: text(each.type), value: text(each.value) }));
  return {
    id: text(it._id),
    firstName: text(it.first_name),
    lastName: text(it.last_name),
    company: text(it.company),
    emails: read(it.email),
    phones: read(it.phone),
    personId: addresses.map((each) => text(each.matched_user_id)).find(Boolean) ?? '',
  };
}
