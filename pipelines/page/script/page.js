// The page as a whole: the night in numbers, its parts, and which of them is shown.

const VIEWS = {
  events: ["Events", () => night.counts.events, showEvents],
  matches: ["Matches", () => Object.values(night.counts.matches).reduce((sum, n) => sum + n, 0), showMatches],
  chrome: ["Chrome", () => night.sources.length, showSources],
  rejects: ["Rejects", () => night.counts.rejects, showRejects],
};
const element = (id) => document.getElementById(id);
let view = "events";
let only = null;

function showFigures() {
  const { counts } = night;
  const all_words = counts.words + counts.words_removed;
  const figures = [
    [number(counts.articles), "articles", `of ${counted(counts.pages, "page")}${counts.seen ? `, ${number(counts.seen)} seen twice` : ""}`],
    [share(counts.words_removed, all_words), "of words were page chrome", `${number(counts.words_removed)} words removed`, counts.words_removed / all_words],
    [number(counts.copies), "copies", `${share(counts.copies, counts.articles)} of articles, in ${counted(counts.clusters, "cluster")}`, counts.copies / counts.articles],
    [number(counts.matches.overlap), "overlaps", `and ${number(counts.matches.partial)} in part the same text`],
    [number(counts.events), "events", `${number(counts.events_of_many)} of two articles or more`],
    [number(counts.rejects), "rejected", night.reasons.length ? night.reasons.slice(0, 2).map(([reason, n]) => `${number(n)} ${reason.replaceAll("_", " ")}`).join(", ") : "every input was used"],
  ];
  element("figures").append(...figures.map(([figure, label, detail, part]) => {
    const bar = part === undefined ? null : make("span", { class: "bar", "aria-hidden": "true" }, make("span"));
    bar?.firstChild.style.setProperty("width", `${100 * (part || 0)}%`);
    return make("div", {}, make("p", { class: "figure" }, figure), make("p", { class: "label" }, label), bar, make("p", { class: "detail" }, visible(detail)));
  }));
  element("headline").textContent = `${counted(counts.articles, "article")} tell of ${counted(counts.events, "event")}`;
}

function showReach() {
  const days = spanInWords(data.first, data.last);
  element("reach").textContent = days ? ` · ${days}` : "";
  document.title = days ? `A night of news, ${days}` : "A night of news";
  const largest = data.events[0];
  if (largest?.n_articles > 1) {
    element("deck").append("The largest: ", make("a", { href: `#event-${largest.place}` }, isolated(largest.title || largest.event_id)),
      `, in ${counted(largest.n_articles, "article")} of ${counted(largest.n_sources, "source")}.`);
  }
}

const BARS = 14;
const WIDE_BARS = 7;
const HIGHEST = 4.5;

/** Draw a bar per day; among many only the highest is numbered, and months are named where they begin. */
function showDays() {
  const shown = data.days.filter(([day]) => day && day >= data.first).slice(0, BARS).reverse();
  if (shown.length < 2) return;
  const most = Math.max(...shown.map(([, n]) => n));
  const crowded = shown.length > WIDE_BARS;
  const highest = shown.findIndex(([, n]) => n === most);
  element("bars").append(...shown.map(([day, n], place) => {
    const column = make("span", { class: "column" });
    column.style.setProperty("height", `${(Math.max(n / most, 0.02) * HIGHEST).toFixed(2)}rem`);
    const month = ` ${MONTHS[day.slice(5, 7) - 1].slice(0, 3)}`;
    const named = !crowded || place === 0 || day.endsWith("-01");
    const press = () => {
      form.elements.day.value = form.elements.day.value === day ? "" : day;
      if (view !== "matches") location.hash = "events";
      only = null;
      show();
    };
    return make("button", { type: "button", "data-day": day, "aria-pressed": "false", title: crowded ? counted(n, "article") : null, on: { click: press } },
      make("span", { class: "frame" },
        make("span", { class: crowded && place !== highest ? "unseen" : "n" }, number(n), make("span", { class: "unseen" }, n === 1 ? " article on " : " articles on ")),
        column),
      make("span", { class: "name" }, String(Number(day.slice(8))), make("span", { class: named ? crowded && "below" : "unseen" }, month)));
  }));
  element("days").hidden = false;
}

