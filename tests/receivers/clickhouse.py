"""ClickHouse's engine (chdb) behind as much of its HTTP interface as an insert and a question need.

clickhouse.py PORT PASSWORD; it ends when its stdin does. Statuses are those of ClickHouse's
src/Server/HTTP/exceptionCodeToHTTPStatus.cpp.
"""

import gzip
import os
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from chdb.session import Session

PORT, PASSWORD = int(sys.argv[1]), sys.argv[2]
ENGINE, LOCK = Session("store"), threading.Lock()
# Of the HTTP interface itself, not of the engine.
NO_SETTINGS = {"query", "wait_end_of_query"}
STATUS = {60: 404, 81: 404, 159: 408, 192: 403, 193: 403, 194: 401, 497: 403, 516: 403, 202: 503, 48: 501}
STATUS |= dict.fromkeys([6, 26, 27, 36, 38, 41, 43, 53, 62, 72, 117, 130, 349, 386], 400)


def literal(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        parameters = dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True))
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        if self.headers.get("x-clickhouse-user") != "default" or self.headers.get("x-clickhouse-key") != PASSWORD:
            return self.reply(516, "Code: 516. DB::Exception: default: Authentication failed: password is incorrect, or there is no user with such name. (AUTHENTICATION_FAILED)\n")
        query = parameters.get("query", "")
        settings = ", ".join(f"{name} = {literal(value)}" for name, value in parameters.items() if name not in NO_SETTINGS)
        insert = re.fullmatch(r"(INSERT INTO .*) FORMAT (\w+)", query, re.DOTALL)
        if insert:
            query = f"{insert[1]} {'SETTINGS ' + settings if settings else ''} FORMAT {insert[2]}\n{body.decode()}"
        else:
            query += body.decode()
        try:
            with LOCK:
                answer = str(ENGINE.query(query, "JSONEachRow"))
        except Exception as error:
            text = str(error)
            code = re.search(r"Code: (\d+)", text)
            return self.reply(int(code[1]) if code else 1002, text + "\n")
        self.reply(0, answer)

    do_GET = do_POST

    def reply(self, code, text):
        data = text.encode()
        self.send_response(STATUS.get(code, 500) if code else 200)
        self.send_header("content-length", str(len(data)))
        self.send_header("x-clickhouse-summary", "{}")
        if code:
            self.send_header("x-clickhouse-exception-code", str(code))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


def end_with_stdin():
    sys.stdin.buffer.read()
    os._exit(0)


threading.Thread(target=end_with_stdin, daemon=True).start()
ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
