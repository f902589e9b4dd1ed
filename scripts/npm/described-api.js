// Shows as JSON what an OpenAPI description promises, point by point, for a test that compares it
// with what a server does: described-api.js FILE.
//
//   answers   by operation ("GET /history") and status ("200", "4XX"), a list of
//               type MEDIA-TYPE, header NAME
//               checks.database.since, [].id, lookups.results.*   a member that there may be
//               status=up, code=nxdomain, client_ip=null          one of the values it may have
//   requests  by operation: ?NAME of the query, ?NAME=VALUE, body NAME
//   bare      what has no example, or an error code that none of the examples shows
"use strict";

const { readFileSync } = require("fs");
const { parse } = require("yaml");

const { flat } = require("./schemas.js");

const api = parse(readFileSync(process.argv[2], "utf8"));
const bare = [];

// The values of a schema that has a list of them.
function values(schema) {
  if ("const" in schema) {
    return [schema.const];
  }
  const types = [schema.type].flat();
  return [
    ...(schema.enum ?? []),
    ...(types.includes("boolean") ? [true, false] : []),
    ...(types.includes("null") ? [null] : []),
  ];
}

// Adds the points of a schema to a set; `place` is the path that leads there.
function collect(schema, place, points) {
  const { properties = {}, items, additionalProperties, oneOf = [], ...others } = flat(api, schema);
  for (const value of values(others)) {
    points.add(`${place}=${value}`);
  }
  for (const one of oneOf) {
    collect(one, place, points);
  }
  const members = Object.entries(properties);
  if (additionalProperties) {
    members.push(["*", additionalProperties]);
  }
  for (const [name, member] of members) {
    const path = place === "" ? name : `${place}.${name}`;
    points.add(path);
    collect(member, path, points);
  }
  if (items) {
    collect(items, `${place}[]`, points);
  }
}

const examples = ({ example, examples = {} }) => [
  ...(example === undefined ? [] : [example]),
  ...Object.values(examples).map(({ value }) => value),
];

function answer(response, where) {
  const { content = {}, headers = {} } = flat(api, response);
  const points = new Set();
  for (const [type, media] of Object.entries(content)) {
    const own = new Set();
    collect(media.schema, "", own);
    const shown = examples(media).map((value) => value?.code);
    if (shown.length === 0) {
      bare.push(`${where} ${type}`);
    }
    for (const point of own) {
      if (point.startsWith("code=") && !shown.includes(point.slice("code=".length))) {
        bare.push(`${where} ${point}`);
      }
    }
    points.add(`type ${type}`);
    own.forEach((point) => points.add(point));
  }
  for (const [name, header] of Object.entries(headers)) {
    if (examples(flat(api, header)).length === 0) {
      bare.push(`${where} header ${name}`);
    }
    points.add(`header ${name.toLowerCase()}`);
  }
  return [...points];
}

function request({ parameters = [], requestBody }, where) {
  const points = new Set();
  for (const parameter of parameters.map((one) => flat(api, one))) {
    const { name, schema } = parameter;
    if (examples(parameter).length === 0) {
      bare.push(`${where} ?${name}`);
    }
    points.add(`?${name}`);
    values(flat(api, schema)).forEach((value) => points.add(`?${name}=${value}`));
  }
  for (const media of Object.values(requestBody?.content ?? {})) {
    if (examples(media).length === 0) {
      bare.push(`${where} body`);
    }
    Object.keys(flat(api, media.schema).properties).forEach((name) => points.add(`body ${name}`));
  }
  return [...points];
}

const answers = {};
const requests = {};
for (const [path, methods] of Object.entries(api.paths)) {
  for (const [method, operation] of Object.entries(methods)) {
    const name = `${method.toUpperCase()} ${path}`;
    requests[name] = request(operation, name);
    answers[name] = Object.fromEntries(
      Object.entries(operation.responses).map(([status, response]) => [
        status,
        answer(response, `${name} ${status}`),
      ]),
    );
  }
}
console.log(JSON.stringify({ answers, requests, bare }));
