/* One case: what was asked, what was wanted, and every answer with what looked at it. */
const VERDICT_KIND = { passed: "pass", failed: "fail", flaky: "inconclusive", error: "error", "not judged": "none" };
const badge = (words, kind) => make("span", { class: `badge v-${kind}` }, words);
const part = (title, ...inside) => make("section", { class: "part" }, make("h4", {}, title), ...inside);

function table(caption, heads, rows) {
  const head = make("tr", {}, heads.map((name) => make("th", { scope: "col" }, name)));
  const body = rows.map(([first, ...rest]) =>
    make("tr", {}, make("th", { scope: "row" }, first), rest.map((cell) => make("td", {}, cell))));
  return make("div", { class: "scroll" },
    make("table", {}, make("caption", {}, caption), make("thead", {}, head), make("tbody", {}, body)));
}

function asked(item) {
  if (item.absent) return part("Asked", make("p", { class: "none" }, item.absent, "."));
  const said = [], before = item.turns.filter((turn) => "role" in turn);
  for (const turn of before)
    said.push(make("p", { class: "role" }, String(turn.role ?? "turn")), prose(pretty(turn.content ?? turn)));
  if (Array.isArray(item.input)) {
    for (const message of item.input)
      said.push(make("p", { class: "role" }, String(message.role ?? "message")), prose(pretty(message.content ?? message)));
  } else if (typeof item.input === "object" && item.input !== null) {
    for (const [name, value] of Object.entries(item.input))
      said.push(make("p", { class: "role" }, marked(name)), prose(pretty(value)));
  } else said.push(prose(pretty(item.input), { label: "input" }));
  if (!before.length) said.push(item.turns.map(scriptOf));
  return part("Asked", ...said);
}

function wanted(item) {
  const rows = Object.entries(item.expect);
  if (!rows.length) return part("Wanted", make("p", { class: "none" }, "The case does not say: nothing that it did is right or wrong."));
  return part("Wanted", make("dl", { class: "wanted" }, rows.map(([name, value]) =>
    make("div", {}, make("dt", {}, name), make("dd", {}, prose(pretty(value)))))));
}

function chances(answer, label) {
  const names = Object.entries(answer.probabilities).sort((a, b) => b[1] - a[1]);
  if (!names.length) return null;
  return make("ul", { class: "chances", "aria-label": "probabilities of the labels" }, names.slice(0, 12).map(([name, value]) =>
    make("li", {}, make("span", { class: name === label ? "truth" : "" }, marked(cut(name, 60))),
      make("meter", { min: 0, max: 1, value, "aria-label": name }), make("span", { class: "num" }, value.toFixed(3)))));
}

function scoresOf(answer) {
  const names = [...new Set(Object.keys(answer.scores).map((name) => name.replace(/^raw\./, "")))];
  if (!names.length) return make("p", { class: "none" }, "Nothing scored this answer.");
  const degrees = (answer.attributes && answer.attributes.graded) || {};
  const tone = (name, value) => (name in degrees ? "" : value >= 1 ? "good" : value <= 0 ? "bad" : "");
  const cell = (name, value) => (value === undefined ? "–" : make("span", { class: tone(name, value) }, String(value)));
  return table("Scores", ["score", "released", "raw"], names.map((name) =>
    [marked(name), cell(name, answer.scores[name]), cell(name, answer.scores[`raw.${name}`])]));
}

function railsOf(answer) {
  if (!answer.rails.length) return make("p", { class: "none" }, "No rail looked at this answer.");
  return table("Rails", ["rail", "side", "outcome", "found", "score", "reason"], answer.rails.map((rail) => [
    marked(rail.name), rail.side,
    badge(rail.outcome.replace("_", " "), rail.outcome === "passed" ? "pass" : rail.outcome === "not_checked" ? "error" : "inconclusive"),
    marked(rail.kinds.join(", ")), rail.score === null ? "–" : String(rail.score), marked(rail.reason),
  ]));
}

function textsOf(answer) {
  if (!store.index.texts) return null;
  if (!answer.raw && episodeOf(answer)) return null;
  if (!answer.raw) return part("Released, as the model said it", prose(answer.output, { label: "released output" }));
  return make("div", { class: "two" },
    part("Raw: what the model said", prose(answer.raw, { label: "raw output", fill: (text) => differing(text, answer.output) })),
    part("Released: what left", prose(answer.output, { label: "released output", fill: (text) => differing(text, answer.raw) })));
}

function figures(answer) {
  const found = [["observation", answer.id], ["model", answer.model], ["finish reason", answer.finish],
    ["latency", answer.latency === null ? "" : `${count(Math.round(answer.latency))} ms`],
    ["first token", answer.first_token === null ? "" : `${count(Math.round(answer.first_token))} ms`],
    ["tokens in, out", answer.tokens.join(", ")], ["cost", answer.cost], ["from the cache", answer.cached ? "yes" : ""],
    ["mitigation", answer.mitigation], ["review", answer.review]];
  const { trajectory, ...attributes } = answer.attributes ?? {};
  return make("details", {}, make("summary", {}, "Times, tokens, attributes"),
    make("dl", { class: "proofs" }, found.filter(([, value]) => value).map(([name, value]) =>
      make("div", {}, make("dt", {}, name), make("dd", {}, make("code", {}, marked(value)))))),
    holds(attributes) ? prose(pretty(attributes), { label: "attributes" }) : null);
}

