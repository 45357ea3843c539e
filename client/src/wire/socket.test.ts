import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Json, LineState, Wire } from './socket';
import { Line, LineLost, Refused, SignedOut } from './socket';

class FakeWire implements Wire {
  onopen: Wire['onopen'] = null;
  onmessage: Wire['onmessage'] = null;
  onclose: Wire['onclose'] = null;
  said: Json[] = [];
  isClosed = false;
  send(text: string): void {
    this.said.push(JSON.parse(text) as Json);
  }
  close(): void {
    this.isClosed = true;
  }
  opens(): void {
    this.onopen?.(null as never);
  }
  breaks(): void {
    this.onclose?.(null as never);
  }
  hears(packet: unknown): void {
    this.onmessage?.({ data: JSON.stringify(packet) } as MessageEvent<unknown>);
  }
}

let wires: FakeWire[];
let states: LineState[];
let heard: Json[];
let line: Line;
let signIn: () => Promise<void>;
const last = (): FakeWire => wires.at(-1)!;
const soon = (): Promise<unknown> => vi.advanceTimersByTimeAsync(0);

beforeEach(() => {
  vi.useFakeTimers();
  wires = [];
  states = [];
  heard = [];
  signIn = () => Promise.resolve();
  line = new Line({
    open: () => (wires.push(new FakeWire()), last()),
    signIn: () => signIn(),
    heard: (packet) => heard.push(packet),
    answering: () => undefined,
    changed: (state) => states.push(state),
    signedOut: () => heard.push({ signedOut: true }),
  });
});
afterEach(() => {
  line.stop();
  vi.useRealTimers();
});

async function up(): Promise<void> {
  line.start();
  last().opens();
  await soon();
}

test('it asks and is answered, and refusals carry the words of the server', async () => {
  await up();
  const good = line.ask('ping', {});
  const bad = line.ask('nonsense', {});
  await soon();
  expect(last().said).toEqual([{ request: { ping: {}, id: 1 } }, { request: { nonsense: {}, id: 2 } }]);
  last().hears({ response: { id: 2, error: { status: 404, message: 'Route not found' } } });
  last().hears({ response: { id: 1, pong: {} } });
  expect(await good).toEqual({ id: 1, pong: {} });
  await expect(bad).rejects.toEqual(new Refused(404, 'Route not found'));
  last().hears({ typing: { cid: 'x' } });
  expect(heard).toEqual([{ typing: { cid: 'x' } }]);
});

test('a message is acknowledged by its name', async () => {
  await up();
  const sent = line.message({ id: 'm1', body: 'hi' });
  const failed = line.message({ id: 'm2', body: '' });
  last().hears({ message: { id: 'm2', error: { status: 422, message: 'no' } } });
  last().hears({ ask: { mid: 'm1', server_mid: 'a' }, ack: { mid: 'm1', server_mid: 'a' } });
  expect(await sent).toMatchObject({ server_mid: 'a' });
  await expect(failed).rejects.toEqual(new Refused(422, 'no'));
});

test('a broken line fails what waits, and comes back with growing pauses', async () => {
  await up();
  const asked = line.ask('ping');
  await soon();
  last().breaks();
  await expect(asked).rejects.toBeInstanceOf(LineLost);
  const pauses: number[] = [];
  for (let i = 0; i < 9; i++) {
    const start = Date.now();
    const count = wires.length;
    while (wires.length === count) await vi.advanceTimersByTimeAsync(50);
    pauses.push(Date.now() - start);
    last().breaks();
  }
  expect(pauses[0]).toBeLessThan(500);
  expect(pauses[3]!).toBeGreaterThan(pauses[0]!);
  expect(Math.max(...pauses)).toBeLessThanOrEqual(30_100);
  line.hurry();
  last().opens();
  await soon();
  expect(line.state).toBe('up');
  expect(line.generation).toBe(wires.length);
});

test('a silent line is found dead', async () => {
  await up();
  await vi.advanceTimersByTimeAsync(25_000);
  expect(last().said.at(-1)).toMatchObject({ request: { ping: {} } });
  last().hears({ response: { id: 1, pong: {} } });
  await vi.advanceTimersByTimeAsync(25_000);
  expect(line.state).toBe('up');
  await vi.advanceTimersByTimeAsync(8_000);
  expect(wires[0]!.isClosed).toBe(true);
  expect(states).toContain('waiting');
});

test('a session that is over ends it, a server that stumbles does not', async () => {
  signIn = () => Promise.reject(new LineLost());
  await up();
  expect(line.state).toBe('waiting');
  signIn = () => Promise.reject(new SignedOut());
  line.hurry();
  last().opens();
  await soon();
  expect(line.state).toBe('off');
  expect(heard).toEqual([{ signedOut: true }]);
});

test('what is no packet does no harm', async () => {
  await up();
  for (const data of ['', '5', 'null', '[]', '{"response":5}', '{"ask":null}']) {
    last().onmessage?.({ data } as MessageEvent<unknown>);
  }
  expect(line.state).toBe('up');
});
