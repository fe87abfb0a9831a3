/* What was said so far: kept in this browser under the sheet's digest, and exported as a file. */
const said = { sheet: null, ratings: new Map(), order: [], keeps: true, saved: true };
const placeOf = () => `roadworthy-rating:${said.sheet.sheet}`;

function keep() {
  said.saved = said.ratings.size === 0;
  try {
    localStorage.setItem(placeOf(), JSON.stringify({ ratings: [...said.ratings.values()], order: said.order }));
    said.keeps = true;
  } catch {
    said.keeps = false;
  }
}

/* Only what belongs to this sheet, in the right form: storage and files can hold anything. */
function take(ratings, order) {
  const shown = new Map(said.sheet.items.map((item) => [item.item, item.shown]));
  const offered = new Set(said.sheet.choices.map(([choice]) => choice));
  const text = (value) => (typeof value === "string" ? value.slice(0, 4000) : "");
  let taken = 0;
  for (const one of Array.isArray(ratings) ? ratings : []) {
    if (!one || shown.get(one.item) !== one.shown) continue;
    const choice = offered.has(one.choice) ? one.choice : "", skipped = text(one.skipped).trim();
    if (Boolean(choice) === Boolean(skipped)) continue;
    const seconds = Number.isSafeInteger(one.seconds) && one.seconds >= 0 ? Math.min(one.seconds, 86400) : 0;
    said.ratings.set(one.item, { item: one.item, shown: one.shown, choice, skipped, comment: text(one.comment), seconds });
    taken += 1;
  }
  said.order = (Array.isArray(order) ? order : [...said.ratings.keys()]).filter((item) => said.ratings.has(item));
  return taken;
}

function recall() {
  let kept = null;
  try {
    kept = JSON.parse(localStorage.getItem(placeOf()) || "null");
  } catch {
    said.keeps = false;
  }
  if (kept) take(kept.ratings, kept.order);
}

function put(item, rating) {
  said.ratings.set(item.item, { item: item.item, shown: item.shown, choice: "", skipped: "", comment: "", seconds: 0, ...rating });
  said.order = [...said.order.filter((one) => one !== item.item), item.item];
  keep();
}

function takeBack() {
  const last = said.order.pop();
  if (last !== undefined) { said.ratings.delete(last); keep(); }
  return last;
}

function exported() {
  const { task, sheet, rater, key_id } = said.sheet;
  const ratings = said.sheet.items.map((item) => said.ratings.get(item.item)).filter(Boolean);
  return JSON.stringify({ roadworthy: 1, task, sheet, rater, key_id, ratings }, null, 1) + "\n";
}

function download() {
  const link = make("a", { download: `ratings-${said.sheet.sheet.slice(7, 15)}.json` });
  link.href = URL.createObjectURL(new Blob([exported()], { type: "application/json" }));
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
  said.saved = true;
}
