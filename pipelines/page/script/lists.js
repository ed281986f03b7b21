// Long lists: a screenful at a time, more as the reader comes near the end.

const STEP = 40;
let watcher = null;

/** Show items in a container; `append` puts one item there. A button does what scrolling does. */
function fill(container, items, append, step = STEP) {
  watcher?.disconnect();
  let shown = 0;
  const more = make("button", { type: "button", class: "more" });
  const end = make("p", { class: "end" }, more);
  const grow = () => {
    for (const item of items.slice(shown, shown + step)) append(item);
    shown = Math.min(shown + step, items.length);
    more.textContent = `Show more (${number(shown)} of ${number(items.length)})`;
    end.hidden = shown >= items.length;
    if (end.hidden) watcher?.disconnect();
  };
  more.addEventListener("click", grow);
  grow();
  container.after(end);
  watcher = new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && grow(), { rootMargin: "900px" });
  if (shown < items.length) watcher.observe(end);
}
