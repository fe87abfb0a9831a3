/* The list: filters, order, pages. Everything works on columns; texts are searched in blocks. */
const PAGE = 50;
const NONE = { words: "", verdict: "", suite: "", action: "", label: "", decision: "", tag: "", facet: "", rail: "", flip: "", special: "", also: [] };
const list = { filter: { ...NONE }, order: "verdict", down: false, page: 0, rows: [], hits: null, turn: 0 };
const el = {};

const columns = () => store.index.columns;
const tables = () => store.index.tables;

/* Where a case stands in the coverage, as its tags say it. */
const PREFIXES = { hazard: ["hazard:"], technique: ["technique:", "strategy:"], language: ["language:", "lang:"] };
const said = (tags, prefixes) => { const tag = tags.find((one) => prefixes.some((prefix) => one.startsWith(prefix))); return tag ? tag.slice(tag.indexOf(":") + 1) : ""; };

/* Of each entry of a table of sets, whether it fits; so a filter looks at a set once. */
const fits = (entries, test) => entries.map((entry) => (test(entry) ? 1 : 0));

function tests() {
  const { filter } = list, c = columns(), t = tables(), found = [];
  const equal = (name, column, values) => { if (filter[name]) { const at = values.indexOf(filter[name]); found.push((i) => c[column][i] === at); } };
  equal("verdict", "verdict", store.index.verdicts);
  equal("flip", "flip", store.index.flips);
  equal("suite", "suite", t.suite);
  equal("label", "label", t.label);
  if (filter.decision) equal("decision", "decision", t.label);
  const sets = (column, entries, test) => { const good = fits(entries, test); found.push((i) => good[c[column][i]]); };
  if (filter.action) sets("action", t.action, (entry) => entry.split(" | ").includes(filter.action));
  if (filter.tag) sets("tags", t.tags, (entry) => entry.includes(filter.tag));
  if (filter.rail) sets("rails", t.rails, (entry) => entry.includes(filter.rail));
  if (filter.facet) { const [name, value] = JSON.parse(filter.facet); sets("facets", t.facets, (entry) => entry.some((one) => one[0] === name && one[1] === value)); }
  for (const [kind, value] of filter.also) {
    const tagged = t.tags.map((tags) => said(tags, PREFIXES[kind]));
    const faceted = kind === "language" ? t.facets.map((entry) => entry.find((one) => one[0] === "language")?.[1] ?? "") : null;
    found.push((i) => (tagged[c.tags[i]] || (faceted ? faceted[c.facets[i]] : "")) === value);
  }
  if (filter.special === "never") found.push((i) => c.never[i]);
  if (filter.special === "changed") found.push((i) => c.changed[i]);
  if (filter.special === "repeats") found.push((i) => c.repeats[i] > 1);
  if (filter.words) {
    const words = filter.words.toLowerCase(), has = (text) => text.toLowerCase().includes(words);
    const tagged = fits(t.tags, (entry) => entry.some(has)), faceted = fits(t.facets, (entry) => entry.some((one) => has(one.join("="))));
    found.push((i) => list.hits?.has(i) || has(c.id[i]) || tagged[c.tags[i]] || faceted[c.facets[i]]);
  }
  return found;
}

function chosen() {
  const all = tests(), rows = [];
  for (let i = 0; i < store.rows; i++) {
    let good = true;
    for (const test of all) if (!test(i)) { good = false; break; }
    if (good) rows.push(i);
  }
  const key = sortKey();
  if (key) rows.sort((a, b) => { const x = key(a), y = key(b); return (x < y ? -1 : x > y ? 1 : a - b) * (list.down ? -1 : 1); });
  else if (list.down) rows.reverse();
  return rows;
}

function sortKey() {
  const c = columns(), t = tables();
  const rank = (values) => { const order = values.map((value, i) => [String(value), i]).sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0)); const ranks = []; order.forEach(([, i], at) => { ranks[i] = at; }); return ranks; };
  const number = (column) => (i) => c[column][i] ?? (list.down ? -Infinity : Infinity);
  if (list.order === "row") return null;
  if (list.order === "id") return (i) => c.id[i];
  if (["suite", "action", "label", "decision"].includes(list.order)) {
    const ranks = rank(t[list.order === "decision" ? "label" : list.order]);
    return (i) => ranks[c[list.order][i]];
  }
  return number(list.order);
}

const HEADS = [["row", "#"], ["id", "Case"], ["verdict", "Verdict"], ["label", "Wanted"], ["decision", "Decision"], ["confidence", "Confidence"], ["action", "Action"], ["flip", "Flip"], ["repeats", "Repeats"], ["latency", "Latency"]];
const NUMERIC = ["row", "confidence", "repeats", "latency"];
const usedHeads = () => HEADS.filter(([name]) => el.heads.includes(name));

