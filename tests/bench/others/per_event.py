"""Rules only, an event at a time, as connectors in Python do it that send each event on: per_event.py FILE > DOCUMENTS.
Headers stay as they came."""

import base64
import json
import sys
from urllib.parse import unquote

FIELDS = ("rules", "ruleVersions", "ruleMessages", "ruleTags", "ruleData", "ruleSelectors", "ruleActions")


def decode_field(value):
    items = []
    for item in unquote(value).split(";"):
        padded = item + "=" * (-len(item) % 4)
        try:
            items.append(base64.b64decode(padded).decode("utf-8", errors="replace"))
        except ValueError:
            items.append(item)
    return items


def decode_event(event):
    attack = event.get("attackData", {})
    for field in FIELDS:
        if isinstance(attack.get(field), str):
            attack[field] = decode_field(attack[field])
    return event


with open(sys.argv[1], encoding="utf-8", newline="\n") as lines, open(1, "w", encoding="utf-8", newline="\n") as out:
    for line in lines:
        event = decode_event(json.loads(line))
        out.write(json.dumps(event))
        out.write("\n")
        out.flush()
