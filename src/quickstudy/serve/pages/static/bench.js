// The bench: questions one after the other, answered with one key. The next ones are on the page already, so an answer
// shows the next question at once.
//
// The newest answer is *held*: it is sent with the next answer, after HOLD, or when the page is left. Undo takes a held
// one back before anything was taught or counted. One that was sent is asked again; the new answer replaces it, and
// "forget" takes it out of what was learned. Each answer has a lesson_id of its own, so sending it twice counts once.

import { ask, job, localTimes, send, toast } from "./desk.js";
import { openFinder } from "./finder.js";

const HOLD = 8000;
const SHOWN_DONE = 5;
const KEPT_SKIPS = 150;
const AHEAD = 10; // so many questions are on the page, where there are so many

const bench = document.querySelector("[data-bench]");
const place = bench.querySelector("[data-questions]");
const { kind, order } = bench.dataset;
const part = (name) => bench.querySelector(`[data-${name}]`);
const button = (name) => bench.querySelector(`[data-do="${name}"]`);
const unsentKey = `unsent ${job} ${kind}`;
const skipsKey = `skipped ${job} ${kind}`;

let queue = [...place.children];
let at = 0;
let waiting = Number(part("left").textContent.replaceAll(",", ""));
let held = null;
let past = []; // {id, answer, lesson, article, line, skipped}, the newest last
let skipped = new Set(JSON.parse(sessionStorage.getItem(skipsKey) ?? "[]"));
let mine = new Set(); // answered here, and perhaps still waiting on the server
let filling = null;

const current = () => queue[at] ?? null;
const idOf = (article) => article.dataset.id;
const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");

const unsent = JSON.parse(sessionStorage.getItem(unsentKey) ?? "{}"); // lesson_id to what is sent

function keepUnsent(lesson, body) {
  if (body) unsent[lesson] = body;
  else delete unsent[lesson];
  sessionStorage.setItem(unsentKey, JSON.stringify(unsent));
}

// -- showing

function show({ focus = true } = {}) {
  at = Math.max(0, Math.min(at, queue.length - 1));
  const shown = current();
  for (const article of place.children) article.hidden = article !== shown;
  part("empty").hidden = shown !== null || filling !== null;
  part("deck").hidden = shown === null && past.length === 0;
  part("skipped").hidden = skipped.size === 0;
  for (const name of ["find", "none", "skip"]) button(name).disabled = shown === null;
  button("undo").disabled = past.length === 0;
  const left = Math.max(0, waiting - past.filter((record) => record.answer !== undefined && !record.taught).length);
  part("left").textContent = left.toLocaleString("en");
  if (shown && focus) shown.querySelector(".question-seen").focus({ preventScroll: true });
}

function say(words) {
  part("say").textContent = words;
}

function lineFor(words) {
  const line = document.createElement("li");
  const text = document.createElement("span");
  text.textContent = words;
  line.append(text);
  line.title = words;
  part("done").append(line);
  while (part("done").children.length > SHOWN_DONE) part("done").firstElementChild.remove();
  return line;
}

function words(line, text) {
  line.firstElementChild.textContent = text;
  line.title = text;
}

// -- the queue

async function fill() {
  if (filling || queue.length > 0.7 * AHEAD) return;
  const have = [...queue.map(idOf), ...mine, ...skipped].join(",");
  const address = `/jobs/${job}/questions/${kind}?order=${order}&count=${AHEAD}&have=${have.slice(0, 8000)}`;
  filling = ask(address);
  try {
    const response = await filling;
    waiting = Number(response.headers.get("x-waiting"));
    add(await response.text());
  } catch (error) {
    toast(error.message, true);
  } finally {
    filling = null;
    show({ focus: queue.length > 0 && document.activeElement === document.body });
  }
}

