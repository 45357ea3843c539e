"use strict";

// What the page shows: who is signed in, pictures, and a line for all that was sent and heard.

const SIGNS = { sent: "→", heard: "←", refused: "✗", step: "·" };
const HIDDEN = ["password", "access_token", "token"];

const paper = {
  lines: JSON.parse(sessionStorage.getItem("lines") ?? "[]"),

  // A line; lines outlive a reload.
  note(kind, title, detail) {
    const hide = (key, value) => (value && HIDDEN.includes(key) ? "…" : value);
    const words = detail === undefined ? "" : JSON.stringify(detail, hide);
    const line = { kind, title, words, at: Math.round(performance.now()) };
    this.lines.push(line);
    sessionStorage.setItem("lines", JSON.stringify(this.lines));
    this.draw(line);
  },

  draw({ kind, title, words, at }) {
    const item = document.createElement("li");
    item.className = kind;
    for (const [tag, text] of [["time", `${at} ms`], ["b", `${SIGNS[kind]} ${title}`], ["code", words]]) {
      const part = document.createElement(tag);
      part.textContent = text;
      item.append(part);
    }
    document.getElementById("log").append(item);
  },

  who(user) {
    const words = user ? `${user.login} (${user._id}) is signed in` : "nobody is signed in";
    document.getElementById("who").textContent = words;
  },

  // A picture as any page would show it; its size as the browser sees it.
  async show(url) {
    const image = document.createElement("img");
    image.src = url;
    document.getElementById("pictures").append(image);
    await image.decode();
    return [image.naturalWidth, image.naturalHeight];
  },
};

paper.lines.forEach(line => paper.draw(line));
paper.note("step", paper.lines.length ? "the page was reloaded" : "the page was opened");
