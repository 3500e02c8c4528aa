import { expect } from "vitest";

import { clause } from "../behaviour.ts";

export const identity = clause("Identity", {
  "a caller who is not signed in is null": async (t) => {
    expect(await t.query("calls:identity")).toBeNull();
    expect(await t.mutation("calls:identityInMutation")).toBeNull();
    expect(await t.action("calls:identityInAction")).toEqual({ own: null, nested: null });
  },
  "a query sees who is signed in": async (t) => {
    const ada = await t.as({ subject: "ada" });
    expect(await ada.query("calls:identity")).toMatchObject({
      subject: "ada",
      issuer: "https://issuer.example",
    });
  },
  "the token identifier is the issuer and the subject": async (t) => {
    const ada = await t.as({ subject: "ada" });
    expect(await ada.query("calls:identity")).toMatchObject({
      tokenIdentifier: "https://issuer.example|ada",
    });
  },
  "further claims are in the identity": async (t) => {
    const ada = await t.as({ subject: "ada", email: "ada@example.com", team: "engines" });
    expect(await ada.query("calls:identity")).toMatchObject({
      email: "ada@example.com",
      team: "engines",
    });
  },
  "mutations, actions and what actions call see who is signed in": async (t) => {
    const ada = await t.as({ subject: "ada" });
    expect(await ada.mutation("calls:identityInMutation")).toBe("ada");
    expect(await ada.action("calls:identityInAction")).toEqual({ own: "ada", nested: "ada" });
  },
  "one caller's identity is not another's": async (t) => {
    const [ada, bob] = [await t.as({ subject: "ada" }), await t.as({ subject: "bob" })];
    const seen = await Promise.all([
      ada.mutation("calls:identityInMutation"),
      bob.mutation("calls:identityInMutation"),
      t.mutation("calls:identityInMutation"),
    ]);
    expect(seen).toEqual(["ada", "bob", null]);
  },
  "an HTTP action sees who is signed in": async (t) => {
    expect(await (await t.fetch("/viewer")).text()).toBe("nobody");
    const ada = await t.as({ subject: "ada" });
    expect(await (await ada.fetch("/viewer")).text()).toBe("ada");
  },
});
