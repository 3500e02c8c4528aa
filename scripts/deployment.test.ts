import { expect, test } from "vitest";

import { setEnvironment } from "./deployment.ts";

test("a deployment that does not answer is named, with the reason", async () => {
  const deployment = { url: "http://127.0.0.1:9", adminKey: "shop|00" };
  await expect(setEnvironment(deployment, {})).rejects.toThrow(
    /^The Convex deployment at http:\/\/127\.0\.0\.1:9 can't be reached \(.+\)\.$/,
  );
});
