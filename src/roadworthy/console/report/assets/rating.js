/* One item at a time. Every text goes through `prose` or textContent; nothing makes markup. */
const at = { number: 0, since: 0, gone: 0, skipping: false };
const find = (id) => document.getElementById(id);
const here = () => said.sheet.items[at.number];

function asked(input) {
  if (typeof input === "string") return [prose(input, { label: "What was asked" })];
  if (!Array.isArray(input)) return [prose(pretty(input), { label: "What was asked" })];
  return input.flatMap((turn) => {
    if (typeof turn === "string") return [prose(turn, { label: "What was asked" })];
    const text = typeof turn.content === "string" ? turn.content : pretty(turn.content ?? turn);
    return [make("p", { class: "role" }, String(turn.role ?? "")), prose(text, { label: "A turn" })];
  });
}

function answers(item) {
  const names = said.sheet.sides ? ["Left", "Right"] : ["Answer"];
  const chosen = said.ratings.get(item.item)?.choice;
  return make("div", { class: said.sheet.sides ? "pair" : "pair alone" }, item.texts.map((text, i) =>
    make("article", { class: `said card${chosen === names[i].toLowerCase() ? " chosen" : ""}`, "aria-label": names[i] },
      make("h3", {}, names[i]), prose(text, { label: names[i] }))));
}

function choiceButtons(item) {
  const now = said.ratings.get(item.item);
  const buttons = said.sheet.choices.map(([choice, words], i) =>
    make("button", { type: "button", class: "choice", "aria-pressed": String(now?.choice === choice), onclick: () => say({ choice }) },
      make("kbd", {}, String((i + 1) % 10)), make("span", {}, words)));
  const skip = make("button", { type: "button", class: "choice skipper", "aria-pressed": String(Boolean(now?.skipped)), onclick: openSkip },
    make("kbd", {}, "s"), make("span", {}, now?.skipped ? "Skipped" : "Skip …"));
  return make("div", { class: `choices of-${buttons.length}` }, buttons, skip);
}

function skipForm() {
  const words = make("input", { type: "text", maxlength: "4000", placeholder: "Why can it not be judged?", "aria-label": "Reason for skipping" });
  const go = () => { if (words.value.trim()) say({ skipped: words.value.trim() }); else words.focus(); };
  words.addEventListener("keydown", (event) => {
    if (event.key === "Enter") { event.preventDefault(); go(); }
    if (event.key === "Escape") { event.stopPropagation(); at.skipping = false; draw(); }
  });
  return make("div", { class: "line" }, words, make("button", { type: "button", class: "quiet", onclick: go }, "Skip it"));
}

function commentLine(item) {
  const now = said.ratings.get(item.item);
  const words = make("input", { type: "text", id: "comment", maxlength: "4000", placeholder: "Comment (optional), before you choose", "aria-label": "Comment" });
  words.value = now?.comment ?? "";
  words.addEventListener("keydown", (event) => { if (event.key === "Escape" || event.key === "Enter") { event.preventDefault(); words.blur(); } });
  words.addEventListener("change", () => { const known = said.ratings.get(item.item); if (known) { known.comment = words.value; keep(); } });
  return make("div", { class: "line" }, words);
}

function drawItem() {
  const item = here();
  const parts = [
    make("p", { class: "over" }, `Item ${count(at.number + 1)} of ${count(said.sheet.items.length)}`),
    make("h1", {}, said.sheet.question),
    make("div", { class: "part asked" }, make("h4", {}, "What was asked"), asked(item.input)),
  ];
  if (item.matters) parts.push(make("div", { class: "part" }, make("h4", {}, "What matters here"), prose(item.matters, { label: "What matters" })));
  parts.push(answers(item));
  const bar = make("div", { class: "say", id: "say", tabindex: "-1", role: "group", "aria-label": said.sheet.question }, choiceButtons(item), at.skipping ? skipForm() : commentLine(item));
  find("item").replaceChildren(...parts, bar);
  if (at.skipping) bar.querySelector("input").focus();
}

