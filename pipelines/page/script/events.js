// Events: a timeline, and what an event opens to.

const LARGE = 5;
const SOURCES_NAMED = 4;
let panels = 0;

/** Show the events that fit; of one alone, that one, opened. */
function showEvents(content, wanted, only) {
  const events = only ? [only] : data.events.filter((event) => eventFits(event, wanted));
  const byDay = wanted.order !== "size" && !only;
  if (byDay) events.sort((one, other) => (one.day === other.day ? one.place - other.place : one.day < other.day ? 1 : -1));
  const container = make("div", { class: "timeline" });
  content.append(make("h2", { class: "unseen" }, "Events"), container);
  const perDay = grouped(events, (event) => (byDay ? event.day : ""));
  let day = null;
  let list = null;
  fill(container, events, (event) => {
    const own = byDay ? event.day : "";
    if (own !== day) {
      day = own;
      list = make("ol", { class: "events" });
      const title = byDay ? dayInWords(day, { weekday: true, year: true }) : only ? "One event" : "Largest first";
      const n = make("span", { class: "count" }, counted(perDay.get(own).length, "event"));
      container.append(make("section", { class: "day" }, make("h3", {}, title, n), list));
    }
    list.append(eventItem(event, byDay, Boolean(only)));
  });
  return `${counted(events.length, "event")}${events.length < data.events.length ? ` of ${number(data.events.length)}` : ""}`;
}

function eventItem(event, byDay, open) {
  const id = `panel-${(panels += 1)}`;
  const panel = make("div", { class: "panel", id, hidden: true });
  const toggle = () => {
    if (!panel.firstChild) panel.append(...eventPanel(event));
    panel.hidden = !panel.hidden;
    button.setAttribute("aria-expanded", String(!panel.hidden));
  };
  const button = make("button", { type: "button", class: "title", "aria-expanded": "false", "aria-controls": id, on: { click: toggle } }, isolated(event.title || event.event_id));
  const size = event.n_articles >= LARGE ? "large" : event.n_articles > 1 ? "medium" : "small";
  const time = byDay ? timeOf(event.first_published) : event.day ? dayInWords(event.day) : "";
  const item = make("li", { class: `event ${size}` },
    make("p", { class: "when" }, time || make("span", { class: "unseen" }, "no time")),
    make("div", { class: "what" },
      make("h4", {}, button, statusTag(event)),
      make("p", { class: "by" }, sourcesOf(event)),
      event.top_terms.length > 0 && make("p", { class: "terms" }, joined(event.top_terms.slice(0, size === "small" ? 5 : 8).map((term) => isolated(term)), " · ")),
    ),
    make("div", { class: "reach" }, event.n_articles > 1 && strip(event), reachOf(event)),
    panel,
  );
  if (open) toggle();
  return item;
}

/** Say what became of an event or a cluster of an earlier night. */
function statusTag(row) {
  if (row.status === "grown") return [" ", make("span", { class: "tag" }, "grown since an earlier night")];
  if (!row.status.startsWith("merged_into:")) return null;
  const id = row.status.slice("merged_into:".length);
  const other = row.event_id && data.eventOf.get(id);
  const into = other ? make("a", { href: `#event-${other.place}` }, isolated(other.title || id)) : isolated(id);
  return [" ", make("span", { class: "tag" }, "merged into ", into)];
}

function sourcesOf(event) {
  if (!event.sources.length) return "source unknown";
  const named = event.sources.slice(0, SOURCES_NAMED).map((name) => isolated(name));
  const more = event.sources.length - named.length;
  return [...joined(named, ", "), more > 0 ? ` and ${number(more)} more` : ""];
}

/** Say how far an event reaches: articles, texts that differ, days. */
function reachOf(event) {
  const last = dayOf(event.last_published);
  const texts = event.n_clusters < event.n_articles ? `, ${counted(event.n_clusters, "text")}` : "";
  return [
    make("p", {}, make("b", {}, number(event.n_articles)), event.n_articles === 1 ? " article" : " articles", texts),
    event.day && event.day !== last && make("p", {}, spanInWords(event.day, last, false)),
  ];
}

