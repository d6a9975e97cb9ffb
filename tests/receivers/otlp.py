"""An OTLP/HTTP receiver of logs that decodes with the official messages (opentelemetry-proto) and keeps every record.

otlp.py PORT; it ends when its stdin does. A request with a field that the messages do not have is refused with 400.
GET /records: all records so far, in order, which are forgotten then. POST /reject: rejects, as a partial success, records
that contain the text of the body from now on.
"""

import base64
import gzip
import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from google.protobuf import json_format
from google.protobuf.message import DecodeError
from google.protobuf.unknown_fields import UnknownFieldSet
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest, ExportLogsServiceResponse

PORT = int(sys.argv[1])
PROTOBUF, JSON = "application/x-protobuf", "application/json"
LOCK = threading.Lock()
records = []
rejected = b""


class Refused(Exception):
    pass


def assert_known(message):
    """No field anywhere that the message's definition does not have."""
    if len(UnknownFieldSet(message)):
        raise Refused(f"{message.DESCRIPTOR.full_name} has unknown fields")
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        for part in value if field.is_repeated else [value]:
            assert_known(part)


def decoded(content_type, body):
    try:
        if content_type == PROTOBUF:
            request = ExportLogsServiceRequest.FromString(body)
            assert_known(request)
            return request
        # Unknown members are errors; nothing here has a traceId, which OTLP writes otherwise than Protocol Buffers do.
        return json_format.Parse(body, ExportLogsServiceRequest())
    except (DecodeError, json_format.ParseError, UnicodeDecodeError) as error:
        raise Refused(str(error)) from error


def plain(value):
    """An AnyValue as JSON has it."""
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [plain(item) for item in value.array_value.values]
    if kind == "kvlist_value":
        return pairs(value.kvlist_value.values)
    if kind == "bytes_value":
        return {"bytes": base64.b64encode(value.bytes_value).decode()}
    return getattr(value, kind) if kind else None


def pairs(attributes):
    names = [attribute.key for attribute in attributes]
    if len(set(names)) != len(names):
        raise Refused(f"an attribute occurs twice: {names}")
    return {attribute.key: plain(attribute.value) for attribute in attributes}


def rows(request):
    for of_resource in request.resource_logs:
        for of_scope in of_resource.scope_logs:
            for record in of_scope.log_records:
                yield record, {
                    "resource": pairs(of_resource.resource.attributes),
                    "scope": of_scope.scope.name,
                    "time": str(record.time_unix_nano),
                    "severity": record.severity_number,
                    "eventName": record.event_name,
                    "body": plain(record.body),
                    "attributes": pairs(record.attributes),
                }


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        global rejected
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.path == "/reject":
            rejected = body
            return self.reply(200, "text/plain", b"")
        if self.path != "/v1/logs":
            return self.reply(404, "text/plain", b"")
        content_type = self.headers.get("content-type")
        if content_type not in (PROTOBUF, JSON):
            return self.reply(415, "text/plain", b"")
        try:
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            found = list(rows(decoded(content_type, body)))
        except Refused as refused:
            return self.reply(400, "text/plain", str(refused).encode())
        answer = ExportLogsServiceResponse()
        with LOCK:
            for record, row in found:
                if rejected and rejected in record.SerializeToString():
                    answer.partial_success.rejected_log_records += 1
                    answer.partial_success.error_message = "not this one"
                else:
                    records.append(row)
        if content_type == PROTOBUF:
            return self.reply(200, PROTOBUF, answer.SerializeToString())
        self.reply(200, JSON, json_format.MessageToJson(answer).encode())

    def do_GET(self):
        with LOCK:
            found = json.dumps(records)
            records.clear()
        self.reply(200, JSON, found.encode())

    def reply(self, status, content_type, data):
        self.send_response(status)
        self.send_header("content-type", content_type)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


def end_with_stdin():
    sys.stdin.buffer.read()
    os._exit(0)


threading.Thread(target=end_with_stdin, daemon=True).start()
ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