function line(i, at) {
  const c = columns(), t = tables(), index = store.index;
  const verdict = index.verdicts[c.verdict[i]], flip = index.flips[c.flip[i]];
  const cells = {
    row: () => count(i + 1),
    id: () => [make("button", { type: "button", class: "lead", "data-row": i, onclick: () => showCase(list.rows, list.page * PAGE + at) }, marked(c.id[i])),
      make("span", { class: "marks" }, t.tags[c.tags[i]].slice(0, 4).map((tag) => make("span", { class: "tag" }, marked(cut(tag, 40)))), c.never[i] ? badge("never event", "fail") : null)],
    verdict: () => badge(verdict, VERDICT_KIND[verdict]),
    label: () => marked(cut(t.label[c.label[i]], 60)),
    decision: () => marked(cut(t.label[c.decision[i]], 60)),
    confidence: () => share(c.confidence[i]),
    action: () => t.action[c.action[i]],
    flip: () => (flip === "fixed" ? badge(flip, "pass") : flip === "broken" ? badge(flip, "fail") : flip),
    repeats: () => (c.repeats[i] > 1 ? `${c.passes[i]}/${c.repeats[i]}` : "1"),
    latency: () => (c.latency[i] === null ? "–" : `${count(c.latency[i])} ms`),
  };
  return make("tr", {}, usedHeads().map(([name]) => make(name === "id" ? "th" : "td",
    { scope: name === "id" ? "row" : null, class: NUMERIC.includes(name) ? "num" : null }, cells[name]())));
}

function draw() {
  const pages = Math.max(1, Math.ceil(list.rows.length / PAGE));
  list.page = Math.min(Math.max(0, list.page), pages - 1);
  const start = list.page * PAGE, shown = list.rows.slice(start, start + PAGE);
  el.body.replaceChildren(...shown.map(line));
  for (const head of el.head.querySelectorAll("th"))
    head.setAttribute("aria-sort", head.dataset.name !== list.order ? "none" : list.down ? "descending" : "ascending");
  const total = list.rows.length === store.rows ? `${count(store.rows)} cases` : `${count(list.rows.length)} of ${count(store.rows)} cases`;
  el.state.textContent = el.searching ? `${total}; ${el.searching}` : total;
  el.pages.textContent = `page ${count(list.page + 1)} of ${count(pages)}`;
  el.before.disabled = list.page === 0;
  el.after.disabled = list.page >= pages - 1;
  el.empty.hidden = list.rows.length > 0;
}

function refresh() { list.page = 0; list.rows = chosen(); draw(); }

async function search() {
  const turn = ++list.turn, words = list.filter.words;
  list.hits = null; el.searching = "";
  if (!words || !store.index.texts) return refresh();
  list.hits = new Set();
  el.searching = "searching texts …";
  refresh();
  let at = 0, last = performance.now();
  const whole = await searchTexts(words, (number, rows) => {
    at = number + 1;
    for (const row of rows || []) list.hits.add(row);
    if (turn === list.turn && performance.now() - last > 250) {
      last = performance.now();
      el.searching = `searching texts, ${Math.round((100 * at) / store.index.chunks)} %`;
      refresh();
    }
  }, () => turn === list.turn);
  if (whole) { el.searching = ""; refresh(); }
}

/* The choices of a filter by how many cases they hold, the most first; a long tail is searched. */
function choices(name, entries, most = 400) {
  const c = columns(), counts = new Map(), sizes = new Array(entries.length).fill(0);
  for (const at of c[name]) sizes[at]++;
  entries.forEach((entry, at) => { for (const one of entry) counts.set(one, (counts.get(one) || 0) + sizes[at]); });
  return [...counts].filter(([, n]) => n).sort((a, b) => b[1] - a[1]).slice(0, most);
}

function select(name, title, options) {
  const node = make("select", { id: `f-${name}`, onchange: () => { list.filter[name] = node.value; list.filter.also = []; refresh(); } },
    make("option", { value: "" }, "all"), options.map(([value, n, words]) => make("option", { value }, `${cut(words ?? value, 60)} (${count(n)})`)));
  el.filters[name] = node;
  return options.some(([, n]) => n < store.rows) || name === "verdict" ? make("label", {}, make("span", {}, title), node) : null;
}

function filters() {
  const t = tables(), c = columns(), index = store.index;
  const one = (name, values) => choices(name, values.map((value) => (value === "" ? [] : [value])));
  const specials = [["never", c.never.reduce((a, b) => a + b, 0), "never events"], ["changed", c.changed.reduce((a, b) => a + b, 0), "raw and released differ"], ["repeats", c.repeats.filter((n) => n > 1).length, "asked several times"]];
  el.words = make("input", { type: "search", id: "f-words", placeholder: index.texts ? "id, tag, facet, input, output …" : "id, tag, facet …", autocomplete: "off", spellcheck: "false" });
  let timer = 0;
  el.words.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(() => { list.filter.words = el.words.value; search(); }, 220); });
  const facets = choices("facets", t.facets.map((entry) => entry.map((pair) => JSON.stringify(pair)))).map(([value, n]) => [value, n, JSON.parse(value).join(" = ")]);
  return make("form", { class: "filters", role: "search", "aria-label": "Filter the cases", onsubmit: (event) => event.preventDefault() },
    make("label", { class: "words" }, make("span", {}, "Search ", make("kbd", {}, "/")), el.words),
    select("verdict", "Verdict", one("verdict", index.verdicts)), select("flip", "Flip", one("flip", index.flips)),
    select("tag", "Tag", choices("tags", t.tags)), select("facet", "Facet", facets),
    select("action", "Action", choices("action", t.action.map((entry) => entry.split(" | ")))), select("rail", "Rail that acted", choices("rails", t.rails)),
    select("label", "Wanted", one("label", t.label)), select("decision", "Decision", one("decision", t.label)),
    select("suite", "Suite", one("suite", t.suite)), select("special", "Only", specials.filter(([, n]) => n)),
    make("button", { type: "button", class: "quiet", onclick: () => apply({}) }, "Reset"));
}

