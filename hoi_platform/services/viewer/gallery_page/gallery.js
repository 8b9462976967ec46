"use strict";
// The page keeps its state in the address, so that a view can be bookmarked. Text of clips is
// only ever set as textContent or as an attribute, never parsed as HTML.
const DATA = window.GALLERY;
const PAGE_SIZE = 48;
const CARD_FIGURES = [
  "mpjpe_mm", "object_translation_moved_mm", "object_rotation_moved_deg", "contact_f1",
];
const VIDEOS = [
  ["recon_comparison", "Side by side"], ["recon_result", "Overlay"],
  ["recon_result_top_view", "From above"], ["input", "Input video"],
];
const FILES = [["page", "3D page"], ["verdict", "verdict.json"], ["hoi_data", "hoi_data"]];

const $ = (id) => document.getElementById(id);
const state = { text: "", state: "", dataset: "", failed: "", sort: "id", order: "up", page: 0, clip: "" };
let shown = [];

function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key === "onclick") node.addEventListener("click", value);
    else if (value !== null && value !== undefined) node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

const link = (path) => [DATA.root, ...path.split("/").map(encodeURIComponent)].join("/");
const words = (name) => name.replaceAll("_", " ");

function number(value, unit = "") {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  const text = size !== 0 && (size < 1e-3 || size >= 1e5) ? value.toExponential(1)
    : Number(value.toPrecision(3)).toString();
  if (unit === "°") return `${text}°`;
  return unit ? `${text} ${unit}` : text;
}

// -- overview --------------------------------------------------------------------------------

function bar(name, count, most, kind, onclick = null, pressed = null) {
  const fill = element("div", { class: `fill ${kind}` });
  fill.style.width = `${most ? (100 * count) / most : 0}%`;
  const share = most ? ` ${Math.round((100 * count) / most)} %` : "";
  return element(onclick ? "button" : "div",
    { class: "row", type: onclick ? "button" : null, onclick, "aria-pressed": pressed },
    element("span", {}, words(name)), element("div", { class: "track" }, fill),
    element("span", { class: "number" }, `${count}`, element("span", { class: "muted" }, share)));
}

function drawOverview() {
  const summary = DATA.summary;
  document.title = DATA.title;
  $("title").textContent = DATA.title;
  $("subtitle").textContent = summary.clips === 1 ? "1 clip" : `${summary.clips} clips`;
  const percent = summary.yield === null ? "–" : `${Math.round(100 * summary.yield)} %`;
  const tiles = [["valid clips", summary.valid], ["judged", summary.judged], ["yield", percent],
    ["valid frames", summary.frames_valid]];
  $("tiles").replaceChildren(...tiles.map(([name, value]) => element("div", {},
    element("dt", {}, name), element("dd", {}, `${value}`))));
  const funnel = Object.entries(summary.funnel);
  $("funnel").replaceChildren(...funnel.map(([name, count]) =>
    bar(name, count, summary.clips, name === "valid" ? "good" : "")));
  const medians = Object.entries(summary.median_accuracy).filter(([name]) => name !== "frames");
  $("medians").replaceChildren(element("tbody", {}, ...(medians.length ? medians.map(figureRow)
    : [element("tr", {}, element("td", { class: "muted" }, "no clip has ground truth"))])));
  drawFailures();
}

function drawFailures() {
  const failures = Object.entries(DATA.summary.failures);
  $("failures").replaceChildren(...(failures.length ? failures.map(([name, count]) =>
    bar(name, count, DATA.summary.judged, "bad", () => {
      set({ failed: state.failed === name ? "" : name });
    }, `${state.failed === name}`)) : [element("span", { class: "muted" }, "none")]));
}

function figureRow([name, value]) {
  const label = DATA.labels[name] ?? { text: words(name), unit: "", better: "neither" };
  const hint = { lower: "lower is better", higher: "higher is better", neither: "" }[label.better];
  return element("tr", { title: hint }, element("td", {}, label.text),
    element("td", { class: "number" }, number(value, label.unit)));
}

// -- filters ---------------------------------------------------------------------------------

function options(id, entries) {
  $(id).replaceChildren(...entries.map(([value, text]) => element("option", { value }, text)));
}

