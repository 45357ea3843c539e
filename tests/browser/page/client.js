"use strict";

// A web client as those in the field are: it sends what they send, keeps what they keep, and is as little
// prepared for anything else. An answer to nothing is an exception here, and fails the test.

const ORGANIZATION = "default";
const PATIENCE_MS = 8000;

// Those in the field make it of the hardware: all browsers and tabs of one machine have the same.
function fingerprint() {
  const traits = [navigator.userAgent, navigator.hardwareConcurrency, screen.width, screen.height].join();
  return [...traits].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) >>> 0, 7).toString();
}

// What a token says of its owner; nobody asks whether its signature is right.
function claims(token) {
  const part = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
  return JSON.parse(new TextDecoder().decode(bytesOf(part)));
}

class Client {
  deviceId = fingerprint();
  user = null;
  userId = null;
  closings = 0;
  #number = 0;
  #promises = {};
  #heard = [];
  #waiting = [];

  constructor(server) {
    this.server = server;
  }

  // What happens when the page is opened. The user who is signed in, or null.
  async start() {
    await this.open();
    try {
      return await this.signIn();
    } catch (words) {
      if (typeof words !== "string") throw words;
      return null;
    }
  }

  // The socket

  open() {
    return new Promise((resolve, reject) => {
      this.socket = new WebSocket(this.server.replace("http", "ws"));
      this.socket.onopen = () => resolve();
      this.socket.onerror = () => reject(new Error("the socket does not open"));
      this.socket.onmessage = event => this.#hear(JSON.parse(event.data));
      this.socket.onclose = event => {
        this.closings += 1;
        paper.note("step", `the socket closed with ${event.code}`);
      };
    });
  }

  leave() {
    return new Promise(resolve => {
      this.socket.addEventListener("close", () => resolve());
      this.socket.close();
    });
  }

