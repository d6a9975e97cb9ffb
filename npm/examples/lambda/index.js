// Pulls what is there since an offset, and returns the offset to go on from. The caller keeps it: a Step Functions state, a
// DynamoDB item, an S3 object.
//
// Test event: { "offset": null }, or what the last call returned.

import { AkamaiSiemClient } from "edgesiem/pipeline";

/** So long before the function's end no further page is begun. */
const RESERVE_MS = 20_000;

/** Your part. An event comes again if the function ends before it returns an offset behind it. */
async function handle(event) {
  console.log(JSON.stringify(event));
}

export async function handler({ offset }, context) {
  const { AKAMAI_HOST, AKAMAI_CLIENT_TOKEN, AKAMAI_CLIENT_SECRET, AKAMAI_ACCESS_TOKEN, AKAMAI_CONFIG_IDS, ALLOW_INSECURE_LOOPBACK } = process.env;
  const client = new AkamaiSiemClient({
    host: AKAMAI_HOST,
    clientToken: AKAMAI_CLIENT_TOKEN,
    clientSecret: AKAMAI_CLIENT_SECRET,
    accessToken: AKAMAI_ACCESS_TOKEN,
    configIds: AKAMAI_CONFIG_IDS.split(",").map(Number),
    limit: 5000,
    offset: offset ?? undefined,
    allowInsecureLoopback: ALLOW_INSECURE_LOOPBACK === "1",
  });
  let page = client.offset;
  let events = 0;
  for await (const event of client) {
    // It moves at the end of a page, before the first event of the next: the one place to stop without repeating anything.
    if (client.offset !== page) {
      page = client.offset;
      if (context.getRemainingTimeInMillis() < RESERVE_MS) break;
    }
    await handle(event);
    events += 1;
  }
  return { offset: client.offset ?? null, events };
}
