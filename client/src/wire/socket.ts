/**
 * The one line to the server: a WebSocket that comes back by itself.
 *
 * It signs in, asks and waits for answers, sends messages and waits for their acknowledgement, notices when
 * the line is dead, and tries again with growing pauses. It knows nothing of chats.
 */

export type LineState = 'off' | 'connecting' | 'up' | 'waiting';

/** The server said no. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
    this.name = 'Refused';
  }
}

/** There was no answer: no line, or it broke, or the server was silent. What was asked may have happened. */
export class LineLost extends Error {
  constructor() {
    super('no line');
    this.name = 'LineLost';
  }
}

/** The session is over: the password has to be asked for. */
export class SignedOut extends Error {}

export type Json = Record<string, unknown>;

/** What the line needs of a WebSocket. */
export interface Wire {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: MessageEvent<unknown>) => void) | null;
  onclose: ((event: never) => void) | null;
  send(text: string): void;
  close(): void;
}

export interface LineNeeds {
  /** Opens a socket. */
  open(): Wire;
  /** Signs in on an open socket. Throws `SignedOut` when there is nothing to sign in with. */
  signIn(ask: Ask): Promise<void>;
  /** A packet that is no answer. */
  heard(packet: Json): void;
  /** An answer is about to be given: what came before it is to be known by then. */
  answering(): void;
  /** The line changed its state; `retryAt` is when it tries again (ms since 1970), 0 if it does not wait. */
  changed(state: LineState, retryAt: number): void;
  /** The session is over. */
  signedOut(): void;
}

export type Ask = (name: string, params: unknown) => Promise<Json>;

interface Waiting {
  done(answer: Json): void;
  fail(error: Error): void;
  timer: ReturnType<typeof setTimeout>;
}

const ANSWER_MS = 20_000;
const UP_MS = 12_000;
const SILENT_MS = 25_000;
const PONG_MS = 8_000;
const OPEN_MS = 12_000;
const FIRST_PAUSE_MS = 400;
const LONGEST_PAUSE_MS = 30_000;

export class Line {
  state: LineState = 'off';
  /** Grows with each new socket: what was sent on an older one may have to be sent again. */
  generation = 0;

  #needs: LineNeeds;
  #wire: Wire | null = null;
  #asked = new Map<number, Waiting>();
  #sent = new Map<string, Waiting>();
  #untilUp: { done(): void; fail(error: Error): void }[] = [];
  #number = 0;
  #failures = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #pulse: ReturnType<typeof setTimeout> | undefined;

  constructor(needs: LineNeeds) {
    this.#needs = needs;
  }

  /** Connect, and stay connected until `stop`. */
  start(): void {
    if (this.state === 'off') this.#connect();
  }

