import assert from "node:assert/strict";
import { afterEach, test } from "node:test";

import { Api, ApiError, addressOf, asApiError, retryDelay } from "../../logctl/dashboard/assets/api.js";

const realFetch = globalThis.fetch;
afterEach(() => {
  globalThis.fetch = realFetch;
});

/** An API whose answers are given, with what was requested and what its callbacks were told. */
function apiThatAnswers(...answers) {
  const seen = { requests: [], renewals: 0, forgotten: 0, ended: 0, forbidden: 0 };
  globalThis.fetch = async (address, { headers }) => {
    seen.requests.push([address, headers.authorization]);
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    const [status, body, replyHeaders] = answer;
    return new Response(typeof body === "string" ? body : JSON.stringify(body), {
      status,
      headers: replyHeaders,
    });
  };
  const auth = {
    token: async () => `token-${seen.renewals}`,
    renew: async () => {
      seen.renewals += 1;
      return seen.renewals === 1;
    },
    forget: () => {
      seen.forgotten += 1;
    },
  };
  const api = new Api(
    auth,
    () => {
      seen.ended += 1;
    },
    () => {
      seen.forbidden += 1;
    },
  );
  return { api, seen };
}

test("a request has the values that are not empty, and the token", async () => {
  const { api, seen } = apiThatAnswers([200, { apps: [] }]);
  assert.deepEqual(
    await api.get("logs", { app: "a,b", level: "", cursor: null, until: undefined, q: "50% & x" }),
    { apps: [] },
  );
  assert.deepEqual(seen.requests, [["logs?app=a%2Cb&q=50%25+%26+x", "Bearer token-0"]]);
  assert.equal(addressOf("apps", { app: "" }), "apps");
});

test("a token that is refused is renewed once", async () => {
  const { api, seen } = apiThatAnswers([401, {}], [200, { user: "dora" }]);
  assert.deepEqual(await api.get("session"), { user: "dora" });
  assert.deepEqual(
    seen.requests.map(([, token]) => token),
    ["Bearer token-0", "Bearer token-1"],
  );
  assert.deepEqual([seen.ended, seen.forgotten], [0, 0]);
});

test("a session that cannot be renewed ends", async () => {
  const { api, seen } = apiThatAnswers([401, {}], [401, {}]);
  await assert.rejects(api.get("session"), { status: 401, message: "Your session has ended." });
  assert.deepEqual([seen.ended, seen.forgotten, seen.requests.length], [1, 1, 2]);
});

test("a failure has the API's sentence and its hint", async () => {
  const { api, seen } = apiThatAnswers(
    [400, { error: "level is wrong.", hint: "One of INFO, WARN." }],
    [403, {}],
  );
  await assert.rejects(api.get("logs"), {
    status: 400,
    message: "level is wrong. One of INFO, WARN.",
    wait: 0,
    busy: "",
  });
  assert.equal(seen.forbidden, 0);
  await assert.rejects(api.get("logs"), { status: 403, message: "You may not read this." });
  assert.equal(seen.forbidden, 1);
});

test("a failure without a JSON answer has a sentence too", async () => {
  const { api } = apiThatAnswers([502, "<html>"], [200, "<html>"], new TypeError("Failed to fetch"), [
    500,
    null,
  ]);
  await assert.rejects(api.get("logs"), { status: 502, message: "The API answered with status 502." });
  await assert.rejects(api.get("logs"), { status: 200, message: "The API's answer is not valid JSON." });
  await assert.rejects(api.get("logs"), { status: 0, message: "The API cannot be reached." });
  await assert.rejects(api.get("logs"), { status: 500, message: "The API answered with status 500." });
});

test("a busy API is asked later, and later still when it stays busy", async () => {
  const { api } = apiThatAnswers(
    [503, {}],
    [429, {}],
    [503, {}],
    [200, {}],
    [503, {}],
    [503, {}, { "retry-after": "20" }],
  );
  const waits = [];
  for (let request = 0; request < 6; request++) {
    await api.get("apps").catch((problem) => {
      waits.push(problem.wait);
      assert.match(problem.busy, /^Busy, trying again in \d+s\.$/);
    });
  }
  assert.equal(waits.length, 5);
  const bounds = [
    [1, 1],
    [2, 3],
    [4, 5],
    [1, 1], // there was an answer in between
    [20, 25],
  ];
  waits.forEach((wait, place) => {
    const [least, most] = bounds[place];
    assert.ok(wait >= least * 1000 && wait <= most * 1000, `${place}: ${wait}`);
  });
});

test("the delay doubles up to its limit, is at least Retry-After, and has a random part", () => {
  assert.deepEqual(
    [0, 1, 2, 3, 4, 5, 50].map((refusals) => retryDelay(null, refusals, 0)),
    [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000],
  );
  assert.equal(retryDelay("60", 0, 0), 60_000);
  assert.equal(retryDelay("1", 3, 0), 8000);
  assert.equal(retryDelay(null, 3, 1), 10_000);
  for (const invalid of ["", "-1", "1.5", "soon", "999999", "Wed, 21 Oct 2026 07:28:00 GMT"]) {
    assert.equal(retryDelay(invalid, 0, 0), 1000, invalid);
  }
});

test("whatever was caught is an ApiError", () => {
  const known = new ApiError(400, "wrong");
  assert.equal(asApiError(known), known);
  assert.deepEqual(
    [asApiError(new TypeError("a defect")).message, asApiError("text").message],
    ["a defect", "text"],
  );
});
