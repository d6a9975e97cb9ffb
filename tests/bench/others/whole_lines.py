"""The `decoded` schema with Python's json and base64: whole_lines.py FILE > DOCUMENTS. What decides each detail is
tests/vectors/decode/decoded.json."""

import base64
import json
import re
import sys
import urllib.parse

FACETS = {
    "rules": "rule",
    "ruleVersions": "ruleVersion",
    "ruleMessages": "ruleMessage",
    "ruleTags": "ruleTag",
    "ruleData": "ruleData",
    "ruleSelectors": "ruleSelector",
    "ruleActions": "ruleAction",
}
BASE64 = re.compile(rb"(?:[\w+/-]{4})*(?:[\w+/-]{2}(?:==)?|[\w+/-]{3}=?)?", re.ASCII)
URL_SAFE = bytes.maketrans(b"-_", b"+/")
WHITE_SPACE = b"\t\n\f\r "


def put(target, key, value):
    try:
        target[key] = value.decode()
    except UnicodeDecodeError:
        target[key] = value.decode(errors="replace")
        target[key + "Base64"] = base64.b64encode(value).decode()


def item_of(item):
    text = item.translate(None, WHITE_SPACE)
    if not BASE64.fullmatch(text):
        return item
    text = text.rstrip(b"=").translate(URL_SAFE)
    return base64.b64decode(text + b"=" * (-len(text) % 4))


def rules_of(attack):
    rules = []
    for facet, key in FACETS.items():
        value = attack.get(facet)
        if not value:
            continue
        for number, item in enumerate(urllib.parse.unquote_to_bytes(value).split(b";")):
            if number == len(rules):
                rules.append({})
            put(rules[number], key, item_of(item))
    while rules and not any(rules[-1].values()):
        rules.pop()
    return rules


def headers_of(text):
    lines = []
    for line in urllib.parse.unquote_to_bytes(text).replace(b"\r\n", b"\n").split(b"\n"):
        if line[:1] in (b" ", b"\t") and lines:
            lines[-1] += b"\n" + line
        elif line:
            lines.append(line)
    headers = []
    for line in lines:
        header = {}
        name, colon, value = line.partition(b":")
        if colon:
            put(header, "name", name)
            put(header, "value", value.lstrip(b" \t\n"))
        else:
            put(header, "raw", line)
        headers.append(header)
    return headers


def custom_of(value):
    if not isinstance(value, str) or not value:
        return value
    try:
        text = base64.b64decode(urllib.parse.unquote_to_bytes(value), validate=True).decode()
    except ValueError:
        return value
    return text or value


def decoded(line):
    event = json.loads(line)
    attack = event.get("attackData")
    if isinstance(attack, dict) and not isinstance(attack.get("rules"), list):
        event["attackData"] = out = {}
        for name, value in attack.items():
            if name not in FACETS:
                out[name] = value
            elif "rules" not in out:
                out["rules"] = rules_of(attack)
    message = event.get("httpMessage")
    if isinstance(message, dict):
        for name in ("requestHeaders", "responseHeaders"):
            if isinstance(message.get(name), str):
                message[name] = headers_of(message[name])
    custom = event.get("custom")
    if isinstance(custom, dict):
        for name in custom:
            custom[name] = custom_of(custom[name])
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))


with open(sys.argv[1], encoding="utf-8", newline="\n") as lines, open(1, "w", encoding="utf-8", newline="\n") as out:
    for line in lines:
        out.write(decoded(line))
        out.write("\n")
