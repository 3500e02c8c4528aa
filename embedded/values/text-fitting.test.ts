import { expect, test } from "vitest";

import { encodeDocumentId } from "./document-id.ts";
import { textFits } from "./text-fitting.ts";
import { parseValidator } from "./validator.ts";

const tableName = (number: number) => (number === 10001 ? "users" : "messages");
const idOf = (tableNumber: number) =>
  encodeDocumentId({ tableNumber, internalId: Buffer.alloc(16) });

const PRODUCT = parseValidator({
  type: "object",
  value: {
    name: { fieldType: { type: "string" }, optional: false },
    images: {
      fieldType: {
        type: "array",
        value: {
          type: "union",
          value: [
            {
              type: "object",
              value: {
                alt: { fieldType: { type: "string" }, optional: false },
                kind: { fieldType: { type: "literal", value: "photo" }, optional: false },
              },
            },
            {
              type: "object",
              value: {
                alt: { fieldType: { type: "string" }, optional: false },
                kind: { fieldType: { type: "literal", value: "video" }, optional: false },
              },
            },
          ],
        },
      },
      optional: true,
    },
    owner: { fieldType: { type: "id", tableName: "users" }, optional: false },
    prices: {
      fieldType: {
        type: "record",
        keys: { type: "string" },
        values: { fieldType: { type: "number" }, optional: false },
      },
      optional: true,
    },
  },
});

const OWNER = `"owner":"${idOf(10001)}"`;

test.each([
  `{"name":"Lamp",${OWNER}}`,
  `{"images":[],"name":"Lamp",${OWNER},"prices":{}}`,
  `{"images":[{"alt":"a \\"b\\" \\\\","kind":"video"}],"name":"Läuft \\u0000",${OWNER}}`,
  `{"name":"\\\\ud800",${OWNER},"prices":{"EUR":-1.5e+21,"USD":0}}`,
])("the text %s fits", (text) => {
  expect(textFits(PRODUCT, text, tableName)).toBe(true);
});

test.each([
  `{"name":"Lamp",${OWNER}} `,
  `{${OWNER},"name":"Lamp"}`,
  `{"name":"Lamp",${OWNER},"x":1}`,
  `{"name":"Lamp","owner":"${idOf(10002)}"}`,
  `{"name":"\\ud800",${OWNER}}`,
  `{"name":"Lamp",${OWNER},"prices":{"EUR\\n":1}}`,
  `{"name":"Lamp",${OWNER},"prices":{"EUR":{"$float":"AAAAAAAA8H8="}}}`,
  `{"images":[{"alt":"a \\","kind":"photo"}],"name":"Lamp",${OWNER}}`,
])("the text %s needs a closer look", (text) => {
  expect(textFits(PRODUCT, text, tableName)).toBe(false);
});