/** Draw when the articles of an event came: a dot each, hollow for copies. */
function strip(event) {
  const [from, to] = [Date.parse(data.first), Date.parse(data.last) + 86_400_000];
  const [width, height, edge] = [180, 16, 5];
  const drawing = make("svg", { class: "strip", viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true", focusable: "false" },
    make("line", { x1: edge, x2: width - edge, y1: height / 2, y2: height / 2 }));
  const dots = event.articles.filter((article) => article.day).slice(0, 200);
  dots.sort((one, other) => (one.relation === "canonical") - (other.relation === "canonical"));
  for (const article of dots) {
    const time = Date.parse(article.published.length === 10 ? `${article.published}T12:00:00Z` : article.published);
    const at = Math.min(Math.max((time - from) / (to - from), 0), 1);
    drawing.append(make("circle", { cx: (edge + at * (width - 2 * edge)).toFixed(1), cy: height / 2, r: 3.5, class: article.relation === "canonical" ? "own" : "copy" }));
  }
  return drawing;
}

// -- an event, opened ---------------------------------------------------------------------------------------------------

function eventPanel(event) {
  const clusters = [...grouped(event.articles, (article) => article.cluster).values()];
  for (const members of clusters) members.sort((one, other) => (other.relation === "canonical") - (one.relation === "canonical"));
  const copies = clusters.filter((members) => members.length > 1 || members[0].relation !== "canonical");
  const single = clusters.filter((members) => !copies.includes(members)).flat();
  const earlier = event.n_articles - event.articles.length;
  const parts = copies.map((members) =>
    make("section", { class: "cluster" },
      make("h5", {}, clusterTitle(members), members[0].clusterRow && statusTag(members[0].clusterRow)),
      make("ul", {}, listed(members, (one) => articleItem(one)))));
  if (single.length) {
    parts.push(make("section", { class: "cluster" },
      copies.length > 0 && make("h5", {}, "Texts of their own"),
      make("ul", {}, listed(single, (one) => articleItem(one)))));
  }
  if (earlier > 0) {
    const why = night.left_out.articles ? "of earlier nights, or left out of this page (all of this night are in articles.csv)" : "of earlier nights";
    parts.push(make("p", { class: "note" }, `${counted(earlier, "more article")} ${why}.`));
  }
  const between = event.matches.filter((match) => match.relation === "partial" || match.relation === "overlap" || match.left.earlier || match.right.earlier);
  if (between.length) {
    parts.push(make("section", { class: "cluster" },
      make("h5", {}, "What they share"),
      make("ul", { class: "matches" }, listed(between, (match) => matchItem(match)))));
  }
  parts.push(eventFacts(event));
  return parts;
}

function clusterTitle(members) {
  const n = Math.max(members[0].clusterRow?.n_articles ?? 0, members.length);
  if (n === 1) return "A copy of an article of an earlier night";
  const earlier = n - members.length;
  return `One text in ${counted(n, "article")}${earlier ? `, ${number(earlier)} of them of ${night.left_out.articles ? "earlier nights or left out" : "earlier nights"}` : ""}`;
}

const LISTED = 60;

/** The first rows as items, and one that shows the rest. */
function listed(rows, item) {
  const items = rows.slice(0, LISTED).map(item);
  if (rows.length > LISTED) {
    const rest = make("li", { class: "rest" }, make("button", { type: "button", on: { click: () => rest.replaceWith(...rows.slice(LISTED).map(item)) } },
      `Show ${number(rows.length - LISTED)} more`));
    items.push(rest);
  }
  return items;
}

function articleItem(article) {
  const copy = article.relation !== "canonical";
  const match = copy ? copyMatch(article) : null;
  const removed = article.n_words_removed ? `, ${number(article.n_words_removed)} of chrome off` : "";
  return make("li", { class: copy ? "article copy" : "article" },
    make("p", { class: "when" }, article.day ? momentInWords(article.published) : "no date"),
    make("div", {},
      make("p", { class: "headline" }, link(article.url, article.title || article.doc_id)),
      make("p", { class: "by" }, isolated(article.source || "source unknown"), ` · ${counted(article.n_words, "word")}${removed}`,
        copy && [" · ", make("em", {}, (RELATIONS[article.relation]?.name ?? article.relation).toLowerCase())]),
    ),
    match ? compareButton(match) : null,
  );
}

/** The match that makes an article a copy: with its canonical, or with the copy that ties it to that. */
function copyMatch(article) {
  const ofCanonical = ({ left, right }) => [left.place, left.doc_id, right.place, right.doc_id].includes(article.canonical);
  return article.matches.find(ofCanonical) ?? article.matches.find(({ relation }) => relation === "exact" || relation === "near");
}

function eventFacts(event) {
  const others = (data.storylines.get(event.storyline_id) ?? []).filter((other) => other !== event);
  const facts = [["Event id", isolated(event.event_id)]];
  if (event.cohesion !== null && event.n_articles > 1) facts.unshift(["Cohesion", `${event.cohesion.toFixed(2)} of 1`]);
  if (others.length) {
    const links = others.slice(0, 8).map((other) => make("a", { href: `#event-${other.place}` }, isolated(other.title || other.event_id)));
    facts.unshift(["Same storyline", [...joined(links, "; "), others.length > 8 ? ` and ${number(others.length - 8)} more` : ""]]);
  }
  return make("dl", { class: "facts" }, facts.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))));
}