/* A filter from elsewhere on the page; what was filtered before is let go. */
function apply(wanted) {
  const filter = { ...NONE, also: [] };
  for (const [name, value] of Object.entries(wanted)) {
    if (name === "value" || name === "case") continue;
    if (name === "facet") filter.facet = JSON.stringify([wanted.facet, wanted.value]);
    else if (name in PREFIXES) filter.also.push([name, value]);
    else filter[name] = value;
  }
  list.filter = filter;
  list.hits = null; list.turn++; el.searching = "";
  el.words.value = "";
  for (const [name, node] of Object.entries(el.filters)) {
    const value = filter[name] || "";
    if (value && ![...node.options].some((option) => option.value === value)) node.append(make("option", { value }, cut(value, 60)));
    node.value = value;
  }
  refresh();
}

function follow(event) {
  const node = event.target.closest?.("[data-link]");
  if (!node) return;
  const wanted = store.index.links[Number(node.dataset.link)];
  if (wanted.case !== undefined) { showCase([wanted.case], 0); return; }
  apply(wanted);
  document.getElementById("cases").scrollIntoView();
  el.body.querySelector("button")?.focus({ preventScroll: true });
}

function usefulHeads() {
  const c = columns(), any = (column, test) => c[column].some(test);
  return ["row", "id", "verdict", any("label", (at) => tables().label[at]) && "label", any("decision", (at) => tables().label[at]) && "decision",
    any("confidence", (x) => x !== null) && "confidence", "action", any("flip", (x) => x > 0) && "flip", any("repeats", (n) => n > 1) && "repeats",
    any("latency", (x) => x !== null) && "latency"].filter(Boolean);
}

function build() {
  el.filters = {}; el.searching = ""; el.heads = usefulHeads();
  el.state = make("p", { class: "says", role: "status", "aria-live": "polite" });
  el.head = make("tr", {}, usedHeads().map(([name, words]) => make("th", { scope: "col", "data-name": name, class: NUMERIC.includes(name) ? "num" : null },
    make("button", { type: "button", onclick: () => { list.down = list.order === name ? !list.down : false; list.order = name; refresh(); } }, words))));
  el.body = make("tbody");
  el.empty = make("p", { class: "none" }, "No case fits these filters.");
  const turn = (by) => () => { list.page += by; draw(); };
  el.before = make("button", { type: "button", class: "quiet", onclick: turn(-1) }, "Previous page");
  el.after = make("button", { type: "button", class: "quiet", onclick: turn(1) }, "Next page");
  el.pages = make("span", { class: "says" });
  document.getElementById("case-list").replaceChildren(filters(), el.state,
    make("div", { class: "scroll", role: "region", "aria-label": "Cases", tabindex: "0" },
      make("table", { class: "cases" }, make("caption", { class: "hear" }, "Cases"), make("thead", {}, el.head), el.body)),
    el.empty, make("nav", { class: "pager", "aria-label": "Pages of cases" }, el.before, el.pages, el.after));
}

function openHash() {
  const hit = /^#case-(\d+)$/.exec(location.hash);
  if (hit && Number(hit[1]) >= 1 && Number(hit[1]) <= store.rows) showCase(list.rows, list.rows.indexOf(Number(hit[1]) - 1));
}

readyTheme();
addEventListener("beforeprint", () => { for (const node of document.querySelectorAll("main details:not([open])")) { node.open = true; node.dataset.printed = ""; } });
addEventListener("afterprint", () => { for (const node of document.querySelectorAll("[data-printed]")) { node.open = false; delete node.dataset.printed; } });
openStore().then(() => {
  build(); readyDialog(); refresh(); openHash();
  document.addEventListener("click", follow);
  addEventListener("hashchange", openHash);
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || document.querySelector("dialog[open]") || event.target.closest("input, select, textarea")) return;
    event.preventDefault(); el.words.focus();
  });
  document.documentElement.dataset.ready = String(Math.round(performance.now()));
}).catch((error) => {
  document.getElementById("case-list").replaceChildren(make("p", { class: "warning", role: "alert" }, `The cases cannot be shown: ${error.message}.`));
});
