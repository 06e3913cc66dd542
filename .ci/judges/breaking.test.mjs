import assert from "node:assert/strict";
import { test } from "node:test";
import { breaking } from "./breaking.mjs";

const older = {
  paths: {
    "/pets": {
      get: {
        operationId: "list_pets",
        "x-permission": "pets:read",
        parameters: [{ in: "query", name: "limit", schema: { type: "integer" } }],
        responses: { 200: { content: { "application/json": { schema: { $ref: "#/components/schemas/Page" } } } } },
      },
      post: {
        operationId: "create_pet",
        requestBody: { required: true, content: { "application/json": { schema: { $ref: "#/components/schemas/Pet" } } } },
        responses: { 201: {} },
      },
    },
  },
  components: {
    schemas: {
      Page: { type: "object", required: ["items"], properties: { items: { type: "array", items: { $ref: "#/components/schemas/Pet" } } } },
      Pet: {
        type: "object",
        required: ["name"],
        properties: {
          name: { type: "string" },
          kind: { type: "string", enum: ["cat", "dog"] },
          mother: { $ref: "#/components/schemas/Pet" },
        },
      },
    },
  },
};

/** The findings after `change` has been made to a copy. */
function after(change) {
  const newer = structuredClone(older);
  change(newer);
  return breaking(older, newer);
}
const pet = (document) => document.components.schemas.Pet;

test("the same document and additions break nothing", () => {
  assert.deepEqual(after(() => {}), []);
  assert.deepEqual(
    after((d) => {
      pet(d).properties.colour = { type: "string" };
      d.paths["/pets"].get.parameters.push({ in: "query", name: "search", schema: { type: "string" } });
      d.paths["/owners"] = { get: { operationId: "list_owners", responses: {} } };
    }),
    [],
  );
});

test("removals are found", () => {
  assert.deepEqual(after((d) => delete d.paths["/pets"].post), ["POST /pets was removed"]);
  assert.deepEqual(after((d) => delete d.paths["/pets"].post.responses[201]), ["POST /pets no longer answers 201"]);
  assert.deepEqual(after((d) => (d.paths["/pets"].get.parameters = [])), ["GET /pets query parameter limit was removed"]);
  assert.deepEqual(after((d) => delete pet(d).properties.kind), [
    "GET /pets 200 /items [] /kind was removed",
    "POST /pets request /kind was removed",
  ]);
});

test("a request may not ask for more, an answer may not give less", () => {
  assert.deepEqual(after((d) => pet(d).required.push("kind")), ["POST /pets request /kind is now required"]);
  assert.deepEqual(after((d) => (pet(d).required = [])), ["GET /pets 200 /items [] /name may now be absent"]);
  assert.deepEqual(after((d) => (pet(d).properties.name.type = ["string", "null"])), ["GET /pets 200 /items [] /name may now be null"]);
  assert.deepEqual(after((d) => (pet(d).properties.kind.enum = ["cat"])), ['POST /pets request /kind no longer takes "dog"']);
  assert.deepEqual(
    after((d) => d.paths["/pets"].get.parameters.push({ in: "header", name: "X", required: true, schema: {} })),
    ["GET /pets header parameter X is new and required"],
  );
});

test("names and permissions are part of the contract", () => {
  assert.deepEqual(
    after((d) => {
      d.paths["/pets"].get.operationId = "pets";
      d.paths["/pets"].get["x-permission"] = "pets:manage";
    }),
    ["GET /pets needs pets:manage instead of pets:read", "GET /pets was renamed from list_pets to pets"],
  );
});
