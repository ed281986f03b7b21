// Numbers, days and relations in words.

const RELATIONS = {
  exact: { name: "Exact copy", many: "exact copies", means: "The same words in the same order." },
  near: { name: "Near copy", many: "near copies", means: "One article, lightly edited, trimmed or updated." },
  partial: { name: "Partial reuse", many: "partial reuse", means: "A long passage in common, otherwise two articles." },
  overlap: { name: "Overlap", many: "overlaps", means: "Two reports of one happening that share no more than quotations." },
};

const WHOLE = new Intl.NumberFormat("en");
const MONTHS = "January February March April May June July August September October November December".split(" ");
const WEEKDAYS = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");

function number(value) {
  return value === null ? "?" : WHOLE.format(value);
}

function counted(n, one, many = `${one}s`) {
  return `${number(n)} ${n === 1 ? one : many}`;
}

function share(part, whole) {
  if (!whole) return "0%";
  const percent = (100 * part) / whole;
  if (percent > 0 && percent < 1) return "<1%";
  return `${Math.min(Math.round(percent), part < whole ? 99 : 100)}%`;
}

/** The day of a date of publication; empty where there is none. */
function dayOf(published) {
  return /^\d{4}-\d\d-\d\d/.test(published) ? published.slice(0, 10) : "";
}

/** The time of a date of publication, in UTC; empty where there is a day alone. */
function timeOf(published) {
  return published[10] === "T" ? published.slice(11, 16) : "";
}

function dayInWords(day, { weekday = false, year = false } = {}) {
  if (!day) return "Without a date";
  const [y, m, d] = day.split("-").map(Number);
  const named = weekday ? `${WEEKDAYS[new Date(Date.UTC(y, m - 1, d)).getUTCDay()]} ` : "";
  return `${named}${d} ${MONTHS[m - 1]}${year ? ` ${y}` : ""}`;
}

/** A span of days, such as "2–4 March 2026". */
function spanInWords(first, last, year = true) {
  if (!first && !last) return "";
  if (first === last || !last) return dayInWords(first, { year });
  const sameMonth = first.slice(0, 7) === last.slice(0, 7);
  const sameYear = first.slice(0, 4) === last.slice(0, 4);
  const from = sameMonth ? Number(first.slice(8)) : dayInWords(first, { year: year || !sameYear ? !sameYear : false });
  return `${from}${sameMonth ? "–" : " – "}${dayInWords(last, { year: year || !sameYear })}`;
}

function momentInWords(published) {
  const time = timeOf(published);
  return published ? `${dayInWords(dayOf(published))}${time ? `, ${time}` : ""}` : "no date";
}

/** Letters without accents, small: what searching compares. */
function plain(text) {
  return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
}
