// Inputs that could not be used, and why.

function showRejects(content, { words }) {
  const rejects = data.rejects.filter((row) => hasWords(row, words, () => Object.values(row).join("\n")));
  content.append(
    make("h2", { class: "unseen" }, "Rejected inputs"),
    make("dl", { class: "reasons" }, night.reasons.map(([reason, n, means]) =>
      make("div", {}, make("dt", {}, make("b", {}, number(n)), " ", make("code", {}, visible(reason))), make("dd", {}, means)))));
  const body = make("tbody");
  if (rejects.length) {
    content.append(make("div", { class: "scroll" }, make("table", {},
      make("thead", {}, make("tr", {}, ["Reason", "Article", "Detail", "Where"].map((name) => make("th", { scope: "col" }, name)))), body)));
    fill(content.lastChild, rejects, (row) => body.append(make("tr", {},
      make("td", {}, make("code", {}, visible(row.reason))),
      make("td", {}, isolated(row.doc_id)),
      make("td", {}, isolated(row.detail)),
      make("td", {}, isolated(row.input), row.position ? [", ", isolated(row.position)] : ""))));
  }
  return rejects.length ? counted(night.counts.rejects, "rejected input") : "Nothing was rejected";
}
