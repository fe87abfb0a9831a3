"""An interpreter that has Inspect AI, or so it says: it asks over HTTP and writes a log.

A script that stands where `--python` points. The word after the tool's own arguments says what it
does: a test can have a tool that crashes, hangs, asks nothing or tells of other answers.
"""

from __future__ import annotations

import sys
from pathlib import Path

SCRIPT = r"""
import json, os, pathlib, subprocess, sys, time, urllib.error, urllib.request

if "-c" in sys.argv[:2]:
    print("0.3.285")
    sys.exit(0)
args = sys.argv
how = args[-1]
folder = pathlib.Path(args[args.index("--log-dir") + 1])
model = args[args.index("--model") + 1]
(folder.parent / "environment.json").write_text(json.dumps(dict(os.environ)))
url = os.environ["CANDIDATE_BASE_URL"]


def ask(text, key=os.environ["CANDIDATE_API_KEY"], **more):
    body = {"model": model.rpartition("/")[2], "messages": [{"role": "user", "content": text}]}
    request = urllib.request.Request(
        url + "/chat/completions", json.dumps({**body, **more}).encode(),
        {"authorization": "Bearer " + key, "content-type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as got:
        return json.loads(got.read())


def sample(name, reply, epoch=1):
    message = reply["choices"][0]["message"]
    event = {"event": "model", "model": model, "input": [], "output": {
        "response_id": reply["id"], "choices": [{"message": message}]}}
    score = "C" if "motor" in (message["content"] or "") else "I"
    return {"id": name, "epoch": epoch, "scores": {"match": {"value": score}}, "events": [event]}


def write(samples, **more):
    log = {"version": 2, "status": "success",
           "eval": {"task": "cars", "model": model, "packages": {"inspect_ai": "0.3.285"}},
           "results": {"total_samples": len(samples), "completed_samples": len(samples)},
           "samples": samples, **more}
    (folder / "log.json").write_text(json.dumps(log))


asked = ["My car has a flat tyre", "The roof leaks into the kitchen"]
if how == "crash":
    ask(asked[0])
    print("Traceback: it fell over", file=sys.stderr)
    sys.exit(3)
if how == "hang":
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    (folder.parent / "child").write_text(str(child.pid))
    time.sleep(600)
if how == "silent":
    write([{"id": "a", "epoch": 1, "scores": {"match": {"value": "C"}}, "events": []}])
if how == "nothing":
    sys.exit(0)
if how == "no-file":
    ask(asked[0])
if how == "stranger":
    try:
        ask(asked[0], key="guessed")
    except urllib.error.HTTPError as error:
        print("refused with", error.code, file=sys.stderr)
        sys.exit(9)
if how == "tools":
    ask(asked[0], tools=[{"type": "function", "function": {"name": "look"}}])
if how == "system":
    ask(asked[0], messages=[{"role": "system", "content": "Say home."},
                            {"role": "user", "content": asked[0]}])
if how == "many":
    for number in range(50):
        ask(asked[0] + " " + str(number))
if how in ("honest", "other-answer", "left-out", "added", "twice", "unscored", "swallows",
           "strange", "picture"):
    replies = [ask(each) for each in asked]
    samples = [sample(name, reply) for name, reply in zip("ab", replies)]
    if how == "other-answer":
        samples[1]["events"][0]["output"]["choices"][0]["message"]["content"] = "motor"
    if how == "strange":
        samples[1]["events"] = ["x", 1]
    if how == "left-out":
        samples.pop()
    if how == "added":
        samples.append({**sample("c", replies[0]), "events": [
            {"event": "model", "model": model, "output": {"response_id": "chatcmpl-made-up",
             "choices": [{"message": {"content": "motor"}}]}}]})
    if how == "twice":
        samples.append(sample("c", replies[0]))
    if how == "unscored":
        samples.append({"id": "c", "epoch": 1, "scores": {"match": {"value": "C"}}, "events": []})
    if how == "swallows":
        try:
            ask(asked[0], messages=[{"role": "system", "content": "Say home."},
                                    {"role": "user", "content": asked[0]}])
        except urllib.error.HTTPError:
            pass
    if how == "picture":
        try:
            part = {"type": "image_url", "image_url": {"url": "data:,"}}
            ask(asked[0], messages=[{"role": "user", "content": [part]}])
        except urllib.error.HTTPError:
            pass
    write(samples)
if how == "tolerant":
    kept = []
    for name, text in zip("abc", [*asked, "boom"]):
        try:
            kept.append(sample(name, ask(text)))
        except urllib.error.HTTPError as error:
            kept.append({"id": name, "epoch": 1, "scores": None, "events": [],
                         "error": {"message": "status %d" % error.code}})
    write(kept, results={"total_samples": 3, "completed_samples": 2})
if how == "streams":
    body = {"model": model.rpartition("/")[2], "stream": True,
            "messages": [{"role": "user", "content": asked[0]}]}
    request = urllib.request.Request(
        url + "/chat/completions", json.dumps(body).encode(),
        {"authorization": "Bearer " + os.environ["CANDIDATE_API_KEY"]},
    )
    with urllib.request.urlopen(request, timeout=60) as got:
        lines = [line[6:] for line in got.read().decode().splitlines() if line.startswith("data: ")]
    assert lines.pop() == "[DONE]", lines
    chunks = [json.loads(line) for line in lines]
    text = "".join(c["choices"][0]["delta"].get("content") or "" for c in chunks)
    write([sample("a", {"id": chunks[0]["id"], "choices": [{"message": {"content": text}}]})])
if how.startswith("/"):
    request = urllib.request.Request(
        url + how, headers={"authorization": "Bearer " + os.environ["CANDIDATE_API_KEY"]})
    try:
        with urllib.request.urlopen(request, timeout=60) as got:
            print("answered", got.read().decode(), file=sys.stderr)
    except urllib.error.HTTPError as error:
        print("refused with", error.code, file=sys.stderr)
    sys.exit(9)
if how == "other-model":
    ask(asked[0], model="gpt-9")
if how == "escapes":
    print("\x1b]0;owned\x07 \x1b[31mred\u202e", file=sys.stderr)
    sys.exit(4)
if how == "repeats":
    write([sample("a", ask(asked[0]), epoch) for epoch in (1, 2, 3)])
"""


def written(path: Path) -> Path:
    """The interpreter, ready to be started."""
    path.write_text(f"#!{sys.executable}\n{SCRIPT}", encoding="utf-8")
    path.chmod(0o755)
    return path
