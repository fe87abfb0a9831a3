/* The cases: columns of all of them, texts in blocks that are inflated when somebody looks.
   Nothing here makes markup: the page's policy forbids it, and text is set as text. */
const store = { index: null, rows: 0, kept: new Map() };
const KEPT = 12;

function whenWhole() {
  if (document.readyState !== "loading") return Promise.resolve();
  return new Promise((done) => document.addEventListener("DOMContentLoaded", done, { once: true }));
}

async function blockText(number) {
  let node = document.getElementById(`chunk-${number}`);
  if (!node) {
    await whenWhole();
    node = document.getElementById(`chunk-${number}`);
  }
  if (!node) throw new Error("this file was cut off: a block of cases is missing");
  return inflate(node);
}

const named = (names, values) => Object.fromEntries(names.map((name, i) => [name, values[i]]));

function readChunk(text) {
  const chunk = JSON.parse(text);
  return chunk.cases.map((values) => {
    const item = named(store.index.detail, values);
    const rail = ([at, score]) => {
      const [name, side, outcome, kinds, reason, never] = chunk.rails[at];
      return { name, side, outcome, kinds, reason, never, score };
    };
    const answer = (fields) => {
      const found = named(store.index.repeat, fields);
      return { ...found, rails: found.rails.map(rail) };
    };
    return { ...item, repeats: item.repeats.map(answer), before: item.before.map(answer) };
  });
}

function chunkOf(row) {
  const starts = store.index.starts;
  let low = 0, high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle] <= row) low = middle; else high = middle - 1;
  }
  return low;
}

async function caseAt(row) {
  const number = chunkOf(row);
  if (!store.kept.has(number)) {
    store.kept.set(number, readChunk(await blockText(number)));
    if (store.kept.size > KEPT) store.kept.delete(store.kept.keys().next().value);
  }
  return store.kept.get(number)[row - store.index.starts[number]];
}

/* What a search looks at, beside the columns: everything that was asked or said. */
function wordsOf(item) {
  const texts = [item.id, item.input, item.expect, item.turns, item.context, item.source];
  for (const one of [...item.repeats, ...item.before]) {
    texts.push(one.output, one.raw, one.error, one.attributes, one.id);
    for (const rail of one.rails) texts.push(rail.reason);
  }
  return texts.map((text) => (typeof text === "string" ? text : JSON.stringify(text)));
}

/* Rows whose texts hold the words; a block is parsed only where its JSON holds them. */
async function searchTexts(words, found, still) {
  const wanted = words.toLowerCase();
  const escaped = JSON.stringify(wanted).slice(1, -1);
  for (let number = 0; number < store.index.chunks; number++) {
    if (!still()) return false;
    const text = await blockText(number);
    if (!text.toLowerCase().includes(escaped)) { found(number, null); continue; }
    const start = store.index.starts[number];
    const rows = [];
    readChunk(text).forEach((item, i) => {
      if (wordsOf(item).some((one) => one.toLowerCase().includes(wanted))) rows.push(start + i);
    });
    found(number, rows);
  }
  return true;
}

async function openStore() {
  if (typeof DecompressionStream !== "function")
    throw new Error("this browser cannot inflate the cases (it has no DecompressionStream)");
  store.index = JSON.parse(await inflate(document.getElementById("index")));
  store.rows = store.index.columns.id.length;
}
