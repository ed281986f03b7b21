// Two matched articles side by side, their shared passages marked.

const dialog = document.getElementById("comparison");

async function compare(match) {
  const sides = [match.left, match.right];
  const texts = await Promise.all(sides.map((side) => (side.text >= 0 ? valueOf("texts", side.text) : null)));
  const marks = match.pair >= 0 ? await valueOf("marks", match.pair) : [[], []];
  const n_passages = Math.max(-1, ...marks[0].filter((_, place) => place % 3 === 2)) + 1;
  const terms = match.relation === "overlap" ? termsOf(match.reason) : [];
  const panes = sides.map((side, place) => pane(side, texts[place], marks[place], terms, ["Left", "Right"][place]));
  const relation = RELATIONS[match.relation] ?? { name: visible(match.relation), means: "" };
  dialog.replaceChildren(
    make("header", {},
      make("div", {},
        make("h2", { id: "comparison-title", tabindex: "-1" }, relation.name),
        make("p", { class: "means" }, relation.means),
        make("p", { class: "why" }, "Why: ", isolated(match.reason), ".")),
      make("button", { type: "button", class: "close", on: { click: () => dialog.close() } }, "Close")),
    figuresOf(match),
    passageBar(match, texts, n_passages, panes),
    make("div", { class: "panes" }, panes));
  if (!dialog.open) dialog.showModal();
  dialog.querySelector("h2").focus();
}

function figuresOf(match) {
  const decimal = (value) => (value === null ? "unknown" : value.toFixed(2));
  const figures = [
    ["Shared words", number(match.shared_words)],
    ["Longest passage", number(match.longest_passage_words)],
    ["Left in right", decimal(match.containment_left)],
    ["Right in left", decimal(match.containment_right)],
    ["Jaccard", decimal(match.jaccard)],
    ["Evidence of one event", decimal(match.overlap_score)],
    ["Days apart", match.days_apart === null ? "unknown" : match.days_apart.toFixed(1)],
  ];
  return make("dl", { class: "scores" }, figures.map(([name, value]) => make("div", {}, make("dt", {}, name), make("dd", {}, value))));
}

/** Say what is marked, and walk from passage to passage. */
function passageBar(match, texts, n_passages, panes) {
  if (texts.includes(null) || match.pair < 0) {
    const earlier = match.left.earlier || match.right.earlier;
    const why = earlier ? "One of the two is an article of an earlier night" : "To keep this page small, not all texts are in it";
    return make("p", { class: "note" }, `${why}, so no passages are marked here. The texts of this night are in articles.jsonl; “dedup explain” tells more of any two articles.`);
  }
  if (!n_passages) {
    const marked = panes.every((one) => one.querySelector("mark.term")) ? " What both name is underlined." : "";
    return make("p", { class: "note" }, `They share no passage of five words or more.${marked}`);
  }
  const told = make("span", { role: "status" }, `${counted(n_passages, "shared passage")} of five words or more`);
  let current = -1;
  const go = (to) => {
    current = (to + n_passages) % n_passages;
    told.textContent = `Passage ${number(current + 1)} of ${number(n_passages)}, the longest first`;
    for (const one of panes) {
      for (const mark of one.querySelectorAll("mark")) mark.classList.toggle("current", Number(mark.dataset.passage) === current);
      one.querySelector("mark.current")?.scrollIntoView({ block: "center" });
    }
  };
  for (const one of panes) {
    one.addEventListener("click", (event) => {
      const mark = event.target.closest("mark[data-passage]");
      if (mark) go(Number(mark.dataset.passage));
    });
  }
  return make("p", { class: "passages" },
    make("button", { type: "button", on: { click: () => go(current < 0 ? n_passages - 1 : current - 1) } }, "Previous passage"),
    make("button", { type: "button", on: { click: () => go(current + 1) } }, "Next passage"),
    told);
}

function pane(side, text, marks, terms, label) {
  const title = side.title || side.doc_id;
  const by = side.earlier ? "an article of an earlier night" : [isolated(side.source || "source unknown"), ` · ${momentInWords(side.published)} · ${counted(side.n_words, "word")}`];
  const missing = side.earlier
    ? "Its text is not in this night’s folder."
    : "Its text is not in this page; it is in articles.jsonl.";
  return make("article", { tabindex: "0", "aria-label": `${label} article` },
    make("h3", {}, link(side.url, title)),
    make("p", { class: "by" }, by),
    text === null ? make("p", { class: "note" }, missing) : make("div", { class: "text", dir: "auto" }, paragraphs(text, marks, terms)));
}

/** Return what the reason of an overlap says that both articles name, as patterns; of long words the end may differ. */
function termsOf(reason) {
  const listed = (beginning) => reason.split("; ").filter((part) => part.startsWith(beginning)).flatMap((part) => part.slice(beginning.length).split(", "));
  return [...listed("both name "), ...listed("both say ")].filter((term) => term.trim()).map((term) => {
    const words = term.match(/[\p{L}\p{N}]+(?:[.,][\p{N}]+)*/gu) ?? [];
    const patterns = words.map((word) => (word.length > 4 && /^\p{L}+$/u.test(word) ? `${word.slice(0, -1)}[\\p{L}]{0,3}` : word.replaceAll(".", "\\.")));
    return words.length ? new RegExp(`(?<![\\p{L}\\p{N}])${patterns.join("[ -]")}(?![\\p{L}\\p{N}])`, "giu") : null;
  }).filter(Boolean);
}

/** Write a text with the terms in it underlined. */
function underlined(text, terms) {
  const found = terms.flatMap((term) => [...text.matchAll(term)].map((one) => [one.index, one.index + one[0].length]));
  found.sort((one, other) => one[0] - other[0] || other[1] - one[1]);
  const parts = [];
  let at = 0;
  for (const [from, to] of found) {
    if (from < at) continue;
    parts.push(visible(text.slice(at, from)), make("mark", { class: "term" }, visible(text.slice(from, to))));
    at = to;
  }
  return [...parts, visible(text.slice(at))];
}

/** Write a text as paragraphs; `marks` are start, end and number of each piece of a shared passage, in order. */
function paragraphs(text, marks, terms) {
  const made = [];
  let start = 0;
  let next = 0;
  for (const line of text.split("\n")) {
    const end = start + line.length;
    const parts = [];
    let at = start;
    while (next < marks.length && marks[next] < end) {
      const [from, to] = [Math.max(marks[next], at), Math.min(marks[next + 1], end)];
      if (from > at) parts.push(...underlined(text.slice(at, from), terms));
      if (to > from) parts.push(make("mark", { "data-passage": marks[next + 2] }, visible(text.slice(from, to))));
      at = Math.max(at, to);
      if (marks[next + 1] > end) break;
      next += 3;
    }
    if (at < end) parts.push(...underlined(text.slice(at, end), terms));
    if (parts.length) made.push(make("p", { dir: "auto" }, parts));
    start = end + 1;
  }
  return made;
}
