import { beforeEach, expect, test, vi } from 'vitest';
import type { Json } from '../wire/socket';
import { LineLost, Refused } from '../wire/socket';
import { MemoryKeep } from './keep';
import type { Message } from './model';
import { messageOf } from './model';
import type { OutboxNeeds } from './outbox.svelte';
import { Outbox } from './outbox.svelte';
import { MOST, Timeline } from './timeline.svelte';

const ME = 'me';

/** A server's list of one chat, as the SAMA pages describe it. */
class Chat {
  all: Json[] = [];
  asked: Json[] = [];
  clock = Date.parse('2026-01-01T00:00:00.000Z');

  say(body: string, x: Json = {}): Json {
    this.clock += 1007;
    const date = new Date(this.clock).toISOString();
    const it = { _id: this.all.length.toString(16).padStart(24, '0'), cid: 'c', from: 'you', body, x, created_at: date, updated_at: date };
    this.all.push(it);
    return it;
  }
  edit(it: Json, body: string): void {
    this.clock += 1007;
    Object.assign(it, { body, updated_at: new Date(this.clock).toISOString() });
  }
  ask = async (params: Json): Promise<Json> => {
    this.asked.push(params);
    const { limit = 30, ids, updated_at: bounds = {} } = params as { limit?: number; ids?: string[]; updated_at?: { gt?: unknown; lt?: unknown } };
    const moment = (it: unknown): number => (typeof it === 'number' ? it : Date.parse(String(it)));
    const { gt, lt } = bounds;
    let found = this.all.filter((it) => !ids || ids.includes(it._id as string));
    if (gt !== undefined) found = found.filter((it) => moment(it.updated_at) > moment(gt)).sort((a, b) => moment(a.updated_at) - moment(b.updated_at));
    else found = [...found].reverse();
    if (lt !== undefined) found = found.filter((it) => moment(it.created_at) < moment(lt));
    return { messages: found.slice(0, limit) };
  };
  line(): Timeline {
    return new Timeline('c', this.ask, () => ME);
  }
}

const bodies = (line: Timeline): string[] => line.messages.map((each) => each.body);
const numbers = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, i) => String(from + i));

let chat: Chat;
beforeEach(() => {
  chat = new Chat();
});

test('history is read back to its beginning and forth to its end, without gaps, in bounded memory', async () => {
  for (const each of numbers(0, 700)) chat.say(each);
  // What was edited later must not be missing on the way forth.
  chat.edit(chat.all[400]!, '400');
  chat.edit(chat.all[20]!, '20');
  const line = chat.line();
  await line.latest();
  expect(bodies(line)).toEqual(numbers(650, 700));
  while (line.hasOlder) {
    await line.older();
    expect(line.messages.length).toBeLessThanOrEqual(MOST);
  }
  expect(bodies(line)).toEqual(numbers(0, MOST));
  while (line.hasNewer) {
    await line.newer();
    const shown = bodies(line).map(Number);
    expect(shown).toEqual(numbers(shown[0]!, shown[0]! + shown.length).map(Number));
  }
  expect(bodies(line).at(-1)).toBe('699');
});

test('after a gap nothing is missing, nothing is doubled, and what was deleted is gone', async () => {
  for (const each of numbers(0, 60)) chat.say(each);
  const line = chat.line();
  await line.latest();
  chat.edit(chat.all[30]!, 'edited');
  const [gone] = chat.all.splice(40, 1);
  for (const each of numbers(60, 180)) chat.say(each);
  await line.latest();
  expect(bodies(line).at(-1)).toBe('179');
  expect(new Set(bodies(line)).size).toBe(line.messages.length);
  expect(bodies(line)).toContain('edited');
  expect(line.find(gone!._id as string)).toBeUndefined();
});

test('a gap that is too long starts anew from the end', async () => {
  chat.say('old');
  const line = chat.line();
  await line.latest();
  for (const each of numbers(0, 500)) chat.say(each);
  await line.latest();
  expect(bodies(line)).toEqual(numbers(500 - MOST, 500));
  expect(line.hasOlder).toBe(true);
});

test('what is deleted while a list is under way does not come back with it', async () => {
  for (const each of numbers(0, 5)) chat.say(each);
  const line = chat.line();
  const reading = line.latest();
  line.remove([chat.all[2]!._id as string]);
  await reading;
  expect(bodies(line)).toEqual(['0', '1', '3', '4']);
});

test('what the browser kept gives way to what the server says, whichever comes first', async () => {
  for (const each of numbers(0, 5)) chat.say(each);
  const kept = chat.all.map((it) => messageOf(it, ME));
  chat.all.pop();
  const line = chat.line();
  const reading = line.latest();
  line.recall(kept);
  await reading;
  expect(bodies(line)).toEqual(numbers(0, 4));
});

test('a message or a moment is shown with its surroundings', async () => {
  for (const each of numbers(0, 400)) chat.say(each);
  const line = chat.line();
  await line.latest();
  expect(await line.around(chat.all[100]!._id as string)).toBe(true);
  expect(bodies(line)).toContain('100');
  expect(line.hasNewer).toBe(true);
  line.put(messageOf(chat.say('live'), ME));
  expect(bodies(line)).not.toContain('live');
  await line.at(Date.parse(chat.all[300]!.created_at as string));
  expect(bodies(line)).toContain('300');
  expect(await line.around('f'.repeat(24))).toBe(false);
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
  chat.say('one', { ref: outbox.items[0]!.ref });
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
