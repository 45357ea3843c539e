import { expect, test } from 'vitest';
import type { Json } from '../wire/socket';
import { MemoryKeep } from './keep';
import { World } from './world.svelte';

const CHAT = 'c'.repeat(24);
const said = (n: number): Json => ({
  _id: n.toString(16).padStart(24, '0'), cid: CHAT, from: 'you', body: String(n), t: 1000 + n,
});

function world(answer: () => Promise<Json>) {
  const asked: string[] = [];
  const news: string[] = [];
  const made = new World('me', {
    ask: async (name) => {
      asked.push(name);
      return name === 'conversation_list' ? answer() : {};
    },
    keep: new MemoryKeep(),
    news: (_, message) => news.push(message.body),
    putOut: () => undefined,
    confirm: () => undefined,
    now: () => 0,
  });
  return { made, asked, news };
}

test('a chat that is not known yet is asked for once, and what comes meanwhile is counted', async () => {
  let give: (it: Json) => void = () => undefined;
  const { made, asked, news } = world(() => new Promise((done) => (give = done)));
  for (let n = 1; n <= 5; n++) made.hear({ message: said(n) });
  // The server has counted three of them.
  give({ conversations: [{ _id: CHAT, type: 'g', name: 'tea', updated_at: '2026-01-01', last_message: said(3), unread_messages_count: 3 }] });
  await expect.poll(() => made.chats.get(CHAT)?.unread).toBe(5);
  expect(made.chats.get(CHAT)?.last?.body).toBe('5');
  expect(asked.filter((name) => name === 'conversation_list')).toHaveLength(1);
  expect(news).toEqual(['1', '2', '3', '4', '5']);
  expect(made.sorted.map((each) => each.id)).toEqual([CHAT]);
  expect(made.unread).toBe(1);
});

test('what comes into a chat whose end somebody looks at is not unread', async () => {
  const { made } = world(async () => ({ conversations: [{ _id: CHAT, type: 'g', updated_at: '2026-01-01', last_message: said(1), unread_messages_count: 0 }] }));
  made.hear({ message: said(1) });
  await expect.poll(() => made.chats.size).toBe(1);
  made.isSeen = () => true;
  made.hear({ message: said(2) });
  expect(made.chats.get(CHAT)).toMatchObject({ unread: 0, last: { body: '2' } });
  made.isSeen = () => false;
  made.hear({ message: said(3) });
  expect(made.chats.get(CHAT)?.unread).toBe(1);
});

test('what comes while the chats are listed does not hide what was missed before', async () => {
  const listed: ((it: Json) => void)[] = [];
  const { made } = world(() => new Promise((done) => listed.push(done)));
  made.addChat({ _id: CHAT, type: 'g', name: 'tea', updated_at: '2026-01-01', last_message: said(1), unread_messages_count: 0 });
  const caughtUp = made.catchUp();
  await expect.poll(() => listed.length).toBe(1);
  // Five were missed; the sixth comes live, before the answer.
  made.hear({ message: said(7) });
  const now = { _id: CHAT, type: 'g', name: 'coffee', updated_at: '2026-01-02', last_message: said(7), unread_messages_count: 6 };
  listed[0]!({ conversations: [now] });
  await caughtUp;
  await expect.poll(() => listed.length).toBe(2);
  listed[1]!({ conversations: [now] });
  await expect.poll(() => made.chats.get(CHAT)).toMatchObject({ unread: 6, name: 'coffee', last: { body: '7' } });
});

test('a history that could not be read is read when the line is back', async () => {
  const { made, asked } = world(async () => ({ conversations: [] }));
  made.openId = CHAT;
  const line = made.timeline(CHAT);
  line.hasFailed = true;
  await made.catchUp();
  expect(asked).toContain('message_list');
  expect(line).toMatchObject({ isFresh: true, hasFailed: false });
});

test('what is read while a chat is asked for is not unread again when the answer comes', async () => {
  const listed: ((it: Json) => void)[] = [];
  const { made } = world(() => new Promise((done) => listed.push(done)));
  const chat = { _id: CHAT, type: 'g', name: 'tea', updated_at: '2026-01-01', last_message: said(2) };
  made.addChat({ ...chat, unread_messages_count: 2 });
  made.forget(CHAT, [String(said(1)._id)]);
  await expect.poll(() => listed.length).toBe(1);
  made.markRead(CHAT);
  // The server had read this before it was told.
  listed[0]!({ conversations: [{ ...chat, unread_messages_count: 1 }] });
  await expect.poll(() => listed.length).toBe(2);
  listed[1]!({ conversations: [{ ...chat, unread_messages_count: 0 }] });
  await expect.poll(() => made.chats.get(CHAT)?.unread).toBe(0);
});

test('what is read while the chats are listed is not unread again', async () => {
  const listed: ((it: Json) => void)[] = [];
  const { made } = world(() => new Promise((done) => listed.push(done)));
  const chat = { _id: CHAT, type: 'g', name: 'tea', updated_at: '2026-01-01', last_message: said(2) };
  made.addChat({ ...chat, unread_messages_count: 2 });
  const caughtUp = made.catchUp();
  await expect.poll(() => listed.length).toBe(1);
  made.markRead(CHAT);
  listed[0]!({ conversations: [{ ...chat, unread_messages_count: 2 }] });
  await caughtUp;
  expect(made.chats.get(CHAT)?.unread).toBe(0);
});
