/** What stays in the browser: the last chats, so that they can be read offline, and what is still to be sent. */

import type { ChatRecord, Message, Person } from './model';

export interface OutFile {
  readonly key: string;
  readonly name: string;
  readonly kind: string;
  readonly size: number;
  readonly content: Blob;
  readonly width: number;
  readonly height: number;
  readonly blur: string;
  /** The server's id of it once its content is there; `""` before. */
  readonly fileId: string;
}

/** A message on its way. */
export interface OutItem {
  /** Its name, for ever: the server knows a repeated message by it. */
  readonly ref: string;
  readonly chatId: string;
  readonly body: string;
  readonly replyTo: string;
  readonly forwardedId: string;
  /** Files of this server that are sent again. */
  readonly attached: Message['attachments'];
  readonly files: readonly OutFile[];
  /** When it was written. */
  readonly at: number;
  /** Which tab looks after it. */
  readonly tab: string;
  /** When it was sent first; 0: never. */
  readonly triedAt: number;
  /** Why the server does not want it; `""`: it is to be sent. */
  readonly why: string;
}

export interface Keep {
  chats(): Promise<ChatRecord[]>;
  saveChats(chats: readonly ChatRecord[], gone: readonly string[]): Promise<void>;
  people(): Promise<Person[]>;
  savePeople(people: readonly Person[]): Promise<void>;
  messages(chatId: string): Promise<Message[]>;
  saveMessages(chatId: string, messages: readonly Message[]): Promise<void>;
  outbox(): Promise<OutItem[]>;
  put(item: OutItem): Promise<void>;
  drop(ref: string): Promise<void>;
  /** Forget everything: somebody signed out. */
  wipe(): Promise<void>;
}

/** Keeps nothing beyond the page: for browsers that refuse to store, and for tests. */
export class MemoryKeep implements Keep {
  #out = new Map<string, OutItem>();
  #chats = new Map<string, ChatRecord>();
  #people = new Map<string, Person>();
  #messages = new Map<string, Message[]>();

  async chats(): Promise<ChatRecord[]> {
    return [...this.#chats.values()];
  }
  async saveChats(chats: readonly ChatRecord[], gone: readonly string[]): Promise<void> {
    for (const chat of chats) this.#chats.set(chat.id, chat);
    for (const id of gone) this.#chats.delete(id);
  }
  async people(): Promise<Person[]> {
    return [...this.#people.values()];
  }
  async savePeople(people: readonly Person[]): Promise<void> {
    for (const person of people) this.#people.set(person.id, person);
  }
  async messages(chatId: string): Promise<Message[]> {
    return this.#messages.get(chatId) ?? [];
  }
  async saveMessages(chatId: string, messages: readonly Message[]): Promise<void> {
    this.#messages.set(chatId, [...messages]);
  }
  async outbox(): Promise<OutItem[]> {
    return [...this.#out.values()];
  }
  async put(item: OutItem): Promise<void> {
    this.#out.set(item.ref, item);
  }
  async drop(ref: string): Promise<void> {
    this.#out.delete(ref);
  }
  async wipe(): Promise<void> {
    for (const all of [this.#out, this.#chats, this.#people, this.#messages]) all.clear();
  }
}

const VERSION = 1;
/** A database that does not answer by then does without it: nobody waits longer for the page. */
const OPEN_MS = 1500;

/** The browser's own database, one for each account. */
export class BrowserKeep implements Keep {
  #db: IDBDatabase;
  #name: string;

  private constructor(db: IDBDatabase, name: string) {
    this.#db = db;
    this.#name = name;
  }

  /** It, or one in memory when the browser does not let us. */
  static async open(userId: string): Promise<Keep> {
    const name = `tertulia-${userId}`;
    try {
      const request = indexedDB.open(name, VERSION);
      request.onupgradeneeded = () => {
        const db = request.result;
        db.createObjectStore('chats', { keyPath: 'id' });
        db.createObjectStore('people', { keyPath: 'id' });
        db.createObjectStore('messages');
        db.createObjectStore('outbox', { keyPath: 'ref' });
      };
      const db = await inTime(result(request), OPEN_MS);
      // Another tab signs out: do not stand in the way.
      db.onversionchange = () => db.close();
      return new BrowserKeep(db, name);
    } catch {
      return new MemoryKeep();
    }
  }

  chats(): Promise<ChatRecord[]> {
    return this.#all<ChatRecord>('chats');
  }
  saveChats(chats: readonly ChatRecord[], gone: readonly string[]): Promise<void> {
    return this.#change(['chats', 'messages'], (of) => {
      for (const chat of chats) of('chats').put(chat);
      for (const id of gone) {
        of('chats').delete(id);
        of('messages').delete(id);
      }
    });
  }
  people(): Promise<Person[]> {
    return this.#all<Person>('people');
  }
  savePeople(people: readonly Person[]): Promise<void> {
    return this.#change(['people'], (of) => people.forEach((each) => of('people').put(each)));
  }
  async messages(chatId: string): Promise<Message[]> {
    try {
      const store = this.#db.transaction('messages').objectStore('messages');
      return ((await result(store.get(chatId))) as Message[] | undefined) ?? [];
    } catch {
      return [];
    }
  }
  saveMessages(chatId: string, messages: readonly Message[]): Promise<void> {
    return this.#change(['messages'], (of) => of('messages').put([...messages], chatId));
  }
  outbox(): Promise<OutItem[]> {
    return this.#all<OutItem>('outbox');
  }
  put(item: OutItem): Promise<void> {
    return this.#change(['outbox'], (of) => of('outbox').put(item), 'strict');
  }
  drop(ref: string): Promise<void> {
    return this.#change(['outbox'], (of) => of('outbox').delete(ref));
  }
  async wipe(): Promise<void> {
    this.#db.close();
    try {
      await result(indexedDB.deleteDatabase(this.#name));
    } catch {
      // Another tab holds it; it belongs to this account only, and that tab signs out, too.
    }
  }

  async #all<T>(name: string): Promise<T[]> {
    try {
      return (await result(this.#db.transaction(name).objectStore(name).getAll())) as T[];
    } catch {
      return [];
    }
  }

  /** What cannot be stored (the disk is full, the database is gone) is not: the page goes on without. */
  async #change(
    names: string[],
    work: (of: (name: string) => IDBObjectStore) => void,
    durability: IDBTransactionDurability = 'relaxed',
  ): Promise<void> {
    try {
      const transaction = this.#db.transaction(names, 'readwrite', { durability });
      const done = new Promise<void>((yes, no) => {
        transaction.oncomplete = () => yes();
        transaction.onabort = transaction.onerror = () => no(transaction.error);
      });
      // `work` may throw before anybody waits for it.
      done.catch(() => undefined);
      work((name) => transaction.objectStore(name));
      await done;
    } catch (error) {
      console.warn('nothing could be stored', error);
    }
  }
}

function inTime<T>(work: Promise<T>, ms: number): Promise<T> {
  return Promise.race([work, new Promise<never>((_, no) => setTimeout(() => no(new Error('too late')), ms))]);
}

function result<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((done, fail) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(request.error);
  });
}
