"use strict";
// Judges a compose file by what an old docker-compose takes and by what may not be in the project:
// `compose.js FILE`. The schema of Compose itself is checked by the engine, in make test-deploy.

const fs = require("node:fs");
const { load } = require("./manifests.js");

const yaml = load("yaml");
const name = process.argv[2];
const document = yaml.parseDocument(fs.readFileSync(name, "utf8"), { merge: true, uniqueKeys: true });
const errors = document.errors.map(({ message }) => message);
const { services = {}, volumes = {}, ...rest } = document.toJS() ?? {};

const entries = (value) =>
    Array.isArray(value) ? value.map((line) => String(line).split(/=(.*)/s)) : Object.entries(value ?? {});

for (const key of Object.keys(rest)) {
    // docker-compose 1.29 refuses others, such as a name.
    if (!["version", "networks", "secrets", "configs"].includes(key) && !key.startsWith("x-")) {
        errors.push(`${key}: docker-compose 1.29 does not take it`);
    }
}
if (Object.keys(services).length === 0) {
    errors.push("there are no services");
}
for (const [service, one] of Object.entries(services)) {
    if (!one.image && !one.build) {
        errors.push(`${service}: neither image nor build`);
    }
    if (one.privileged || one.network_mode === "host") {
        errors.push(`${service}: it has the host's privileges`);
    }
    if (!one.healthcheck && one.image && !one.build) {
        errors.push(`${service}: no health check`);
    }
    for (const [variable, value] of entries(one.environment)) {
        if (/PASSWORD|SECRET|TOKEN/.test(variable) && !/_FILE$/.test(variable) && value && !/^\$\{.*\}$/.test(value)) {
            errors.push(`${service}: ${variable} is written out`);
        }
    }
    for (const depended of Object.keys(Array.isArray(one.depends_on) ? {} : (one.depends_on ?? {}))) {
        if (!services[depended]) {
            errors.push(`${service}: there is no service ${depended}`);
        }
    }
    for (const volume of one.volumes ?? []) {
        const source = typeof volume === "string" ? volume.split(":")[0] : (volume.source ?? "/");
        const named = /^[A-Za-z0-9_-]+$/.test(source);
        if (named && !(source in (volumes ?? {}))) {
            errors.push(`${service}: there is no volume ${source}`);
        }
    }
}
for (const error of errors) {
    console.error(`${name}: ${error}`);
}
process.exitCode = errors.length > 0 ? 1 : 0;