function showColophon() {
  const left = night.left_out;
  const out = [
    left.events && counted(left.events, "event"),
    left.articles && `${counted(left.articles, "article")} of the smallest events`,
    left.matches && counted(left.matches, "match", "matches"),
    left.texts && `the marked texts of ${counted(left.texts, "match", "matches")}`,
    left.lines && counted(left.lines, "removed line"),
    left.rejects && counted(left.rejects, "reject"),
  ].filter(Boolean);
  element("colophon").append(
    make("p", {}, "Times are UTC. Copies are exact or near; an overlap is evidence, not proof. Removed chrome is what stood near the articles; menus far from them are not counted."),
    make("p", {}, out.length ? `Left out, to keep this page small: ${out.join(", ")}. They are in the CSV and JSONL files of its folder.` : "This page holds every row of the report."),
    make("p", {}, "Made by dedup ", visible(night.version), night.inputs.length ? [" from ", ...joined(night.inputs.map((name) => isolated(name)), ", ")] : "", "."));
}

/** Show the part of the report that is chosen, filtered. */
function show() {
  const wanted = asked();
  for (const label of form.querySelectorAll("[data-views]")) label.hidden = !label.dataset.views.split(" ").includes(view);
  for (const anchor of element("views").children) {
    if (anchor.hash === `#${view}`) anchor.setAttribute("aria-current", "page");
    else anchor.removeAttribute("aria-current");
  }
  for (const bar of element("bars").children) bar.setAttribute("aria-pressed", String(bar.dataset.day === wanted.day));
  element("note").hidden = !only;
  element("content").replaceChildren();
  element("found").textContent = VIEWS[view][2](element("content"), wanted, only);
}

/** The address of what is shown behind a pair. */
function address() {
  return only ? `#event-${only.place}` : `#${view}`;
}

/** Follow the address: a part of the report, one event, or one pair. */
function follow() {
  const [, name, place] = location.hash.match(/^#([a-z]+)(?:-(\d+))?$/) ?? [];
  if (name === "match" && data.matches[place]) {
    if (!element("content").firstChild) show();
    compare(data.matches[place]);
    return;
  }
  if (dialog.open) dialog.close();
  if (location.hash === address() && element("content").firstChild) return;
  if (name === "event" && data.events[place]) [view, only] = ["events", data.events[place]];
  else if (name in VIEWS) [view, only] = [name, null];
  else if (element("content").firstChild) return;
  show();
  if (only) element("list").scrollIntoView();
}

async function start() {
  showFigures();
  element("views").append(...Object.entries(VIEWS).map(([name, [title, n]]) =>
    make("a", { href: `#${name}` }, title, " ", make("span", { class: "count" }, number(n())))));
  if (!("DecompressionStream" in window)) {
    element("found").textContent = "This browser is too old to unpack the lists of this page. They are in the CSV files beside it.";
    return;
  }
  await load();
  showReach();
  showDays();
  offer();
  showColophon();
  form.hidden = false;
  element("note").append("One event alone. ", make("a", { href: "#events" }, "Show all events"));
  let waiting = 0;
  const later = () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => { only = null; show(); }, 120);
  };
  form.addEventListener("input", later);
  form.addEventListener("reset", later);
  form.addEventListener("submit", (event) => event.preventDefault());
  document.querySelector(".skip").addEventListener("click", (event) => {
    event.preventDefault();
    element("list").focus();
  });
  dialog.addEventListener("close", () => history.replaceState(null, "", address()));
  addEventListener("hashchange", follow);
  follow();
  performance.mark("opened");
  document.documentElement.dataset.ready = "true";
}

start();
