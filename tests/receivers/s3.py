"""Amazon's own client (boto3), to make a bucket and to read all of it.

s3.py SERVER ACCESS_KEY SECRET_KEY BUCKET make|read; `read` prints {KEY: {type, encoding, base64}}.
"""

import base64
import json
import sys

import boto3
from botocore.config import Config

server, access_key, secret_key, bucket, command = sys.argv[1:]
client = boto3.client(
    "s3",
    endpoint_url=server,
    region_name="us-east-1",
    aws_access_key_id=access_key,
    aws_secret_access_key=secret_key,
    config=Config(s3={"addressing_style": "path"}),
)
if command == "make":
    client.create_bucket(Bucket=bucket)
else:
    found = {}
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for item in page.get("Contents", []):
            answer = client.get_object(Bucket=bucket, Key=item["Key"])
            data = base64.b64encode(answer["Body"].read()).decode()
            found[item["Key"]] = {"type": answer.get("ContentType"), "encoding": answer.get("ContentEncoding"), "base64": data}
    json.dump(found, sys.stdout)