function drawFilters() {
  const datasets = [...new Set(DATA.clips.map((clip) => clip.dataset))].sort();
  const checks = [...new Set(DATA.clips.flatMap((clip) => clip.checks.map((c) => c.name)))];
  options("dataset", [["", "all datasets"], ...datasets.map((name) => [name, name])]);
  options("failed", [["", "any check"], ...checks.map((name) => [name, `failed: ${words(name)}`])]);
  options("sort", [["id", "sort by name"], ["made_at", "sort by time made"],
    ["seconds", "sort by time taken"],
    ...Object.entries(DATA.labels).map(([name, label]) => [`accuracy:${name}`, label.text]),
    ...checks.map((name) => [`check:${name}`, `check: ${words(name)}`])]);
  for (const id of ["text", "state", "dataset", "failed", "sort"]) {
    $(id).addEventListener("input", () => set({ [id]: $(id).value }));
  }
  $("order").addEventListener("click", () => set({ order: state.order === "up" ? "down" : "up" }));
  $("previous").addEventListener("click", () => set({ page: state.page - 1 }));
  $("next").addEventListener("click", () => set({ page: state.page + 1 }));
}

function sortValue(clip) {
  const [kind, name] = state.sort.split(":");
  if (kind === "accuracy") return clip.accuracy[name] ?? null;
  if (kind === "check") return clip.checks.find((check) => check.name === name)?.value ?? null;
  if (kind === "seconds") return Object.values(clip.seconds).reduce((a, b) => a + b, 0);
  return clip[kind] || null;
}

function compare(a, b) {
  const [x, y] = [sortValue(a), sortValue(b)];
  if (x === null || y === null) return (x === null) - (y === null);  // unknown values come last
  const sign = state.order === "up" ? 1 : -1;
  return sign * (typeof x === "string" ? x.localeCompare(y) : x - y);
}

function matches(clip) {
  const text = `${clip.id} ${clip.task} ${clip.state} ${clip.reasons.join(" ")}`.toLowerCase();
  return state.text.toLowerCase().split(/\s+/).every((word) => text.includes(word))
    && (!state.state || clip.state === state.state)
    && (!state.dataset || clip.dataset === state.dataset)
    && (!state.failed || clip.checks.some((c) => c.name === state.failed && !c.passed));
}

// -- cards -----------------------------------------------------------------------------------

function card(clip) {
  const figures = CARD_FIGURES.filter((name) => clip.accuracy[name] != null).map((name) => {
    const label = DATA.labels[name];
    return element("span", {}, `${label.text} `, element("b", {}, number(clip.accuracy[name], label.unit)));
  });
  const more = clip.reasons.length > 2 ? [`and ${clip.reasons.length - 2} more`] : [];
  const reasons = [...clip.reasons.slice(0, 2), ...more].map((reason) =>
    element("span", { class: "reason" }, words(reason)));
  const frames = clip.kept_frames === null ? null
    : element("span", { class: "muted" }, `${clip.kept_frames} of ${clip.total_frames} frames`);
  return element("button", { class: "card", type: "button", onclick: () => set({ clip: clip.id }) },
    media(clip),
    element("div", { class: "text" },
      element("span", { class: "name" }, clip.id),
      element("div", { class: "line" },
        element("span", { class: `badge ${clip.state}` }, clip.state), frames),
      figures.length ? element("div", { class: "figures" }, ...figures) : null, ...reasons));
}

function media(clip) {
  const box = element("div", { class: "media" });
  if (clip.paths.poster) {
    box.append(element("img", { src: link(clip.paths.poster), loading: "lazy", alt: "" }));
  } else box.append(element("span", { class: "none" }, "no picture yet"));
  const video = clip.paths.recon_result;
  if (video) {
    box.addEventListener("mouseenter", () => {
      const player = element("video", { src: link(video), muted: "", loop: "", playsinline: "" });
      player.muted = true;
      player.addEventListener("loadeddata", () => { box.replaceChildren(player); player.play(); });
      box.pending = player;
      player.load();
    });
    box.addEventListener("mouseleave", () => {
      box.pending?.removeAttribute("src");
      box.replaceChildren(element("img", { src: link(clip.paths.poster ?? ""), alt: "" }));
    });
  }
  return box;
}

function drawCards() {
  shown = DATA.clips.filter(matches).sort(compare);
  const pages = Math.max(1, Math.ceil(shown.length / PAGE_SIZE));
  state.page = Math.min(Math.max(state.page, 0), pages - 1);
  const first = state.page * PAGE_SIZE;
  const part = shown.slice(first, first + PAGE_SIZE);
  $("cards").replaceChildren(...(part.length ? part.map(card)
    : [element("p", { class: "empty" }, DATA.clips.length ? "No clip matches." : "No clip yet.")]));
  $("count").textContent = `${shown.length} of ${DATA.clips.length} clips`;
  $("page").textContent = `${state.page + 1} / ${pages}`;
  $("previous").disabled = state.page === 0;
  $("next").disabled = state.page === pages - 1;
  $("order").textContent = state.order === "up" ? "↑" : "↓";
}

