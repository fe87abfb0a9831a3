/* Elements and texts. Every text of a case goes through `prose` or textContent, never markup. */
function make(name, properties = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "class") node.className = value;
    else node.setAttribute(key, value === true ? "" : value);
  }
  for (const child of children.flat(Infinity))
    if (child !== null && child !== undefined && child !== "") node.append(child);
  return node;
}

/* Characters that one cannot see, or that turn the order of what follows: shown by their code. */
const UNSEEN = new RegExp(
  "[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f" +
  "\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffb" +
  "\\u{e0000}-\\u{e0fff}]", "gu");
const SHOWN = 20000, MARKED = 2000, PIECE = 4000;

function marked(text) {
  const parts = document.createDocumentFragment();
  let from = 0, count = 0;
  for (const hit of text.matchAll(UNSEEN)) {
    if (++count > MARKED) break;
    const code = `U+${hit[0].codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
    parts.append(text.slice(from, hit.index), make("span", { class: "unseen", "data-code": code }, hit[0]));
    from = hit.index + hit[0].length;
  }
  parts.append(text.slice(from));
  return parts;
}

/* A very long text in pieces that are laid out only where somebody looks. */
function pieces(text) {
  const parts = [];
  for (let from = 0; from < text.length;) {
    const line = text.lastIndexOf("\n", from + PIECE) + 1;
    let to = Math.min(text.length, line > from ? line : from + PIECE);
    if (to < text.length && (text.charCodeAt(to) & 0xfc00) === 0xdc00) to++;
    parts.push(make("span", { class: "piece" }, parts.length < 50 ? marked(text.slice(from, to)) : text.slice(from, to)));
    from = to;
  }
  return parts;
}

/* A text as a block; what is very long is shown in part until somebody asks for all of it. */
function prose(text, options = {}) {
  const block = make("pre", { class: `text ${options.kind || ""}`, tabindex: "0", dir: "auto", "aria-label": options.label });
  if (text.length <= SHOWN) {
    block.append(options.fill ? options.fill(text) : marked(text));
    return block;
  }
  block.append(marked(text.slice(0, SHOWN)));
  const more = make("button", { type: "button", class: "quiet" },
    `Show all ${text.length.toLocaleString("en")} characters`);
  more.addEventListener("click", () => {
    block.replaceChildren(...pieces(text));
    more.remove();
    block.focus();
  });
  return make("div", {}, block, more);
}

/* The middle where two texts differ, marked; the same beginning and end are left as they are. */
function differing(text, other) {
  let start = 0;
  const most = Math.min(text.length, other.length);
  while (start < most && text[start] === other[start]) start++;
  let end = 0;
  while (end < most - start && text[text.length - 1 - end] === other[other.length - 1 - end]) end++;
  const parts = document.createDocumentFragment();
  parts.append(marked(text.slice(0, start)));
  if (text.length - end > start) parts.append(make("mark", {}, marked(text.slice(start, text.length - end))));
  parts.append(marked(text.slice(text.length - end)));
  return parts;
}

const cut = (text, most) => (text.length > most ? `${text.slice(0, most)}…` : text);
const count = (n) => n.toLocaleString("en");
const share = (x) => (x === null || x === undefined ? "–" : x.toFixed(3));
const pretty = (value) => (typeof value === "string" ? value : JSON.stringify(value, null, 2));
const holds = (value) => value && Object.keys(value).length > 0;
