// Page chrome that was removed, by source.

function showSources(content, { words }) {
  const sources = night.sources.map(([name, n_articles, kept, removed, n_lines]) => ({ name, n_articles, kept, removed, n_lines }));
  const lines = grouped(data.lines, (line) => line.source);
  const fitting = sources.filter((source) => !words.length || words.every((word) => plain(source.name).includes(word)));
  const body = make("tbody");
  const head = ["Source", "Articles", "Words kept", "Words removed", "Share removed", "Removed lines"];
  content.append(
    make("h2", { class: "unseen" }, "Chrome removed by source"),
    make("div", { class: "scroll" }, make("table", { class: "sources" },
      make("thead", {}, make("tr", {}, head.map((name, place) => make("th", { scope: "col", class: place ? "number" : null }, name)))), body)));
  fill(content.lastChild, fitting, (source) => body.append(...sourceRows(source, lines.get(source.name) ?? [], head.length)));
  return counted(fitting.length, "source");
}

function sourceRows(source, lines, width) {
  const id = `lines-${(panels += 1)}`;
  const detail = make("tr", { class: "detail", id, hidden: true });
  const toggle = () => {
    if (!detail.firstChild) detail.append(make("td", { colspan: width }, sourceLines(source, lines)));
    detail.hidden = !detail.hidden;
    button.setAttribute("aria-expanded", String(!detail.hidden));
  };
  const name = isolated(source.name || "source unknown");
  const button = make("button", { type: "button", class: "title", "aria-expanded": "false", "aria-controls": id, on: { click: toggle } }, name);
  const meter = make("span", { class: "bar", "aria-hidden": "true" }, make("span"));
  meter.firstChild.style.setProperty("width", `${(100 * source.removed) / Math.max(source.kept + source.removed, 1)}%`);
  const figures = [number(source.n_articles), number(source.kept), number(source.removed)];
  return [
    make("tr", {},
      make("th", { scope: "row" }, lines.length ? button : name),
      figures.map((figure) => make("td", { class: "number" }, figure)),
      make("td", { class: "number" }, meter, make("span", { class: "part" }, share(source.removed, source.kept + source.removed))),
      make("td", { class: "number" }, number(source.n_lines))),
    detail,
  ];
}

function sourceLines(source, lines) {
  const more = source.n_lines - lines.length;
  return [
    make("ul", { class: "lines" }, lines.map((line) =>
      make("li", {}, make("span", { class: "number" }, `${number(line.n_articles)}×`), make("q", {}, isolated(line.text)), make("span", { class: "by" }, isolated(line.reason))))),
    more > 0 && make("p", { class: "note" }, `${counted(more, "more line")} in boilerplate.csv.`),
  ];
}
