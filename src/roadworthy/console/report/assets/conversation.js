/* An episode: every turn, every tool call with its arguments, and what the tool said. The record is
   whatever a row holds under `trajectory`; nothing of it is trusted to have the right shape. */
const CALL_KIND = { answered: "pass", error: "inconclusive", malformed: "fail", unknown: "fail", unrecorded: "inconclusive", unapproved: "fail" };
const listOf = (value) => (Array.isArray(value) ? value.filter((one) => one !== null && typeof one === "object") : []);
const written = (value) => (value === undefined || value === null ? "" : pretty(value));

/* The arguments as they can be read: a JSON text laid out, any other text as it is. */
function argumentsOf(text) {
  try { return JSON.stringify(JSON.parse(text), null, 2); } catch { return written(text); }
}

function bubble(kind, role, ...inside) {
  return make("li", { class: `turn ${kind}` }, make("p", { class: "role" }, role), inside);
}

function calledOf(call) {
  const said = call.function ?? {};
  return make("div", { class: "call" }, make("p", { class: "role" }, "calls ", make("code", {}, marked(cut(written(said.name), 200)))),
    prose(argumentsOf(said.arguments), { label: "arguments" }));
}

/* The record's own calls are those that a tool answered last: results of earlier turns came with the case. */
function conversationOf(record) {
  const messages = listOf(record.messages), calls = listOf(record.calls);
  let at = calls.length - messages.filter((message) => message.role === "tool").length;
  return messages.map((message) => {
    const role = written(message.role), text = written(message.content);
    if (role === "tool") {
      const call = calls[at++] ?? {};
      const outcome = written(call.outcome);
      return bubble("tool", [make("code", {}, marked(cut(written(call.tool) || "a tool", 200))), " says ",
        outcome ? badge(cut(outcome, 40), CALL_KIND[outcome] ?? "none") : null], prose(text, { label: "tool result" }));
    }
    return bubble(role === "user" ? "user" : role === "assistant" ? "assistant" : "other", marked(cut(role, 40)),
      text ? prose(text, { label: `${cut(role, 40)} turn` }) : null, listOf(message.tool_calls).map(calledOf));
  });
}

/* The answer that did not leave as one is in no message: the conversation ended with it. */
function endOf(record, answer) {
  if (answer.action === "answered") return null;
  const last = listOf(record.answers).at(-1) ?? {};
  return bubble("withheld", ["assistant ", badge(cut(answer.action, 40), "inconclusive")],
    prose(written(last.text), { label: "what left instead" }));
}

function episodeOf(answer) {
  const record = answer.attributes && answer.attributes.trajectory;
  if (!record || !Array.isArray(record.messages)) return null;
  return [
    part("Conversation", make("ol", { class: "conversation" }, conversationOf(record), endOf(record, answer)),
      record.cut ? make("p", { class: "warning" }, "Cut: ", marked(cut(written(record.cut), 400))) : null),
    holds(record.state) ? part("What the tools left behind", prose(pretty(record.state))) : null,
  ];
}

/* What a scripted user says next, and what is wanted of the answer to it. */
function scriptOf(turn) {
  return [
    turn.user ? [make("p", { class: "role" }, "then the user"), prose(written(turn.user))] : null,
    holds(turn.expect) ? [make("p", { class: "role" }, "wanted of the answer to it"), prose(pretty(turn.expect))] : null,
  ];
}

/* What the case lets be done, and from which words of the user on; an act without it is a violation. */
function approvedOf(approvals) {
  if (!approvals.length) return null;
  return part("Approved", approvals.map((one) => [
    make("p", { class: "role" }, make("code", {}, marked(cut(written(one.tool), 200))),
      one.turn ? ` from the user's turn ${one.turn + 1} on` : " from the beginning"),
    holds(one.when) ? prose(pretty(one.when), { label: "approved arguments" }) : null,
  ]));
}
