"use strict";
// The unknown fields of custom resources. Their packages describe fields as TypeScript types only,
// and TypeScript refuses what an object literal has too much.

const fs = require("node:fs");
const path = require("node:path");
const { group, isCustom, load, nameOf, operators } = require("./manifests.js");

const typescript = load("typescript");

/** What the types of their operators object to, for each of several lists of manifests. */
function unknownFields(lists, folder) {
    const lines = [];
    const owners = [];
    lists.forEach((manifests, owner) => {
        for (const manifest of manifests.filter(isCustom)) {
            const { group: name, version } = group(manifest);
            const from = `@kubernetes-models/${operators[name]}/${name}/${version}/${manifest.kind}`;
            owners[lines.length] = { owner, where: nameOf(manifest) };
            lines.push(
                `export const m${lines.length}: import("${from}").I${manifest.kind} = ${JSON.stringify(manifest)};`,
            );
        }
    });
    const errors = lists.map(() => []);
    if (lines.length === 0) {
        return errors;
    }
    // In the folder of the packages, where imports are looked for.
    const file = path.join(folder, "custom-resources.mts");
    fs.writeFileSync(file, lines.join("\n") + "\n");
    const program = typescript.createProgram([file], {
        module: typescript.ModuleKind.NodeNext,
        moduleResolution: typescript.ModuleResolutionKind.NodeNext,
        noEmit: true,
        skipLibCheck: true,
        strict: true,
        types: [],
    });
    for (const diagnostic of typescript.getPreEmitDiagnostics(program)) {
        const text = typescript.flattenDiagnosticMessageText(diagnostic.messageText, " ");
        if (diagnostic.file?.fileName !== file) {
            throw new Error(text);
        }
        const { line } = diagnostic.file.getLineAndCharacterOfPosition(diagnostic.start);
        errors[owners[line].owner].push(`${owners[line].where}: ${text}`);
    }
    return errors;
}

module.exports = { unknownFields };
