// The slider: what each of its stops would do, in words and in the plot. Nothing changes until it is kept.

let chosen = null; // survives a fresh forecast

function start() {
  const slider = document.querySelector("[data-slider]");
  if (!slider) return;
  const range = slider.querySelector("[data-slider-range]");
  const stops = [...slider.querySelectorAll("[data-slider-stops] > li")].map((stop) => stop.dataset);
  const svg = slider.querySelector(".plot svg");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "line");
  line.setAttribute("class", "plot-mark");
  svg?.append(line);
  const before = stops.findIndex((stop) => stop.target === chosen);
  if (before >= 0) range.value = before;

  const show = () => {
    const stop = stops[Number(range.value)];
    slider.querySelector("[data-slider-target]").textContent = stop.label;
    slider.querySelector("[data-slider-chosen]").value = stop.percent;
    range.setAttribute("aria-valuetext", stop.label);
    for (const place of slider.querySelectorAll("[data-fact]")) place.textContent = stop[place.dataset.fact];
    const tick = svg && [...svg.querySelectorAll("text")].find((text) => text.textContent.trim() === stop.label);
    if (!tick) return;
    const x = tick.getAttribute("x");
    const { height } = svg.viewBox.baseVal;
    for (const [name, value] of Object.entries({ x1: x, x2: x, y1: 6, y2: height - 34 })) line.setAttribute(name, value);
  };
  range.addEventListener("input", () => {
    chosen = stops[Number(range.value)].target;
    show();
  });
  show();
}

start();
document.addEventListener("renewed", start);
