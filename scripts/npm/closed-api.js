// Shows openapi.yaml as JSON with its objects closed: they may have the members that are described, and
// no others. For tests; to users, the description promises that answers may get more members.
"use strict";

const { readFileSync } = require("fs");
const { parse } = require("yaml");

const api = parse(readFileSync("openapi.yaml", "utf8"));

const target = (reference) =>
  reference
    .slice(2)
    .split("/")
    .reduce((place, key) => place[key], api);

// One schema that says what all of them say: a member's own schemas are put together likewise.
function merge(schemas) {
  const all = {};
  for (const schema of schemas.map(flat)) {
    const { properties = {}, required = [], ...others } = schema;
    Object.assign(all, others);
    all.required = [...(all.required ?? []), ...required];
    all.properties ??= {};
    for (const [name, member] of Object.entries(properties)) {
      all.properties[name] = name in all.properties ? merge([all.properties[name], member]) : member;
    }
  }
  if (Object.keys(all.properties).length === 0) {
    delete all.properties;
    delete all.required;
  }
  return all;
}

function flat(schema) {
  if (schema.$ref) {
    return flat(target(schema.$ref));
  }
  const { allOf, ...others } = schema;
  return allOf ? merge([...allOf, others]) : schema;
}

function close(node) {
  if (Array.isArray(node)) {
    return node.map(close);
  }
  if (node === null || typeof node !== "object") {
    return node;
  }
  const schema = node.allOf ? flat(node) : node;
  const closed = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, close(value)]));
  if (closed.properties && closed.additionalProperties === undefined) {
    closed.additionalProperties = false;
  }
  return closed;
}

// Requests may have other members even now.
const described = structuredClone(api);
const closed = close(api);
for (const [path, operations] of Object.entries(closed.paths)) {
  for (const [method, operation] of Object.entries(operations)) {
    operation.requestBody = described.paths[path][method].requestBody;
  }
}
console.log(JSON.stringify(closed));