function answerView(answer, item, title) {
  const right = item.label && answer.decision ? (answer.decision === item.label ? "pass" : "fail") : "none";
  return make("article", { class: "answer" },
    make("header", {}, make("h3", {}, title), badge(answer.action, answer.action === "answered" ? "none" : "inconclusive"),
      answer.status === "ok" ? null : badge(answer.status, "error"),
      answer.decision ? badge(cut(answer.decision, 80), right) : null,
      answer.confidence === null ? null : make("span", { class: "says" }, `confidence ${share(answer.confidence)}`)),
    answer.error ? part("Error", prose(answer.error)) : null,
    answer.never.map(([event, kind, by]) => make("p", { class: "warning" }, make("strong", {}, `Never event ${kind}: `), marked(event), ` (found by ${by})`)),
    episodeOf(answer), textsOf(answer), chances(answer, item.label),
    make("div", { class: "two" }, scoresOf(answer), railsOf(answer)), figures(answer));
}

function caseView(item, row) {
  const index = store.index, columns = index.columns;
  const verdict = index.verdicts[columns.verdict[row]], flip = index.flips[columns.flip[row]];
  const several = item.repeats.length > 1;
  return [
    make("p", { class: "marks" }, badge(verdict, VERDICT_KIND[verdict]),
      several ? make("span", { class: "says" }, `${columns.passes[row]} of ${item.repeats.length} repeats right`) : null,
      flip === "fixed" ? badge("fixed", "pass") : flip === "broken" ? badge("broken", "fail") : null,
      make("span", { class: "says" }, "suite ", marked(item.suite))),
    make("p", { class: "marks" }, item.tags.map((tag) => make("span", { class: "tag" }, marked(cut(tag, 200)))),
      Object.entries(item.facets).map(([name, value]) => make("span", { class: "tag facet" }, marked(cut(`${name}=${value}`, 200))))),
    make("div", { class: "two" }, asked(item), wanted(item)),
    approvedOf(item.approvals),
    holds(item.context) ? part("Context", prose(pretty(item.context))) : null,
    item.repeats.map((answer) => answerView(answer, item, several ? `Repeat ${answer.repeat + 1}` : "Answer")),
    item.before.length ? make("details", {}, make("summary", {}, "What the other run answered"),
      item.before.map((answer) => answerView(answer, item, `Other run, repeat ${answer.repeat + 1}`))) : null,
    item.source ? make("p", { class: "says" }, "Source: ", marked(item.source)) : null,
  ].flat(Infinity).filter(Boolean);
}

const dialog = { node: null, list: [], at: 0 };

async function showCase(list, at) {
  Object.assign(dialog, { node: document.getElementById("case"), list, at });
  const row = list[at], item = await caseAt(row);
  const step = (by) => () => { const next = dialog.at + by; if (next >= 0 && next < dialog.list.length) showCase(dialog.list, next); };
  const bar = make("header", { class: "case-bar" },
    make("h2", { id: "case-title", tabindex: "-1" }, marked(cut(item.id, 400))),
    make("div", { class: "case-nav" }, make("span", { class: "says" }, `${count(at + 1)} of ${count(list.length)}`),
      make("button", { type: "button", class: "quiet", onclick: step(-1), disabled: at === 0, title: "k or left arrow" }, "Previous"),
      make("button", { type: "button", class: "quiet", onclick: step(1), disabled: at === list.length - 1, title: "j or right arrow" }, "Next"),
      make("button", { type: "button", class: "quiet", onclick: () => dialog.node.close(), title: "Escape" }, "Close")));
  dialog.node.replaceChildren(bar, make("div", { class: "case-body" }, caseView(item, row)));
  if (!dialog.node.open) dialog.node.showModal();
  dialog.node.scrollTop = 0;
  document.getElementById("case-title").focus();
  history.replaceState(null, "", `#case-${row + 1}`);
}

function readyDialog() {
  const node = document.getElementById("case");
  node.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("pre")) return;
    const by = { ArrowRight: 1, j: 1, ArrowLeft: -1, k: -1 }[event.key];
    if (!by || dialog.at + by < 0 || dialog.at + by >= dialog.list.length) return;
    event.preventDefault();
    showCase(dialog.list, dialog.at + by);
  });
  node.addEventListener("click", (event) => { if (event.target === node) node.close(); });
  node.addEventListener("close", () => {
    history.replaceState(null, "", "#cases");
    document.querySelector(`[data-row="${dialog.list[dialog.at]}"]`)?.focus();
  });
}
