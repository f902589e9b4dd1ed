// Shows openapi.yaml as JSON with its objects closed: they may have the members that are described, and
// no others. For tests; to users, the description promises that answers may get more members.
"use strict";

const { readFileSync } = require("fs");
const { parse } = require("yaml");

const { flat } = require("./schemas.js");

const api = parse(readFileSync("openapi.yaml", "utf8"));

function close(node) {
  if (Array.isArray(node)) {
    return node.map(close);
  }
  if (node === null || typeof node !== "object") {
    return node;
  }
  const schema = node.allOf ? flat(api, node) : node;
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