// -- one clip --------------------------------------------------------------------------------

function drawDetail() {
  const clip = DATA.clips.find((candidate) => candidate.id === state.clip);
  if (!clip) {
    if ($("detail").open) $("detail").close();
    return;
  }
  $("detail-title").textContent = clip.id;
  $("detail-badge").textContent = clip.state;
  $("detail-badge").className = `badge ${clip.state}`;
  const tabs = VIDEOS.filter(([key]) => clip.paths[key]);
  $("detail-tabs").replaceChildren(...tabs.map(([key, text]) => element("button",
    { type: "button", role: "tab", "data-key": key, onclick: () => play(clip, key) }, text)));
  $("detail-video").hidden = tabs.length === 0;
  if (tabs.length) play(clip, tabs[0][0]);
  $("detail-links").replaceChildren(...FILES.filter(([key]) => clip.paths[key]).map(([key, text]) =>
    element("a", { href: link(clip.paths[key]), target: "_blank", rel: "noopener" }, text)));
  $("detail-checks").replaceChildren(...clip.checks.map(checkRow));
  $("detail-accuracy").replaceChildren(...Object.entries(clip.accuracy).map(figureRow));
  $("detail-stages").replaceChildren(...Object.entries(clip.seconds).map(([stage, seconds]) =>
    element("tr", {}, element("td", {}, words(stage)),
      element("td", { class: "muted" }, (clip.backends[stage] ?? "") + setAside(clip, stage)),
      element("td", { class: "number" }, number(seconds, "s")))));
  const place = shown.indexOf(clip);
  $("detail-previous").disabled = place <= 0;
  $("detail-next").disabled = place < 0 || place === shown.length - 1;
  if (!$("detail").open) $("detail").showModal();
}

function setAside(clip, stage) {
  const shown = stage === "interaction_video" && clip.other_videos.length;
  return shown ? `; set aside: ${clip.other_videos.join(", ")}` : "";
}

function checkRow(check) {
  const sign = { "<=": "≤", ">=": "≥", "==": "=" }[check.comparison];
  const verdict = element("td", { class: check.passed ? "pass" : "fail" }, check.passed ? "✓" : "✗");
  return element("tr", {}, verdict, element("td", {}, words(check.name)),
    element("td", { class: `number ${check.passed ? "" : "fail"}` },
      check.value === null ? "not measurable" : number(check.value, check.unit)),
    element("td", { class: "number muted" }, `${sign} ${number(check.threshold, check.unit)}`));
}

function play(clip, key) {
  for (const tab of $("detail-tabs").children) {
    tab.setAttribute("aria-selected", `${tab.dataset.key === key}`);
  }
  $("detail-video").src = link(clip.paths[key]);
  $("detail-video").play().catch(() => {});  // a browser may forbid it until the user clicks
}

function step(offset) {
  const place = shown.findIndex((clip) => clip.id === state.clip) + offset;
  if (place >= 0 && place < shown.length) set({ clip: shown[place].id });
}

// -- state -----------------------------------------------------------------------------------

function set(change) {
  const resets = !("page" in change || "clip" in change);
  Object.assign(state, change, resets ? { page: 0 } : {});
  const kept = Object.entries(state).filter(([, value]) => value !== "" && value !== 0);
  history.replaceState(null, "", `#${new URLSearchParams(kept.map(([k, v]) => [k, `${v}`]))}`);
  draw(!("clip" in change));
}

function draw(cards = true) {
  if (cards) { drawFailures(); drawCards(); }
  drawDetail();
}

function start() {
  const asked = new URLSearchParams(location.hash.slice(1));
  for (const [key, value] of asked) if (key in state) state[key] = key === "page" ? +value || 0 : value;
  drawOverview();
  drawFilters();
  for (const id of ["text", "state", "dataset", "failed", "sort"]) $(id).value = state[id];
  if (!$("sort").value) { state.sort = "id"; $("sort").value = "id"; }
  $("detail-close").addEventListener("click", () => set({ clip: "" }));
  $("detail").addEventListener("close", () => {
    $("detail-video").removeAttribute("src");
    if (state.clip) set({ clip: "" });
  });
  $("detail").addEventListener("click", (event) => {
    if (event.target === $("detail")) set({ clip: "" });
  });
  $("detail-previous").addEventListener("click", () => step(-1));
  $("detail-next").addEventListener("click", () => step(1));
  document.addEventListener("keydown", (event) => {
    if (state.clip && event.target.tagName !== "VIDEO") {
      if (event.key === "ArrowLeft") step(-1);
      if (event.key === "ArrowRight") step(1);
    }
  });
  draw();
}

start();
