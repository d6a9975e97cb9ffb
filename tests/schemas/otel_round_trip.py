"""Reads log records in the JSON of OTLP with the official messages, writes them as protobuf, reads those, and writes them as
JSON again. Says on one line each what differs: a list of texts, as JSON."""

import json
import sys

from google.protobuf import json_format
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord


def problems(line: bytes) -> list[str]:
    try:
        document = json.loads(line.decode("utf-8"), object_pairs_hook=distinct)
        # Strict: members that the message does not have are refused.
        record = json_format.ParseDict(document, LogRecord())
        again = LogRecord.FromString(record.SerializeToString())
        back = json_format.MessageToDict(again, use_integers_for_enums=True)
    except (ValueError, json_format.ParseError) as error:
        return [str(error)[:500]]
    found = list(repeated(document))
    # An empty list is the same as none, and so is the time 0 ("unknown or missing", logs.proto).
    if back != {name: value for name, value in document.items() if value != [] and (name, value) != ("timeUnixNano", "0")}:
        found.append("another document after the round trip")
    return found


def distinct(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a member comes twice")
    return members


def repeated(value: object):
    """Keys that are not unique in their list, as the data model wants them ("Attribute Collections")."""
    if isinstance(value, list):
        keys = [item["key"] for item in value if isinstance(item, dict) and "key" in item]
        if len(set(keys)) != len(keys):
            yield "a key comes twice: " + next(key for key in keys if keys.count(key) > 1)[:200]
        for item in value:
            yield from repeated(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from repeated(item)


for line in sys.stdin.buffer.read().split(b"\n")[:-1]:
    print(json.dumps(problems(line)))
