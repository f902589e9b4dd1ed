// Schemas of an OpenAPI description without references and without allOf.
"use strict";

// What a reference in the description stands for.
function target(api, reference) {
  return reference
    .slice(2)
    .split("/")
    .reduce((place, key) => place[key.replace(/~1/g, "/").replace(/~0/g, "~")], api);
}

// One schema that says what all of them say: a member's own schemas are put together likewise.
function merge(api, schemas) {
  const all = {};
  for (const schema of schemas.map((one) => flat(api, one))) {
    const { properties = {}, required = [], ...others } = schema;
    Object.assign(all, others);
    all.required = [...(all.required ?? []), ...required];
    all.properties ??= {};
    for (const [name, member] of Object.entries(properties)) {
      const before = all.properties[name];
      all.properties[name] = before ? merge(api, [before, member]) : member;
    }
  }
  if (Object.keys(all.properties).length === 0) {
    delete all.properties;
    delete all.required;
  }
  return all;
}

function flat(api, schema) {
  if (schema.$ref) {
    return flat(api, target(api, schema.$ref));
  }
  const { allOf, ...others } = schema;
  return allOf ? merge(api, [...allOf, others]) : schema;
}

module.exports = { flat };
