import { beforeEach, expect, test, vi } from 'vitest';
import type { Json } from '../wire/socket';
import { Inbox } from './inbox';

let heard: Json[];
let isHidden: boolean;
let inbox: Inbox;
beforeEach(() => {
  vi.useFakeTimers();
  heard = [];
  isHidden = false;
  inbox = new Inbox({ hear: (packet) => void heard.push(packet), now: () => Date.now(), isHidden: () => isHidden });
});

test('the first packet is handed on at once, those that follow it together, all in order', () => {
  inbox.add({ n: 1 });
  vi.advanceTimersByTime(0);
  expect(heard).toEqual([{ n: 1 }]);
  inbox.add({ n: 2 });
  vi.advanceTimersByTime(25);
  inbox.add({ n: 3 });
  expect(heard).toHaveLength(1);
  vi.advanceTimersByTime(25);
  expect(heard).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
});

test('an answer finds all that came before it', () => {
  inbox.add({ n: 1 });
  inbox.flush();
  inbox.add({ n: 2 });
  inbox.flush();
  expect(heard).toEqual([{ n: 1 }, { n: 2 }]);
  vi.runAllTimers();
  expect(heard).toHaveLength(2);
});

test('a page that is not seen does not wait', () => {
  isHidden = true;
  inbox.add({ n: 1 });
  inbox.add({ n: 2 });
  expect(heard).toHaveLength(2);
});
