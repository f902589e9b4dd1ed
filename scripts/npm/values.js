"use strict";
// The values of the chart as its three descriptions have them: values.yaml (defaults),
// values.schema.json (what is allowed, and what it means) and README.md (the table for people).
//
//     values.js --write    puts the table into README.md

const fs = require("node:fs");
const path = require("node:path");
const { load } = require("./manifests.js");

const yaml = load("yaml");
const chart = path.join(__dirname, "../../helm/dns-tools");
const read = (name) => fs.readFileSync(path.join(chart, name), "utf8");

const isMap = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

// A value of its own is what the schema describes in one piece.
function leaves(properties, defaults, prefix = "") {
    return Object.entries(properties).flatMap(([key, schema]) => {
        const name = prefix + key;
        const value = defaults?.[key];
        return schema.properties && !schema.description
            ? leaves(schema.properties, value, `${name}.`)
            : [{ name, value, description: schema.description }];
    });
}

/** What values.yaml sets and the schema does not have, by name. */
function unknown(defaults, properties, prefix = "") {
    return Object.entries(defaults).flatMap(([key, value]) => {
        const schema = properties[key];
        if (!schema) {
            return [prefix + key];
        }
        return isMap(value) && schema.properties ? unknown(value, schema.properties, `${prefix}${key}.`) : [];
    });
}

/** What may not be null, which removes a default: values, and groups of them, by name. */
function required(properties, defaults, prefix = "") {
    return Object.entries(properties).flatMap(([key, schema]) => {
        const name = prefix + key;
        const value = defaults[key];
        const types = (schema.anyOf ?? [schema]).flatMap(({ type }) => type);
        if (value === undefined || types.includes("null")) {
            return [];
        }
        const group = schema.properties && !schema.description;
        return [name, ...(group ? required(schema.properties, value, `${name}.`) : [])];
    });
}

/** Tells of a value, by its full name, whether templates use it: more than to check it. */
function used(templates) {
    const single = new Set();
    const whole = new Set();
    // What is open, innermost last, with what the dot is in there (undefined: nothing of the values).
    const open = [{ word: "file", dot: "" }];
    const variables = { $: "" };
    const resolve = (token) => {
        const [, variable, names] = /^(\$\w*)?((?:\.\w+)*)\.?$/.exec(token) ?? [];
        const from = variable === undefined ? open.at(-1).dot : variables[variable];
        return names === undefined || token === "" || from === undefined ? undefined : from + names;
    };
    for (const [, action] of templates.matchAll(/\{\{(?!-?\s*\/\*)-?\s*(.*?)\s*-?\}\}/gs)) {
        const [word] = action.split(" ", 1);
        // Without strings, of which only the name of a definition counts.
        const tokens = action.replaceAll(/"(\\.|[^"\\])*"/g, '""').split(/[\s()|]+/);
        const [, variable, value] = /^(?:\w+ )?(\$\w+) :?= (\S+)$/.exec(action) ?? [];
        if (!open.some(({ check }) => check)) {
            for (const name of tokens.map(resolve)) {
                single.add(name);
                if (tokens.includes("toYaml")) {
                    whole.add(name);
                }
            }
        }
        if (variable) {
            variables[variable] = resolve(value);
        }
        if (word === "define") {
            open.push({ word, dot: "", check: action.startsWith('define "dns-tools.check') });
        } else if (word === "with" || word === "range") {
            open.push({ word, dot: word === "with" ? resolve(tokens.at(-1)) : undefined });
        } else if (word === "if") {
            open.push({ word, dot: open.at(-1).dot });
        } else if (action === "else" && open.at(-1).word === "with") {
            open.at(-1).dot = open.at(-2).dot;
        } else if (word === "end") {
            open.pop();
        }
    }
    return (name) => {
        const parts = `.Values.${name}`.split(".");
        return single.has(parts.join(".")) || parts.some((_, i) => i > 1 && whole.has(parts.slice(0, i).join(".")));
    };
}

function describe() {
    const schema = JSON.parse(read("values.schema.json"));
    const defaults = yaml.parse(read("values.yaml"));
    return {
        defaults,
        schema,
        values: leaves(schema.properties, defaults),
        unknown: unknown(defaults, schema.properties),
        required: required(schema.properties, defaults),
    };
}

const begin = "<!-- begin: values (scripts/npm/values.js --write) -->\n";
const end = "<!-- end: values -->\n";

/** README.md as it should be. */
function readme() {
    const cell = (text) => text.replaceAll("|", "\\|");
    const shown = (value) => (value === undefined ? "" : `\`${JSON.stringify(value)}\``);
    const rows = describe().values.map(
        ({ name, value, description }) => `| \`${name}\` | ${cell(shown(value))} | ${cell(description ?? "")} |\n`,
    );
    const text = read("README.md");
    const from = text.indexOf(begin);
    const to = text.indexOf(end);
    if (from < 0 || to < from) {
        throw new Error("README.md of the chart has no place for the table of values");
    }
    return (
        text.slice(0, from + begin.length) +
        "\n| value | default | meaning |\n| --- | --- | --- |\n" +
        rows.join("") +
        "\n" +
        text.slice(to)
    );
}

if (require.main === module && process.argv[2] === "--write") {
    fs.writeFileSync(path.join(chart, "README.md"), readme());
}

module.exports = { describe, read, readme, used };