  /** Hang up for good. */
  stop(): void {
    this.#drop();
    clearTimeout(this.#retry);
    this.#failures = 0;
    this.#turn('off');
  }

  /** Try now: the network is back, or somebody pressed the button. */
  hurry(): void {
    if (this.state !== 'waiting') return;
    clearTimeout(this.#retry);
    this.#connect();
  }

  /** Make sure that the line lives: the page was asleep, or the network changed. */
  probe(): void {
    if (this.state === 'up') this.#ping();
    else this.hurry();
  }

  /** Resolves when the line is up, within some seconds. Throws `LineLost`. */
  up(): Promise<void> {
    if (this.state === 'up') return Promise.resolve();
    if (this.state === 'off') return Promise.reject(new LineLost());
    return new Promise((done, fail) => {
      const entry = { done, fail };
      this.#untilUp.push(entry);
      setTimeout(() => {
        this.#untilUp = this.#untilUp.filter((each) => each !== entry);
        fail(new LineLost());
      }, UP_MS);
    });
  }

  /** Ask something. Throws `Refused` with the server's words, or `LineLost`. */
  async ask(name: string, params: unknown = {}): Promise<Json> {
    await this.up();
    try {
      return await this.#request(name, params);
    } catch (error) {
      // The session ended while the socket stayed open: sign in anew, or learn that it is over.
      if (error instanceof Refused && error.status === 401 && error.message === 'Unauthorized.') {
        this.#lost();
      }
      throw error;
    }
  }

  /** Send a message; resolves with its acknowledgement. Throws `Refused` or `LineLost`. */
  message(packet: Json & { id: string }): Promise<Json> {
    if (this.state !== 'up') return Promise.reject(new LineLost());
    return new Promise((done, fail) => {
      const timer = setTimeout(() => this.#lost(), ANSWER_MS);
      this.#sent.set(packet.id, { done, fail, timer });
      this.#say({ message: packet });
    });
  }

  /** Say something that is not answered, if the line is up. */
  tell(packet: Json): void {
    if (this.state === 'up') this.#say(packet);
  }

  #connect(): void {
    this.#turn('connecting');
    let wire: Wire;
    try {
      wire = this.#needs.open();
    } catch {
      this.#lost();
      return;
    }
    this.#wire = wire;
    const generation = ++this.generation;
    const isThis = (): boolean => this.#wire === wire;
    const tooLong = setTimeout(() => isThis() && this.#lost(), OPEN_MS);
    wire.onopen = () => {
      clearTimeout(tooLong);
      if (isThis()) void this.#open(wire, generation);
    };
    wire.onmessage = (event) => isThis() && this.#hear(event.data);
    wire.onclose = () => {
      clearTimeout(tooLong);
      if (isThis()) this.#lost();
    };
  }

  async #open(wire: Wire, generation: number): Promise<void> {
    try {
      await this.#needs.signIn((name, params) => this.#request(name, params));
    } catch (error) {
      if (this.#wire !== wire || this.generation !== generation) return;
      if (error instanceof SignedOut) {
        this.stop();
        this.#needs.signedOut();
      } else {
        this.#lost();
      }
      return;
    }
    if (this.#wire !== wire) return;
    this.#failures = 0;
    this.#turn('up');
    this.#watch();
  }

  #request(name: string, params: unknown): Promise<Json> {
    const id = ++this.#number;
    return new Promise((done, fail) => {
      const timer = setTimeout(() => {
        this.#asked.delete(id);
        fail(new LineLost());
      }, ANSWER_MS);
      this.#asked.set(id, { done, fail, timer });
      this.#say({ request: { [name]: params, id } });
    });
  }

  #say(packet: Json): void {
    try {
      this.#wire?.send(JSON.stringify(packet));
    } catch {
      this.#lost();
    }
  }

  #hear(data: unknown): void {
    this.#watch();
    let packet: Json;
    try {
      packet = JSON.parse(String(data)) as Json;
    } catch {
      return;
    }
    if (typeof packet !== 'object' || packet === null) return;
    const response = object(packet.response);
    if (response) {
      this.#needs.answering();
      return this.#answered(response);
    }
    const ack = object(packet.ask) ?? object(packet.ack);
    if (ack) return this.#settle(this.#sent, String(ack.mid), ack, null);
    const failed = object(packet.message);
    const error = failed && object(failed.error);
    if (error) return this.#settle(this.#sent, String(failed.id), {}, refusal(error));
    this.#needs.heard(packet);
  }

  #answered(response: Json): void {
    const error = object(response.error);
    this.#settle(this.#asked, Number(response.id), response, error ? refusal(error) : null);
  }

  #settle<Key>(from: Map<Key, Waiting>, key: Key, answer: Json, error: Error | null): void {
    const waiting = from.get(key);
    if (!waiting) return;
    from.delete(key);
    clearTimeout(waiting.timer);
    if (error) waiting.fail(error);
    else waiting.done(answer);
  }

  #watch(): void {
    clearTimeout(this.#pulse);
    this.#pulse = setTimeout(() => this.#ping(), SILENT_MS);
  }

  #ping(): void {
    clearTimeout(this.#pulse);
    if (this.state !== 'up') return;
    this.#pulse = setTimeout(() => this.#lost(), PONG_MS);
    this.#say({ request: { ping: {}, id: ++this.#number } });
  }

  #drop(): void {
    const wire = this.#wire;
    this.#wire = null;
    clearTimeout(this.#pulse);
    if (wire) {
      wire.onopen = wire.onmessage = wire.onclose = null;
      try {
        wire.close();
      } catch {
        // It was not open: as good as closed.
      }
    }
    const all = [...this.#asked.values(), ...this.#sent.values()];
    this.#asked.clear();
    this.#sent.clear();
    for (const each of all) {
      clearTimeout(each.timer);
      each.fail(new LineLost());
    }
  }

  #lost(): void {
    if (this.state === 'off' || this.state === 'waiting') return;
    this.#drop();
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures++);
    // Between half of it and all of it, so that not everybody comes back in the same moment.
    const wait = pause * (0.5 + Math.random() / 2);
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#connect(), wait);
    this.#turn('waiting', Date.now() + wait);
  }

  #turn(state: LineState, retryAt = 0): void {
    this.state = state;
    if (state === 'up' || state === 'off') {
      const all = this.#untilUp;
      this.#untilUp = [];
      for (const each of all) {
        if (state === 'up') each.done();
        else each.fail(new LineLost());
      }
    }
    this.#needs.changed(state, retryAt);
  }
}

function object(value: unknown): Json | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : null;
}

function refusal(error: Json): Refused {
  return new Refused(Number(error.status) || 500, String(error.message ?? ''));
}
