// What the reader asks for: words, a source, a relation, a size, a day.

const form = document.getElementById("filters");
const SIZES = [2, 3, 5, 10, 25, 100];

/** Fill the choices with what the night holds. */
function offer() {
  const choose = (name, options) => form.elements[name].append(...options.map(([value, text]) => make("option", { value }, visible(text))));
  const sources = [...grouped(data.articles, (article) => article.source)].filter(([name]) => name);
  sources.sort((one, other) => other[1].length - one[1].length || (one[0] < other[0] ? -1 : 1));
  choose("source", sources.slice(0, 1000).map(([name, rows]) => [name, `${name} (${number(rows.length)})`]));
  choose("relation", Object.keys(RELATIONS).map((name) => [name, `${RELATIONS[name].name} (${number(night.counts.matches[name])})`]));
  choose("size", SIZES.map((size) => [size, `${size} articles or more`]));
  choose("day", data.days.slice(0, 1000).map(([day, n]) => [day || "none", `${dayInWords(day, { year: true })} (${number(n)})`]));
}

/** What is asked for now. */
function asked() {
  const value = (name) => form.elements[name].value;
  const day = value("day");
  return {
    words: plain(value("text")).split(/\s+/).filter(Boolean),
    source: value("source"),
    relation: value("relation"),
    size: Number(value("size")),
    day: day === "none" ? "" : day || null,
    order: value("order"),
  };
}

function hasWords(row, words, text) {
  if (!words.length) return true;
  row.searched ??= plain(text());
  return words.every((word) => row.searched.includes(word));
}

function eventFits(event, { words, source, relation, size, day }) {
  return (
    (!source || event.articles.some((article) => article.source === source)) &&
    (!relation || event.relations.has(relation)) &&
    (!size || event.n_articles >= size) &&
    (day === null || event.day === day || event.articles.some((article) => article.day === day)) &&
    hasWords(event, words, () =>
      [event.title, ...event.top_terms, ...event.sources, event.event_id, ...event.articles.flatMap((one) => [one.title, one.doc_id])].join("\n"),
    )
  );
}

function matchFits({ left, right, ...match }, row, { words, source, relation, day }) {
  return (
    (!source || left.source === source || right.source === source) &&
    (!relation || match.relation === relation) &&
    (day === null || left.day === day || right.day === day) &&
    hasWords(row, words, () => [left.title, left.doc_id, left.source, right.title, right.doc_id, right.source, match.reason].join("\n"))
  );
}
