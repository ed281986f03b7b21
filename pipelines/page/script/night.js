// The night: plain numbers at once, tables and texts when they are needed.

const night = JSON.parse(document.getElementById("night").textContent);
const data = { articles: [], events: [], clusters: [], matches: [], lines: [], rejects: [], days: [], first: "", last: "" };
const opened = new Map();

/** Unpack one value of the page; each is unpacked once. */
function unpacked(name, place) {
  const id = `${name}-${place}`;
  if (!opened.has(id)) opened.set(id, unpack(document.getElementById(id).textContent));
  return opened.get(id);
}

async function unpack(encoded) {
  const letters = atob(encoded);
  const bytes = new Uint8Array(letters.length);
  for (let at = 0; at < letters.length; at += 1) bytes[at] = letters.charCodeAt(at);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return JSON.parse(await new Response(stream).text());
}

/** A value of the many that stand in packs of one kind. */
async function valueOf(name, place) {
  const size = night.per_pack[name];
  return (await unpacked(name, Math.floor(place / size)))[place % size];
}

function rowsOf(table) {
  const names = Object.keys(table);
  return table[names[0]].map((_, place) => {
    const row = { place };
    for (const name of names) row[name] = table[name][place];
    return row;
  });
}

function grouped(rows, key) {
  const groups = new Map();
  for (const row of rows) {
    const name = key(row);
    if (groups.has(name)) groups.get(name).push(row);
    else groups.set(name, [row]);
  }
  return groups;
}

/** Read the tables and tie their rows to one another. */
async function load() {
  const tables = await unpacked("tables", 0);
  for (const name of ["articles", "events", "clusters", "matches", "lines", "rejects"]) data[name] = rowsOf(tables[name]);
  for (const article of data.articles) {
    article.source = tables.sources[article.source];
    article.day = dayOf(article.published);
    article.matches = [];
  }
  for (const match of data.matches) {
    for (const side of ["left", "right"]) {
      const at = match[side];
      match[side] = typeof at === "number" ? data.articles[at] : { doc_id: at, title: "", source: "", published: "", day: "", url: "", earlier: true };
      if (!match[side].earlier) match[side].matches.push(match);
    }
  }
  for (const event of data.events) event.articles = [];
  for (const article of data.articles) {
    article.event = data.events[article.event] ?? null;
    article.event?.articles.push(article);
  }
  for (const event of data.events) {
    event.day = dayOf(event.first_published);
    event.matches = [...new Set(event.articles.flatMap((article) => article.matches))];
    event.relations = new Set(event.matches.map((match) => match.relation));
  }
  const clusters = new Map(data.clusters.map((cluster) => [cluster.cluster_id, cluster]));
  for (const article of data.articles) {
    const id = typeof article.cluster === "number" ? data.articles[article.cluster].doc_id : article.cluster;
    article.clusterRow = clusters.get(id) ?? null;
  }
  data.eventOf = new Map(data.events.map((event) => [event.event_id, event]));
  data.storylines = grouped(data.events, (event) => event.storyline_id);
  data.days = [...grouped(data.articles, (article) => article.day)].map(([day, rows]) => [day, rows.length]);
  data.days.sort((one, other) => (one[0] < other[0] ? 1 : -1));
  const known = data.days.map(([day]) => day).filter(Boolean);
  [data.last, data.first] = [known[0] ?? "", mainFirst(known)];
}

/** The first day of the night proper: a stray article of years ago does not stretch it beyond two weeks. */
function mainFirst(days) {
  if (!days.length) return "";
  const last = Date.parse(days[0]);
  return days.filter((day) => last - Date.parse(day) < 14 * 86_400_000).at(-1);
}
