// Shows openapi.json and asyncapi.json. Everything is put together as nodes: no text becomes markup.

const main = document.getElementById("main");
const filter = document.getElementById("filter");

/** An element with attributes and children; a string is a text. */
function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.filter((each) => each !== null && each !== ""));
  return made;
}

/** A line of prose: `code` and **bold** in it. */
function line(text) {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*)/).map((part) => {
    if (part.startsWith("`") && part.length > 2) return el("code", {}, part.slice(1, -1));
    if (part.startsWith("**") && part.length > 4) return el("strong", {}, part.slice(2, -2));
    return part;
  });
}

function cells(row) {
  return row.split("|").slice(1, -1).map((each) => each.trim());
}

function table(rows) {
  const head = cells(rows[0]);
  const body = rows.slice(2).map((row) => el("tr", {}, ...cells(row).map((each) => el("td", {}, ...line(each)))));
  const titles = head.some(Boolean) ? [el("tr", {}, ...head.map((each) => el("th", {}, ...line(each))))] : [];
  return el("table", {}, ...titles, ...body);
}

/** Prose as the pages have it: paragraphs, tables, lists. */
function prose(text) {
  return text.split("\n\n").filter(Boolean).map((each) => {
    const rows = each.split("\n");
    if (rows[0].startsWith("|")) return table(rows);
    if (rows[0].startsWith("- ")) {
      const items = each.split(/(?:^|\n)- /).slice(1);
      return el("ul", {}, ...items.map((item) => el("li", {}, ...line(item.replaceAll("\n", " ")))));
    }
    return el("p", {}, ...line(rows.join(" ")));
  });
}

/** A body as it travels; a form is described by its fields. */
function example(value, kind = "application/json") {
  const form = kind === "application/x-www-form-urlencoded" && typeof value === "object";
  const text = form ? String(new URLSearchParams(value)) : JSON.stringify(value, null, 2);
  return el("pre", { tabindex: "0" }, typeof value === "string" ? value : text);
}

/** The examples of a body, one after the other. */
function bodies(content = {}) {
  return Object.entries(content).flatMap(([kind, { examples = {} }]) => [
    kind === "application/json" ? null : el("p", { class: "quiet" }, kind),
    ...Object.values(examples).map((each) => example(each.value, kind)),
  ]).filter(Boolean);
}

function parameters(list) {
  if (!list.length) return [];
  const rows = list.map((each) =>
    el("tr", {}, el("td", {}, el("code", {}, each.name)), el("td", { class: "quiet" }, each.in === "path" ? "in the path" : "query"),
      el("td", {}, each.example === undefined ? (each.schema.enum ?? []).join(", ") : el("code", {}, String(each.example)))));
  return [el("h4", {}, "Parameters"), el("table", {}, ...rows)];
}

function operation(path, method, found) {
  const asked = bodies(found.requestBody?.content);
  return entry(`${method.toUpperCase()} ${path}`, method.toUpperCase(), path, found.summary.endsWith(path) ? "" : found.summary, found, () => [
    ...prose(found.description ?? ""),
    ...parameters(found.parameters ?? []),
    ...(asked.length ? [el("h4", {}, "Request"), ...asked] : []),
    ...Object.entries(found.responses).flatMap(([status, answer]) => [
      el("h4", {}, `${status} ${answer.description}`), ...bodies(answer.content),
    ]),
  ]);
}

function message(direction, found) {
  const verb = direction === "receive" ? "you send" : "you hear";
  return entry(`${direction} ${found.name}`, verb, found.name, "", found, () => [
    ...prose(found.description ?? ""),
    ...found.examples.map((each) => example(each.payload)),
  ]);
}

/** One line that opens; what is inside is made when it is opened first. */
function entry(id, verb, name, says, found, inside) {
  const what = el("div", { class: "what" });
  const made = el("details", { id: encodeURIComponent(id) },
    el("summary", {}, el("span", { class: "verb" }, verb), el("code", {}, name), el("span", { class: "quiet" }, says)), what);
  made.words = `${verb} ${name} ${says} ${found.description ?? ""}`.toLowerCase();
  made.addEventListener("toggle", () => {
    if (made.open && !what.childNodes.length) what.append(...inside());
  });
  return made;
}

function section(id, title, says, entries) {
  document.getElementById("nav").append(el("a", { href: `#${id}` }, title));
  return el("section", { id }, el("h2", {}, title), ...prose(says), ...entries);
}

function show(http, sockets) {
  const sections = [];
  for (const { name, description } of http.tags) {
    const id = name.toLowerCase();
    const operations = Object.entries(http.paths).flatMap(([path, methods]) =>
      Object.entries(methods).filter(([, found]) => found.tags.includes(name)).map(([method, found]) => operation(path, method, found)));
    sections.push(section(id, `${name} over HTTP`, description, operations));
    const channel = sockets.channels[id];
    if (channel) {
      const messages = Object.keys(channel.messages).map((key) =>
        message(key.split(".")[1], sockets.components.messages[key]));
      sections.push(section(`${id}-socket`, `${name} over WebSocket`, `\`${channel.address}\`: ${channel.description}`, messages));
    }
  }
  main.replaceChildren(...sections);
  main.removeAttribute("aria-busy");
}

function sift() {
  const wanted = filter.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const part of main.querySelectorAll("section")) {
    let here = 0;
    for (const each of part.querySelectorAll("details")) {
      each.hidden = !wanted.every((word) => each.words.includes(word));
      here += each.hidden ? 0 : 1;
    }
    part.hidden = here === 0;
    count += here;
  }
  document.getElementById("count").textContent = wanted.length ? `${count} found` : "";
}

function goToPlace() {
  const target = document.getElementById(location.hash.slice(1));
  if (target instanceof HTMLDetailsElement) target.open = true;
  target?.scrollIntoView();
}

async function description(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

filter.addEventListener("input", sift);
filter.form.addEventListener("submit", (event) => event.preventDefault());
main.addEventListener("click", (event) => {
  const opened = event.target.closest("summary")?.parentElement;
  if (opened) history.replaceState(null, "", `#${opened.id}`);
});
try {
  show(...await Promise.all(["/openapi.json", "/asyncapi.json"].map(description)));
  goToPlace();
} catch (error) {
  main.removeAttribute("aria-busy");
  main.replaceChildren(el("p", { role: "alert" }, `The descriptions cannot be shown: ${error.message}`));
}