function add(html, { first = false } = {}) {
  const parsed = document.createElement("template");
  parsed.innerHTML = html;
  const known = new Set(queue.map(idOf));
  const fresh = [...parsed.content.children].filter((article) => !known.has(idOf(article)));
  for (const article of fresh) localTimes(article);
  if (first) {
    place.prepend(...fresh);
    queue.unshift(...fresh);
    at = 0;
  } else {
    place.append(...fresh);
    queue.push(...fresh);
  }
  return fresh;
}

function take(article) {
  queue = queue.filter((other) => other !== article);
  article.remove();
}

function putBack(article) {
  place.prepend(article);
  queue.unshift(article);
  at = 0;
}

// -- answering

/** Answers the current question; null says that no option is right; `add` makes the answer an option first. */
function answer(name, { add = false } = {}) {
  const article = current();
  if (!article) return;
  release();
  const shown = name ?? "none of these";
  const line = lineFor(shown);
  line.classList.add("held");
  const record = { id: idOf(article), answer: name, lesson: newId(), article, line, skipped: false };
  held = { record, timer: setTimeout(release, HOLD) };
  keepUnsent(record.lesson, { decision_id: record.id, answer: name, add, lesson_id: record.lesson, kind });
  mine.add(record.id);
  past.push(record);
  past = past.slice(-50);
  take(article);
  show();
  say(`${shown}. ${current() ? "Next question." : "That was the last one."}`);
  fill();
}

/** Sends the held answer. */
async function release() {
  if (!held) return;
  const { record, timer } = held;
  clearTimeout(timer);
  held = null;
  try {
    sent(record, await deliver(unsent[record.lesson]));
  } catch (error) {
    failed(record, error);
  }
}

/** Sends one answer until the server has it; it goes on when the page is left. */
async function deliver(body) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      const response = await send(`/jobs/${job}/answers`, body, { keepalive: true });
      keepUnsent(body.lesson_id, null);
      return await response.json();
    } catch (error) {
      const passing = error.status === undefined || error.status === 503 || error.status === 429;
      if (!passing) keepUnsent(body.lesson_id, null);
      if (!passing || attempt >= 4) throw error;
      await new Promise((done) => setTimeout(done, 400 * 2 ** attempt));
    }
  }
}

function sent(record, told) {
  waiting = told.waiting;
  record.line.classList.remove("held");
  record.taught = true;
  if (kind !== "inbox") {
    const said = record.answer ?? "none of these";
    const different = !told.agreed;
    record.line.classList.toggle("differs", different);
    words(record.line, different ? `${said}; it said ${told.guess ?? "nothing"}` : `${said}; so did it`);
  }
  document.dispatchEvent(new CustomEvent("taught", { detail: told }));
  show({ focus: false });
}

function failed(record, error) {
  record.line.classList.replace("held", "failed");
  past = past.filter((other) => other !== record);
  mine.delete(record.id);
  toast(`Not taught: ${error.message}`, true);
  if (error.status === 404) return;
  putBack(record.article);
  show();
}

function skip() {
  const article = current();
  if (!article) return;
  const id = idOf(article);
  skipped.add(id);
  skipped = new Set([...skipped].slice(-KEPT_SKIPS));
  sessionStorage.setItem(skipsKey, JSON.stringify([...skipped]));
  past.push({ id, article, skipped: true, line: null });
  take(article);
  show();
  say("Skipped.");
  fill();
}

async function undo() {
  const record = past.pop();
  if (!record) return;
  record.line?.remove();
  if (record.skipped) {
    skipped.delete(record.id);
    sessionStorage.setItem(skipsKey, JSON.stringify([...skipped]));
    putBack(record.article);
    show();
    say("Back again.");
    return;
  }
  if (held?.record === record) {
    clearTimeout(held.timer);
    held = null;
    keepUnsent(record.lesson, null);
    mine.delete(record.id);
    putBack(record.article);
    show();
    say("Taken back. Nothing was taught.");
    return;
  }
  await release();
  try {
    const response = await ask(`/jobs/${job}/questions/${kind}?only=${record.id}`);
    const fresh = add(await response.text(), { first: true });
    if (fresh.length) offerForget(fresh[0], record);
    show();
    say(`You answered ${record.answer ?? "none of these"}. A new answer replaces it.`);
  } catch (error) {
    toast(error.message, true);
  }
}

