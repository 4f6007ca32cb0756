// What every page of the desk does: live counts, local times, the theme at once, and small fetches with the session's
// CSRF token. Pages work without it, but for the bench's keys and a new job's columns.

const csrf = document.querySelector('meta[name="csrf"]').content;
export const job = document.body.dataset.job ?? null;

/** fetch with the CSRF token; gives the response, or throws an Error that says what the server said. */
export async function ask(address, options = {}) {
  const headers = { "X-CSRF-Token": csrf, Accept: "application/json, text/html;q=0.5", ...options.headers };
  const response = await fetch(address, { ...options, headers });
  if (response.ok) return response;
  const told = await response.json().then((body) => body.error, () => null);
  const words = told ? `${told.message} ${told.next_step}` : `The server answered ${response.status}.`;
  const error = new Error(response.status === 401 ? "You are signed out. Load the page again and sign in." : words);
  error.status = response.status;
  throw error;
}

export function send(address, body, options = {}) {
  const headers = { "Content-Type": "application/json" };
  return ask(address, { method: "POST", body: JSON.stringify(body), headers, ...options });
}

export function toast(words, bad = false) {
  const shown = document.createElement("p");
  shown.className = bad ? "toast bad" : "toast";
  shown.textContent = words;
  document.querySelector("[data-toasts]").append(shown);
  setTimeout(() => shown.remove(), bad ? 9000 : 4000);
}

/** Puts times that the server wrote in UTC into the reader's zone. */
export function localTimes(within) {
  const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
  const year = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });
  for (const time of within.querySelectorAll("time[datetime]")) {
    const moment = new Date(time.dateTime);
    if (Number.isNaN(moment.getTime())) continue;
    const format = moment.getFullYear() === new Date().getFullYear() ? day : year;
    time.title = moment.toLocaleString();
    time.textContent = format.format(moment);
  }
}

function showCounts(counts) {
  for (const place of document.querySelectorAll("[data-count]")) {
    const name = place.dataset.count;
    if (name === "state") continue;
    const number = name === "inbox" ? counts.inbox + counts.second : counts[name];
    place.textContent = number.toLocaleString("en");
    place.hidden = number === 0;
  }
}

/** Listens while the page is looked at; each message is an event "desk" on the document. */
function listen() {
  let source = null;
  const open = () => {
    if (source || document.hidden) return;
    source = new EventSource(`/jobs/${job}/live`);
    source.onmessage = (message) => {
      const told = JSON.parse(message.data);
      showCounts(told.counts);
      document.dispatchEvent(new CustomEvent("desk", { detail: told }));
    };
  };
  const close = () => { source?.close(); source = null; };
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  window.addEventListener("pagehide", close);
  open();
}

/** Jobs that are not open yet are asked for their line one after the other. */
async function fillGlances() {
  for (const line of document.querySelectorAll("[data-glance-of][data-closed]")) {
    try {
      const response = await ask(`/jobs/${line.dataset.glanceOf}/glance`);
      line.innerHTML = await response.text();
      localTimes(line);
    } catch (error) {
      const words = document.createElement("p");
      words.className = "failure";
      words.textContent = `${line.dataset.glanceOf}: ${error.message}`;
      line.append(words);
    }
  }
}

function keepPreferences(form) {
  form.addEventListener("change", (event) => {
    if (event.target.name !== "theme") return;
    document.documentElement.dataset.theme = event.target.value;
    document.cookie = `quickstudy_theme=${event.target.value}; path=/; max-age=31536000; samesite=strict`;
  });
}

/** A text field that takes an option's name offers those that fit. */
function offerOptions(field) {
  const list = document.getElementById(field.getAttribute("list"));
  let waiting = null;
  field.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      const response = await ask(`/jobs/${job}/options?q=${encodeURIComponent(field.value)}`);
      const { options } = await response.json();
      list.replaceChildren(...options.map(({ name }) => Object.assign(document.createElement("option"), { value: name })));
    }, 80);
  });
}

/** A part that takes long to compute is fetched again in place: soon while it is computed, else when the journal grew. */
function keepFresh() {
  const part = () => document.querySelector("[data-fresh]");
  if (!part()) return;
  let due = null;
  let pause = 1500;
  let newest = 0;
  const again = (wait) => {
    due ??= setTimeout(renew, wait);
  };
  const renew = async () => {
    due = null;
    const response = await ask(location.href, { headers: { Accept: "text/html" } });
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html").querySelector("[data-fresh]");
    if (fresh && fresh.dataset.fresh !== part().dataset.fresh) {
      const open = [...part().querySelectorAll("details")].map((one) => one.open);
      [...fresh.querySelectorAll("details")].forEach((one, number) => (one.open = open[number] ?? false));
      part().replaceWith(document.adoptNode(fresh));
      localTimes(part());
      document.dispatchEvent(new CustomEvent("renewed"));
      pause = 1500;
    } else pause = Math.min(pause * 1.5, 8000);
    if (isOld()) again(pause);
  };
  const isOld = () => {
    const { dataset } = part();
    return "renewing" in dataset || ("follow" in dataset && newest > Number(dataset.fresh));
  };
  if (isOld()) again(pause);
  document.addEventListener("desk", ({ detail }) => {
    newest = detail.seq;
    if (isOld()) again(2000);
  });
}

localTimes(document);
if (job && document.querySelector(".menu a")) listen();
fillGlances();
document.querySelectorAll("[data-preferences]").forEach(keepPreferences);
document.querySelectorAll("input[data-options]").forEach(offerOptions);
keepFresh();
