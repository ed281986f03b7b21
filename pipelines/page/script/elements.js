// Elements of the page. Text of the web enters here, and only as text.

/** Control characters and those that turn or hide text; they are shown, never obeyed. */
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** Return text with every hidden character made visible. */
function visible(text) {
  return String(text).replace(HIDDEN, (sign) => {
    const code = sign.codePointAt(0);
    if (code < 0x20) return String.fromCodePoint(0x2400 + code);
    return `[U+${code.toString(16).toUpperCase().padStart(4, "0")}]`;
  });
}

/** Make an element. Attributes that are null or false are left out; `on` holds listeners; children are nodes or text. */
function make(tag, attributes = {}, ...children) {
  const element = tag === "svg" || SHAPES.has(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") for (const [kind, listener] of Object.entries(value)) element.addEventListener(kind, listener);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

const SVG = "http://www.w3.org/2000/svg";
const SHAPES = new Set(["line", "circle", "path"]);

/** Make an element that keeps the direction of its text to itself. */
function isolated(text, attributes = {}) {
  return make("bdi", attributes, visible(text));
}

/** Make a link of an address of the web; any other address is text. */
function link(address, text, attributes = {}) {
  if (!/^https?:\/\/[^\s]+$/i.test(address) || address.endsWith("…") || !URL.canParse(address)) return isolated(text, attributes);
  return make("a", { href: address, rel: "noopener noreferrer", target: "_blank", ...attributes }, isolated(text));
}

/** Put nodes between other nodes. */
function joined(nodes, between) {
  return nodes.flatMap((node, place) => (place ? [between, node] : [node]));
}
