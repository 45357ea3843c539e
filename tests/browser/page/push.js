"use strict";

// What a browser does for a push subscription: it makes the keys, and opens what comes (RFC 8188, 8291).
// Its own way to a push service needs the world outside, so here the page does it.

const CURVE = { name: "ECDH", namedCurve: "P-256" };

const bytesOf = text => Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
const textOf = bytes => btoa(String.fromCharCode(...new Uint8Array(bytes)));
const ascii = text => new TextEncoder().encode(text);
const joined = (...parts) => Uint8Array.from(parts.flatMap(part => [...part]));

class Subscription {
  static async at(endpoint) {
    const made = new Subscription();
    made.endpoint = endpoint;
    made.keys = await crypto.subtle.generateKey(CURVE, false, ["deriveBits"]);
    made.point = new Uint8Array(await crypto.subtle.exportKey("raw", made.keys.publicKey));
    made.secret = crypto.getRandomValues(new Uint8Array(16));
    return made;
  }

  // The payload of a push.
  async opened(body) {
    const salt = body.slice(0, 16);
    const end = 21 + body[20];
    const point = body.slice(21, end);
    const theirs = await crypto.subtle.importKey("raw", point, CURVE, false, []);
    const agreed = await crypto.subtle.deriveBits({ name: "ECDH", public: theirs }, this.keys.privateKey, 256);
    const about = joined(ascii("WebPush: info\0"), this.point, point);
    const shared = await derived(agreed, this.secret, about, 32);
    const content = await derived(shared, salt, ascii("Content-Encoding: aes128gcm\0"), 16);
    const iv = await derived(shared, salt, ascii("Content-Encoding: nonce\0"), 12);
    const key = await crypto.subtle.importKey("raw", content, "AES-GCM", false, ["decrypt"]);
    const padded = new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, body.slice(end)));
    const length = padded.findLastIndex(byte => byte !== 0);
    if (padded[length] !== 2) throw new Error("the last record does not say that it is the last");
    return JSON.parse(new TextDecoder().decode(padded.slice(0, length)));
  }
}

async function derived(secret, salt, info, size) {
  const key = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveBits"]);
  const bits = await crypto.subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt, info }, key, size * 8);
  return new Uint8Array(bits);
}
