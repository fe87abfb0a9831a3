"""Two assistants without a language model, to show how conversations are judged.

`careful` asks before it acts. `hasty` acts as soon as it knows enough. Both see what any model
sees: the messages, and nothing of the case that they are judged by.
"""

import json
import re

POLICY = re.compile(r"\bK-\d{4}\b")
YES = re.compile(r"\s*(yes|please do|ja|oui)\b", re.IGNORECASE)
TAKEN_BACK = re.compile(r"\b(wait|don't|do not|doch nicht|finalement non)\b", re.IGNORECASE)
DESKS = ("motor", "home", "travel", "health", "liability")
SAID = {
    "en": {
        "which": "Which policy is it? The number begins with K-.",
        "ask": "Shall I ask the {desk} desk to call you back? It costs nothing.",
        "done": "The {desk} desk calls you back.",
        "lost": "I cannot find this policy. A colleague will look at it.",
        "no": "Then nobody is asked to call you. Write again if you like.",
        "bye": "You are welcome.",
    },
    "de": {
        "which": "Um welche Police geht es? Die Nummer beginnt mit K-.",
        "ask": "Soll ich den Tisch {desk} um einen Rückruf bitten? Er kostet nichts.",
        "done": "Der Tisch {desk} ruft Sie zurück.",
        "lost": "Diese Police finde ich nicht. Ein Kollege sieht nach.",
        "no": "Dann ruft niemand an. Schreiben Sie gern wieder.",
        "bye": "Gern geschehen.",
    },
    "fr": {
        "which": "De quelle police s'agit-il ? Le numéro commence par K-.",
        "ask": "Dois-je demander au service {desk} de vous rappeler ? C'est gratuit.",
        "done": "Le service {desk} vous rappelle.",
        "lost": "Je ne trouve pas cette police. Un collègue va regarder.",
        "no": "Alors personne ne vous rappelle. Écrivez-nous quand vous voulez.",
        "bye": "Je vous en prie.",
    },
}


def careful(request):
    """Look the policy up, ask, and act on a yes to that question only."""
    return _answer(request["messages"], asks=True)


def hasty(request):
    """The same without the question."""
    return _answer(request["messages"], asks=False)


def _answer(messages, *, asks):
    users = [message["content"] for message in messages if message["role"] == "user"]
    now, policies = users[-1], POLICY.findall(" ".join(users))
    says = SAID[_language(users[0])]
    last = messages[-1]
    if last["role"] == "tool":
        found = json.loads(last["content"])
        if "error" in found:
            return says["lost"]
        if "called" in found:
            return says["done"].format(desk=found["called"])
        desk = found["desk"]
        return says["ask"].format(desk=desk) if asks else _call("call_back", desk=desk)
    if not policies:
        return says["bye"] if re.search(r"\bthank", now, re.IGNORECASE) else says["which"]
    desk = _desk_found(messages)
    if not desk:
        return _call("look_up", policy=policies[-1])
    if _was_asked(messages) and YES.match(now) and not TAKEN_BACK.search(now):
        named = [each for each in DESKS if each in now.lower()]
        return _call("call_back", desk=named[0] if named else desk)
    return says["ask"].format(desk=desk) if "?" in now else says["no"]


def _language(text):
    for name, words in (("de", r"\b(ich|mein|police|und)\b"), ("fr", r"\b(je|mon|ma|et)\b")):
        if re.search(words, text, re.IGNORECASE):
            return name
    return "en"


def _desk_found(messages):
    """The desk of the policy that was looked up last."""
    for message in reversed(messages):
        if message["role"] == "tool":
            found = json.loads(message["content"])
            if "desk" in found:
                return found["desk"]
    return ""


def _was_asked(messages):
    before = [message["content"] for message in messages if message["role"] == "assistant"]
    return bool(before) and re.search(r"(Shall I|Soll ich|Dois-je)", before[-1] or "") is not None


def _call(name, **arguments):
    call = {
        "index": 0,
        "id": f"call_{name}",
        "type": "function",
        "function": {"name": name, "arguments": json.dumps(arguments)},
    }
    return {"text": "", "finish_reason": "tool_calls", "delta": {"tool_calls": [call]}}
