// Finding an option by a part of its name or meaning, or naming a new one: a combobox in a dialog.

import { ask, job } from "./desk.js";

const finder = document.querySelector("[data-finder]");
const text = finder.querySelector("[data-finder-text]");
const list = finder.querySelector("[data-finder-list]");
let wish = { fresh: false, isOpen: false, choose: () => {} };
let found = [];
let marked = 0;
let looking = null;

/**
 * Asks for an option: `fresh` for a new one, `isOpen` where a new one may be named, `mayAdd` where naming it adds it to a
 * list that is closed to others; `choose` is told its name, and whether to `add` it.
 */
export function openFinder(asked) {
  wish = asked;
  finder.querySelector("h2").textContent = wish.fresh ? "A new option" : "Find an answer";
  text.placeholder = wish.fresh ? "The new option's name" : "Type a part of its name";
  text.value = "";
  finder.showModal();
  text.focus();
  look();
}

async function look() {
  const wanted = text.value.trim();
  const response = await ask(`/jobs/${job}/options?q=${encodeURIComponent(wanted)}`);
  const { options } = await response.json();
  if (wanted !== text.value.trim()) return;
  const exact = options.some(({ name }) => name.toLowerCase() === wanted.toLowerCase());
  found = wish.fresh && !exact ? [] : options;
  if (wish.isOpen && wanted && !exact) found = [...found, { name: wanted, meaning: wish.mayAdd ? "add it as a new option" : "a new option", add: wish.mayAdd }];
  marked = wish.fresh ? found.length - 1 : 0;
  list.replaceChildren(...(found.length ? found.map(listed) : [nothing(wanted)]));
  mark(0);
}

function line(className, id) {
  const made = document.createElement("li");
  made.setAttribute("role", "option");
  made.setAttribute("aria-selected", "false");
  if (className) made.className = className;
  if (id) made.id = id;
  return made;
}

function nothing(wanted) {
  const made = line("none");
  made.setAttribute("aria-disabled", "true");
  made.textContent = wanted ? "No option has this name." : "Type its name.";
  return made;
}

function listed({ name, meaning }, number) {
  const made = line("", `found-${number}`);
  made.append(name);
  if (meaning) made.append(Object.assign(document.createElement("small"), { textContent: meaning }));
  made.addEventListener("click", () => choose(number));
  return made;
}

function mark(steps) {
  marked = Math.max(0, Math.min(found.length - 1, marked + steps));
  text.removeAttribute("aria-activedescendant");
  if (!found.length) return;
  [...list.children].forEach((one, number) => one.setAttribute("aria-selected", String(number === marked)));
  text.setAttribute("aria-activedescendant", `found-${marked}`);
  list.children[marked].scrollIntoView({ block: "nearest" });
}

function choose(number) {
  if (!found[number]) return;
  finder.close();
  wish.choose(found[number].name, { add: found[number].add ?? false });
}

text.addEventListener("input", () => {
  clearTimeout(looking);
  looking = setTimeout(look, 40);
});
finder.addEventListener("keydown", async (event) => {
  const steps = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (steps) {
    event.preventDefault();
    mark(steps);
  } else if (event.key === "Enter") {
    event.preventDefault();
    clearTimeout(looking);
    const chosen = found[marked];
    await look();
    choose(Math.max(marked, found.findIndex(({ name }) => name === chosen?.name)));
  }
});
