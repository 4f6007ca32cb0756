// A new job: the first lines of a chosen table are sent to be shown, so that its columns can be picked.

import { ask } from "./desk.js";

const BEGINNING = 256 * 1024;

const form = document.querySelector("[data-new]");
const place = form.querySelector("[data-preview]");
const name = form.elements.name;

form.elements.table.addEventListener("change", async (event) => {
  const [file] = event.target.files;
  place.replaceChildren();
  if (!file) return;
  const beginning = file.slice(0, BEGINNING);
  let bytes = new Uint8Array(await beginning.arrayBuffer());
  if (file.size > BEGINNING) bytes = bytes.slice(0, bytes.lastIndexOf(10) + 1);
  const body = new FormData();
  body.append("table", new Blob([bytes]), file.name);
  try {
    const response = await ask("/new/preview", { method: "POST", body });
    place.innerHTML = await response.text();
  } catch (error) {
    const words = Object.assign(document.createElement("p"), { className: "failure", textContent: error.message });
    words.setAttribute("role", "alert");
    place.replaceChildren(words);
    event.target.value = "";
    return;
  }
  if (!name.value) name.value = file.name.replace(/\.[^.]*$/, "").toLowerCase().replace(/[^a-z0-9_-]+/g, "-").replace(/^[-_]+/, "").slice(0, 64);
});
form.addEventListener("submit", () => {
  form.querySelector("[data-busy]").hidden = false;
  form.querySelector('[type="submit"]').disabled = true;
});