function offerForget(article, record) {
  const banner = article.querySelector(".said");
  if (!banner || !record.lesson) return;
  const forget = document.createElement("button");
  forget.type = "button";
  forget.className = "button small";
  forget.textContent = "Forget it instead";
  forget.addEventListener("click", async () => {
    forget.disabled = true;
    try {
      await send(`/jobs/${job}/withdraw`, { lesson_id: record.lesson });
      banner.textContent = "Forgotten: as if you had never answered.";
    } catch (error) {
      toast(error.message, true);
    }
    show();
  });
  banner.append(" ", forget);
}

function move(steps) {
  at += steps;
  show();
  if (at >= queue.length - 2) fill();
}

// -- keys and buttons

const keys = document.querySelector("[data-keys]");
const single = keys.querySelector("[data-single-keys]");
single.checked = localStorage.getItem("single keys") !== "off";
single.addEventListener("change", () => localStorage.setItem("single keys", single.checked ? "on" : "off"));

function find({ fresh = false } = {}) {
  const article = current();
  if (!article) return;
  const mayAdd = article.hasAttribute("data-may-add");
  openFinder({ fresh, isOpen: mayAdd || article.hasAttribute("data-open"), mayAdd, choose: answer });
}

function none() {
  if (current()?.hasAttribute("data-open")) find({ fresh: true });
  else answer(null);
}

const actions = {
  find: () => find(),
  none,
  skip,
  undo,
  keys: () => keys.showModal(),
  again: () => {
    skipped.clear();
    sessionStorage.removeItem(skipsKey);
    fill();
  },
};
const pressed = { "/": () => find(), n: none, s: skip, u: undo, j: () => move(1), k: () => move(-1), "?": actions.keys };

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.defaultPrevented) return;
  if (document.querySelector("dialog[open]") || event.target.closest("input, textarea, select, [contenteditable]")) return;
  if (!single.checked && event.key !== "?") return;
  if (event.key === "Enter") {
    if (event.target.closest("button, a, summary")) return;
    const guess = current()?.querySelector(".choice-guess");
    if (guess) {
      event.preventDefault();
      answer(guess.dataset.answer);
    }
    return;
  }
  if (/^[1-9]$/.test(event.key)) {
    const choice = current()?.querySelector(`[data-key="${event.key}"]`);
    if (choice) answer(choice.dataset.answer);
    return;
  }
  if (pressed[event.key]) {
    event.preventDefault();
    pressed[event.key]();
  }
});
bench.addEventListener("click", (event) => {
  const choice = event.target.closest("[data-answer]");
  if (choice) answer(choice.dataset.answer);
  const action = event.target.closest("[data-do]");
  if (action) actions[action.dataset.do]();
});
window.addEventListener("pagehide", release);
document.addEventListener("visibilitychange", () => document.hidden && release());

// -- what others do meanwhile

document.addEventListener("desk", ({ detail }) => {
  waiting = detail.counts[kind];
  for (const { id, by } of detail.answered) {
    const article = queue.find((other) => idOf(other) === id);
    if (!article || mine.has(id)) continue;
    if (article === current()) toast(`${by || "Somebody"} has answered this one meanwhile.`);
    else take(article);
  }
  if (detail.changed && queue.length < 2) fill();
  show({ focus: false });
});

for (const body of Object.values(unsent)) {
  mine.add(body.decision_id);
  deliver(body).catch((error) => toast(`Not taught: ${error.message}`, true));
}
queue.filter((article) => mine.has(idOf(article))).forEach(take);
queue.filter((article) => skipped.has(idOf(article))).forEach(take);
show();
fill();