  #send(title, packet, params) {
    paper.note("sent", title, params);
    this.socket.send(JSON.stringify(packet));
  }

  // What stands under `key` in the answer, which must be there.
  request(name, params = {}, key = "success") {
    const id = `${name}_${++this.#number}`;
    return new Promise((resolve, reject) => {
      this.#promises[id] = { resolve, reject, key };
      this.#send(name, { request: { [name]: params, id } }, params);
    });
  }

  message(cid, body, attachments) {
    const id = `${this.userId}-${++this.#number}`;
    return new Promise((resolve, reject) => {
      this.#promises[id] = { resolve, reject };
      const message = { id, body, cid, attachments };
      this.#send("message", { message }, message);
    });
  }

  typing(cid) {
    this.#send("typing", { typing: { cid } }, { cid });
  }

  #hear(packet) {
    const [kind] = Object.keys(packet);
    const failed = packet[kind].error;
    const { id, ...said } = packet[kind];
    paper.note(failed ? "refused" : "heard", kind === "response" ? id : kind, said);
    if (kind === "ask") {
      this.#settle(packet.ask.mid, promise => promise.resolve(packet.ask));
    } else if (kind === "message" && failed) {
      this.#settle(Object.keys(this.#promises).at(-1), promise => promise.reject(failed));
    } else if (kind === "response") {
      this.#settle(packet.response.id, ({ resolve, reject, key }) => {
        if (failed) reject(failed);
        else if (packet.response[key]) resolve(packet.response[key]);
        else reject({ message: `an answer without ${key}` });
      });
    } else {
      this.#heard.push([kind, packet[kind]]);
      this.#waiting.forEach(look => look());
    }
  }

  #settle(id, settle) {
    const promise = this.#promises[id];
    delete this.#promises[id];
    settle(promise);
  }

  // The next packet of that kind which nobody has asked for yet.
  next(kind) {
    return new Promise((resolve, reject) => {
      const stop = () => {
        this.#waiting = this.#waiting.filter(each => each !== look);
        clearTimeout(timer);
      };
      const look = () => {
        const place = this.#heard.findIndex(([each]) => each === kind);
        if (place < 0) return;
        stop();
        resolve(this.#heard.splice(place, 1)[0][1]);
      };
      const timer = setTimeout(() => {
        stop();
        reject(new Error(`no ${kind}, only: ${JSON.stringify(this.#heard)}`));
      }, PATIENCE_MS);
      this.#waiting.push(look);
      look();
    });
  }

  // Kinds of the packets that nobody has asked for.
  unasked() {
    return this.#heard.map(([kind]) => kind);
  }

  // The error that this call ends with.
  async refusal(name, ...args) {
    let given;
    try {
      given = await this[name](...args);
    } catch (error) {
      return error instanceof Error ? String(error) : error;
    }
    throw new Error(`not refused: ${JSON.stringify(given)}`);
  }

  // Users

  async #http(path, params) {
    const headers = { "Content-Type": "application/json" };
    const token = localStorage.getItem("sessionId");
    if (token) headers.Authorization = `Bearer ${token}`;
    const proof = token ? "token" : "cookie, if any";
    paper.note("sent", `POST /${path}`, { ...params, proof: params?.password ? "password" : proof });
    const options = { method: "POST", credentials: "include", headers };
    if (params) options.body = JSON.stringify(params);
    const response = await fetch(`${this.server}/${path}`, options);
    const text = await response.text();
    if (!response.ok) {
      paper.note("refused", `${response.status} /${path}`, text);
      throw text || response.statusText;
    }
    const answer = JSON.parse(text);
    paper.note("heard", `${response.status} /${path}`, answer);
    return answer;
  }

  signUp(login, password) {
    const params = { organization_id: ORGANIZATION, login, password, email: login };
    return this.request("user_create", params, "user");
  }

  // With login and password, or with what was kept from the last time: a token while it is good, or a cookie.
  async signIn(login, password) {
    if (Number(localStorage.getItem("sessionExpiredAt") ?? 0) <= Date.now()) {
      localStorage.removeItem("sessionId");
    }
    const params = { organization_id: ORGANIZATION, device_id: this.deviceId, login, password };
    const { user, access_token: token, expired_at: expiredAt } = await this.#http("login", params);
    localStorage.setItem("sessionId", token);
    localStorage.setItem("sessionExpiredAt", expiredAt);
    this.userId = claims(token)._id;
    await this.request("connect", { token, device_id: this.deviceId });
    this.user = user;
    paper.who(user);
    return user;
  }

  async signOut() {
    const answer = await this.#http("logout", null);
    localStorage.clear();
    this.user = this.userId = null;
    paper.who(null);
    return answer;
  }

  // Files

  // A picture of our own making, in the storage of the server: as an attachment, and the hash of its bytes.
  async upload(name, width, height) {
    const canvas = new OffscreenCanvas(width, height);
    const brush = canvas.getContext("2d");
    for (let x = 0; x < width; x += 8) {
      brush.fillStyle = `hsl(${(360 * x) / width} 80% 50%)`;
      brush.fillRect(x, 0, 8, height);
    }
    const picture = await canvas.convertToBlob({ type: "image/png" });
    const announced = [{ name, size: picture.size, content_type: picture.type }];
    const [file] = await this.request("create_files", announced, "files");
    const headers = { "Content-Type": file.content_type };
    const { ok, status } = await fetch(file.upload_url, { method: "PUT", headers, body: picture });
    paper.note(ok ? "heard" : "refused", `${status} upload`, name);
    const attachment = { file_id: file.object_id, file_name: file.name, file_content_type: file.content_type };
    return { status, attachment, size: picture.size, hash: await hashed(picture) };
  }

  async link(fileId) {
    const urls = await this.request("get_file_urls", { file_ids: [fileId] }, "file_urls");
    return urls[fileId];
  }

  show(url) {
    return paper.show(url);
  }

  async download(url, range) {
    const response = await fetch(url, range ? { headers: { Range: range }, cache: "no-store" } : {});
    const content = await response.blob();
    paper.note("heard", `${response.status} download`, range ?? "all of it");
    return {
      status: response.status,
      type: response.headers.get("content-type"),
      range: response.headers.get("content-range"),
      size: content.size,
      hash: await hashed(content),
      text: textOf(await content.slice(0, 16).arrayBuffer()),
    };
  }

  // Pushes

  async subscribe(endpoint) {
    this.subscription = await Subscription.at(endpoint);
    const params = {
      platform: "web",
      web_endpoint: endpoint,
      web_key_auth: textOf(this.subscription.secret),
      web_key_p256dh: textOf(this.subscription.point),
      device_udid: this.deviceId,
    };
    return this.request("push_subscription_create", params, "subscription");
  }

  async pushed(body) {
    const payload = await this.subscription.opened(bytesOf(body));
    paper.note("heard", "push", payload);
    return payload;
  }
}

async function hashed(blob) {
  return textOf(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer()));
}

const client = new Client(new URLSearchParams(location.search).get("server"));
client.ready = client.start();
client.ready.catch(error => paper.note("refused", "the start failed", String(error)));