function drawDots() {
  const dots = said.sheet.items.map((item, i) => {
    const now = said.ratings.get(item.item);
    const state = now ? (now.choice ? "rated" : "skipped") : "open";
    return make("button", { type: "button", class: `dot ${state}`, "aria-current": i === at.number ? "true" : null, "aria-label": `Item ${i + 1}, ${state}`, title: `Item ${i + 1}, ${state}`, onclick: () => go(i) });
  });
  find("dots").replaceChildren(...dots);
}

function drawOver() {
  const open = said.sheet.items.length - said.ratings.size, over = find("over");
  over.hidden = open > 0;
  if (open > 0) return;
  over.replaceChildren(
    make("h2", {}, "That was all of it. Thank you."),
    make("p", {}, "Save your ratings and give the file to whoever sent you this page. You may still change any item below."),
    make("p", {}, make("button", { type: "button", class: "choice save", onclick: save }, "Save ratings")));
}

function draw() {
  drawItem(); drawDots(); drawOver();
  find("bar").value = said.ratings.size;
  find("done").textContent = `${count(said.ratings.size)} of ${count(said.sheet.items.length)}`;
  const unkept = find("unkept");
  unkept.hidden = said.keeps;
  unkept.textContent = said.keeps ? "" : "This browser keeps nothing for this page: save your ratings before you close it.";
}

function go(number) {
  at.number = Math.max(0, Math.min(said.sheet.items.length - 1, number));
  at.since = performance.now(); at.gone = 0; at.skipping = false;
  draw();
  scrollTo(0, 0);
}

/* Seconds that the item was in front of the rater; a page in the background does not count. */
function spent() {
  const now = document.hidden ? 0 : performance.now() - at.since;
  return Math.min(86400, Math.round((at.gone + now) / 1000));
}

function say(rating) {
  const item = here(), before = said.ratings.get(item.item), comment = find("comment")?.value ?? before?.comment ?? "";
  put(item, { ...rating, comment, seconds: Math.min(86400, (before?.seconds ?? 0) + spent()) });
  const open = said.sheet.items.findIndex((one, i) => i > at.number && !said.ratings.has(one.item));
  const any = said.sheet.items.findIndex((one) => !said.ratings.has(one.item));
  go(open >= 0 ? open : any >= 0 ? any : at.number);
  if (any < 0) find("over").scrollIntoView({ block: "nearest" });
}

function openSkip() { at.skipping = !at.skipping; draw(); }

function undo() {
  const last = takeBack();
  if (last !== undefined) go(said.sheet.items.findIndex((item) => item.item === last));
}

function save() { download(); draw(); }

function pressed(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
  const number = "1234567890".indexOf(event.key);
  const acts = { s: openSkip, u: undo, j: () => go(at.number + 1), k: () => go(at.number - 1), c: () => find("comment")?.focus() };
  if (number >= 0 && number < said.sheet.choices.length) say({ choice: said.sheet.choices[number][0] });
  else if (acts[event.key]) acts[event.key]();
  else return;
  event.preventDefault();
}

async function load(event) {
  const file = event.target.files[0];
  if (!file) return;
  let words = "That file holds no ratings of this sheet.";
  try {
    const found = JSON.parse(await file.text());
    if (found.sheet === said.sheet.sheet) words = `${count(take(found.ratings))} ratings taken from the file.`;
  } catch { /* Not JSON: the words say it. */ }
  keep(); go(0);
  find("done").textContent = words;
}

readyTheme();
inflate(find("sheet")).then((text) => {
  said.sheet = JSON.parse(text);
  recall();
  const open = said.sheet.items.findIndex((item) => !said.ratings.has(item.item));
  keep();
  said.saved = true;
  go(Math.max(0, open));
  find("export").addEventListener("click", save);
  find("load").addEventListener("change", load);
  document.addEventListener("keydown", pressed);
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) at.gone += performance.now() - at.since; else at.since = performance.now();
  });
  addEventListener("beforeunload", (event) => { if (!said.keeps && !said.saved) event.preventDefault(); });
  document.documentElement.dataset.ready = "true";
}).catch((error) => {
  find("item").replaceChildren(make("p", { class: "warning", role: "alert" }, `The items cannot be shown: ${error.message}.`));
});
