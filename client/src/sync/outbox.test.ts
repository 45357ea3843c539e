import { beforeEach, expect, test, vi } from 'vitest';
import type { Json } from '../wire/socket';
import { LineLost, Refused } from '../wire/socket';
import { MemoryKeep } from './keep';
import type { Message } from './model';
import type { OutboxNeeds } from './outbox.svelte';
import { Outbox } from './outbox.svelte';
import { Chat, ME } from './testing';

let chat: Chat;
beforeEach(() => {
  chat = new Chat();
});

/** An outbox over a line that may be down, or break before the acknowledgement. */
function office(keep = new MemoryKeep(), tab = 'tab-1') {
  const state = { isUp: true, generation: 1, sent: [] as Json[], arrived: [] as Message[], loses: false, refuses: '', alive: [] as string[], now: 1_000_000 };
  const needs: OutboxNeeds = {
    keep,
    me: () => ME,
    isUp: () => state.isUp,
    generation: () => state.generation,
    message: async (packet) => {
      state.sent.push(packet);
      if (state.loses) throw new LineLost();
      if (state.refuses) throw new Refused(422, state.refuses);
      return { mid: packet.id, server_mid: state.sent.length.toString(16).padStart(24, '0'), t: 1767225600 };
    },
    ask: async (name, params) => {
      if (name === 'create_files') return { files: [{ _id: 'f1', upload_url: '/files/1' }] };
      return chat.ask(params as Json);
    },
    upload: async (_url, _content, _kind, progress) => progress(1),
    arrived: (message) => state.arrived.push(message),
    isTabAlive: async (name) => state.alive.includes(name),
    now: () => state.now,
  };
  return { state, keep, outbox: new Outbox(needs, tab) };
}

const settled = (): Promise<void> => new Promise((done) => setTimeout(done, 5));

test('a message leaves once, in order, and is forgotten when it has arrived', async () => {
  const { state, keep, outbox } = office();
  await Promise.all([outbox.send({ chatId: 'c', body: 'one' }), outbox.send({ chatId: 'c', body: 'two' })]);
  await settled();
  expect(state.sent.map((each) => each.body)).toEqual(['one', 'two']);
  expect(state.arrived.map((each) => each.ref)).toEqual(state.sent.map((each) => each.id));
  expect(outbox.items).toEqual([]);
  expect(await keep.outbox()).toEqual([]);
});

test('without an acknowledgement it is sent again on the next line: the same name, the same content', async () => {
  const { state, outbox } = office();
  state.loses = true;
  await outbox.send({ chatId: 'c', body: 'one' });
  await settled();
  outbox.run();
  await settled();
  expect(state.sent).toHaveLength(1);
  state.loses = false;
  state.generation = 2;
  outbox.run();
  await settled();
  expect(state.sent).toHaveLength(2);
  expect(state.sent[1]).toEqual(state.sent[0]);
  expect(outbox.items).toEqual([]);
});

test('what waits outlives the page; a tab takes up only what nobody looks after', async () => {
  const first = office();
  first.state.isUp = false;
  await first.outbox.send({ chatId: 'c', body: 'written offline' });
  const second = office(first.keep, 'tab-2');
  second.state.alive = ['tab-1'];
  await second.outbox.adopt();
  expect(second.outbox.items).toEqual([]);
  second.state.alive = [];
  await second.outbox.adopt();
  second.outbox.run();
  await settled();
  expect(second.state.sent.map((each) => each.body)).toEqual(['written offline']);
  expect(await first.keep.outbox()).toEqual([]);
});

test('what has been under way for long is looked up before it is sent again', async () => {
  const { state, outbox } = office();
  state.loses = true;
  await outbox.send({ chatId: 'c', body: 'one' });
  await settled();
  chat.clock = Date.parse('2026-01-02T00:00:00.000Z');
  chat.say('one', 0, { ref: outbox.items[0]!.ref });
  chat.all[0]!.from = ME;
  state.loses = false;
  state.generation = 2;
  state.now += 21 * 3600_000;
  outbox.run();
  await settled();
  expect(state.sent).toHaveLength(1);
  expect(outbox.items).toEqual([]);
});

test('what the server does not want is kept with its reason until somebody decides', async () => {
  const { state, outbox } = office();
  state.refuses = 'Forbidden.';
  await outbox.send({ chatId: 'c', body: 'one' });
  await settled();
  expect(outbox.items[0]!.why).toBe('Forbidden.');
  outbox.run();
  await settled();
  expect(state.sent).toHaveLength(1);
  state.refuses = '';
  await outbox.retry(outbox.items[0]!.ref);
  await settled();
  expect(state.arrived).toHaveLength(1);
});

test('files go first, and a message that another tab saw arrive is not sent', async () => {
  const { state, outbox } = office();
  const file = { key: 'k', name: 'a.txt', kind: 'text/plain', size: 1, content: new Blob(['a']), width: 0, height: 0, blur: '', fileId: '' };
  await outbox.send({ chatId: 'c', body: '', files: [file] });
  await settled();
  expect(state.sent[0]).toMatchObject({ attachments: [{ file_id: 'f1', file_name: 'a.txt' }] });
  state.isUp = false;
  await outbox.send({ chatId: 'c', body: 'later' });
  outbox.confirm(outbox.items[0]!.ref);
  state.isUp = true;
  outbox.run();
  await settled();
  expect(state.sent).toHaveLength(1);
  vi.restoreAllMocks();
});

test('what was left is taken up once, however often one looks', async () => {
  const keep = new MemoryKeep();
  const left = office(keep, 'tab-0');
  left.state.isUp = false;
  await left.outbox.send({ chatId: 'c', body: 'one' });
  const { outbox } = office(keep);
  await Promise.all([outbox.adopt(), outbox.adopt()]);
  expect(outbox.items.map((each) => each.body)).toEqual(['one']);
});

test('an answer to what was deleted leaves without it when one tries again', async () => {
  const { state, outbox } = office();
  state.refuses = 'Incorrect replied message ID.';
  await outbox.send({ chatId: 'c', body: 'yes', replyTo: 'm1' });
  await settled();
  const [failed] = outbox.items;
  expect(failed).toMatchObject({ why: 'Incorrect replied message ID.', replyTo: 'm1' });
  state.refuses = '';
  await outbox.retry(failed!.ref);
  await settled();
  expect(state.sent.at(-1)).toMatchObject({ id: failed!.ref, body: 'yes' });
  expect(state.sent.at(-1)).not.toHaveProperty('replied_message_id');
  expect(outbox.items).toEqual([]);
});
