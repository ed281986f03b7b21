// Matched pairs of articles.

/** Show the pairs that fit, those that are least alike first. */
function showMatches(content, wanted) {
  const matches = data.matches.filter((match) => matchFits(match, match, wanted));
  const order = Object.keys(RELATIONS).reverse();
  matches.sort((one, other) => order.indexOf(one.relation) - order.indexOf(other.relation) || one.place - other.place);
  const list = make("ul", { class: "matches all" });
  content.append(make("h2", { class: "unseen" }, "Matches"), list);
  fill(list, matches, (match) => list.append(matchItem(match)));
  return `${counted(matches.length, "matched pair")}${matches.length < data.matches.length ? ` of ${number(data.matches.length)}` : ""}`;
}

function matchItem(match) {
  return make("li", { class: "match" },
    make("p", { class: `relation ${match.relation}` }, RELATIONS[match.relation]?.name ?? visible(match.relation)),
    make("div", { class: "pair" }, [match.left, match.right].map((side) =>
      make("p", {}, side.earlier
        ? [isolated(side.doc_id), make("span", { class: "by" }, "an article of an earlier night")]
        : [isolated(side.title || side.doc_id), make("span", { class: "by" }, isolated(side.source || "source unknown"), side.day ? ` · ${momentInWords(side.published)}` : "")])),
      make("p", { class: "why" }, isolated(match.reason))),
    compareButton(match),
  );
}

function compareButton(match) {
  const named = [match.left, match.right].map((side) => visible(side.source || side.doc_id)).join(" and ");
  return make("button", { type: "button", class: "compare", "aria-label": `Compare ${named}`, on: { click: () => { location.hash = `match-${match.place}`; } } }, "Compare");
}
