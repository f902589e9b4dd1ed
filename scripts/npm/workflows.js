"use strict";
// Judges workflows by what actionlint does not ask: that everything they use is pinned, and that no job
// may do more than it needs. `workflows.js FILE...`

const fs = require("node:fs");
const { load } = require("./manifests.js");

const yaml = load("yaml");
// What a release cannot be made without.
const writable = ["contents", "packages", "id-token"];

/// What is wrong with the workflow that `text` is: sentences.
function judge(text) {
    const document = yaml.parseDocument(text, { uniqueKeys: true });
    const errors = document.errors.map(({ message }) => message);
    const { on = {}, permissions, jobs = {} } = document.toJS() ?? {};
    const events = typeof on === "string" ? [on] : Array.isArray(on) ? on : Object.keys(on);
    const of_others = events.some((event) => event.startsWith("pull_request"));

    if (JSON.stringify(permissions) !== "{}") {
        errors.push("permissions: not {}, so that a job has what it does not ask for");
    }
    yaml.visit(document, {
        Pair(_, { key, value }) {
            const used = key.value === "uses" ? String(value.value) : "./";
            const pinned = /^[\w.-]+(\/[\w.-]+)+@[0-9a-f]{40}$/.test(used) && /^ v\d+(\.\d+)+$/.test(value.comment ?? "");
            if (!used.startsWith("./") && !pinned) {
                errors.push(`${used}: neither a commit and its version, nor of this repository`);
            }
        },
    });
    for (const [name, job] of Object.entries(jobs)) {
        if (typeof job.permissions !== "object") {
            errors.push(`${name}: it does not say what it may do`);
        }
        const written = Object.entries(job.permissions ?? {}).filter(([, right]) => right !== "read");
        for (const [scope, right] of written) {
            if (right !== "write" || !writable.includes(scope) || of_others) {
                errors.push(`${name}: ${scope}: ${right} is too much${of_others ? " for a pull request" : ""}`);
            }
        }
        for (const { uses = "", with: given } of job.steps ?? []) {
            const keeps = given?.["persist-credentials"] !== false;
            if (uses.startsWith("actions/checkout@") && keeps && job.permissions?.contents !== "write") {
                errors.push(`${name}: the checkout leaves a token behind`);
            }
        }
    }
    return errors;
}

if (require.main === module) {
    for (const file of process.argv.slice(2)) {
        for (const error of judge(fs.readFileSync(file, "utf8"))) {
            console.error(`${file}: ${error}`);
            process.exitCode = 1;
        }
    }
}
module.exports = { judge };
