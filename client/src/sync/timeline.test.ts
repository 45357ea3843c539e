import { beforeEach, expect, test } from 'vitest';
import { messageOf } from './model';
import { Chat, ME } from './testing';
import type { Timeline } from './timeline.svelte';
import { FIRST, FOLLOWED, MOST } from './timeline.svelte';

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
  expect(bodies(line)).toEqual(numbers(700 - FIRST, 700));
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
  line.isFollowed = false;
  await line.catchUp();
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
  await line.catchUp();
  expect(bodies(line)).toEqual(numbers(500 - MOST, 500));
  expect(line.hasOlder).toBe(true);
});

test('a gap that is too long does not take away what one looks at; one comes to the end by reading on', async () => {
  for (const each of numbers(0, 40)) chat.say(each);
  const line = chat.line();
  await line.latest();
  line.isFollowed = false;
  chat.edit(chat.all[30]!, 'edited');
  for (const each of numbers(40, 600)) chat.say(each);
  await line.catchUp();
  expect(bodies(line).at(-1)).toBe('39');
  expect(bodies(line)).toContain('edited');
  expect(line.hasNewer).toBe(true);
  while (line.hasNewer) await line.newer();
  expect(bodies(line)).toEqual(numbers(600 - MOST, 600));
});

test('many messages of one millisecond are all read, in both directions', async () => {
  for (const each of numbers(0, 300)) chat.say(each, Number(each) % 20 ? 0 : 1);
  const line = chat.line();
  await line.latest();
  while (line.hasOlder) await line.older();
  expect(bodies(line)).toEqual(numbers(0, MOST));
  while (line.hasNewer) await line.newer();
  expect(bodies(line)).toEqual(numbers(300 - MOST, 300));
});

test('a second with more messages than a page is read through, in both directions', async () => {
  for (const each of numbers(0, 300)) chat.say(each, 10);
  const line = chat.line();
  // The last one on the page has the date of a full second, as those have of which only the second is known.
  await line.at(Date.parse(chat.all[49]!.created_at as string));
  expect(line.messages.at(-1)!.at % 1000).toBe(0);
  for (let i = 0; i < 20 && line.hasNewer; i++) await line.newer();
  expect(bodies(line)).toEqual(numbers(300 - MOST, 300));

  // Just acknowledged, and only then its second grew full.
  const { created_at: date, ...acked } = chat.all[220]!;
  const other = chat.line();
  other.recall([messageOf({ ...acked, t: Math.ceil(Date.parse(String(date)) / 1000) }, ME)]);
  for (let i = 0; i < 20 && other.hasOlder; i++) await other.older();
  expect(bodies(other)).toEqual(numbers(0, 221));
});

test('what comes live while the last page is read is not missing', async () => {
  for (const each of numbers(0, 400)) chat.say(each);
  const line = chat.line();
  line.isFollowed = false;
  await line.at(Date.parse(chat.all[330]!.created_at as string));
  expect(line.hasNewer).toBe(true);
  // The server has read the page; before it is here, somebody writes.
  chat.after = () => {
    chat.after = undefined;
    line.put(messageOf(chat.say('400'), ME));
  };
  await line.newer();
  expect(line.hasNewer).toBe(false);
  expect(bodies(line).at(-1)).toBe('400');

  await line.at(Date.parse(chat.all[100]!.created_at as string));
  chat.after = () => {
    chat.after = undefined;
    line.put(messageOf(chat.say('401'), ME));
  };
  await line.latest();
  expect(bodies(line).slice(-2)).toEqual(['400', '401']);
});

test('reading on at both ends at once leaves no gap', async () => {
  for (const each of numbers(0, 900)) chat.say(each);
  const line = chat.line();
  await line.at(Date.parse(chat.all[450]!.created_at as string));
  for (let i = 0; i < 8; i++) {
    await Promise.all(i % 2 ? [line.older(), line.newer()] : [line.newer(), line.older()]);
    const shown = bodies(line).map(Number);
    expect(shown).toEqual(numbers(shown[0]!, shown[0]! + shown.length).map(Number));
  }
});

test('what comes live does not push away what one looks at', async () => {
  for (const each of numbers(0, 300)) chat.say(each);
  const line = chat.line();
  await line.latest();
  line.isFollowed = false;
  while (line.messages.length < MOST) await line.older();
  while (line.hasNewer) await line.newer();
  const [first] = bodies(line);
  line.put(messageOf(chat.say('300'), ME));
  expect(bodies(line)[0]).toBe(first);
  expect(line.hasNewer).toBe(true);
  await line.newer();
  expect(bodies(line).at(-1)).toBe('300');
});

test('who follows the end keeps little', async () => {
  const line = chat.line();
  await line.latest();
  for (const each of numbers(0, 300)) line.put(messageOf(chat.say(each), ME));
  expect(bodies(line)).toEqual(numbers(300 - FOLLOWED, 300));
  expect(line.hasOlder).toBe(true);
});

test('the first unread message is found, however far back it is', async () => {
  for (const each of numbers(0, 1000)) chat.say(each);
  for (const [count, wanted] of [[3, '997'], [900, '100'], [1000, '0']] as const) {
    const line = chat.line();
    const id = await line.unread(count);
    expect(line.find(id)?.body).toBe(wanted);
    expect(line.messages.length).toBeLessThanOrEqual(MOST);
    expect(line.hasNewer).toBe(count > 3);
  }
  // The server counts more than there are: to the end.
  const line = chat.line();
  expect(await line.unread(5000)).toBe('');
  expect(bodies(line).at(-1)).toBe('999');
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


test('what is read comes onto the page with frames, nothing of it with the answer: two parts in one frame stutter', async () => {
  for (const each of numbers(0, 200)) chat.say(each);
  const frames: (() => void)[] = [];
  const line = chat.line(() => new Promise((done) => frames.push(done)));
  const drawn = async (): Promise<number> => {
    const before = line.messages.length;
    frames.pop()?.();
    await new Promise((done) => setTimeout(done));
    return line.messages.length - before;
  };
  await line.at(chat.clock - 100_000);
  for (const way of ['older', 'newer'] as const) {
    const read = line[way]();
    expect(await drawn()).toBe(0);
    while (frames.length) expect(await drawn()).toBeLessThanOrEqual(10);
    expect(await read).toBe(true);
  }
});
