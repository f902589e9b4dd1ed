"use strict";
// Judges Kubernetes manifests as an API server of a certain version would that takes no unknown
// fields, and as a cluster would that enforces the "restricted" pod security standard.

const fs = require("node:fs");
const { createRequire } = require("node:module");
const path = require("node:path");

// Modules here find the packages in the folder that scripts/npm-tools has installed.
const load = createRequire(path.join(process.env.NODE_PATH, "../index.js"));
const yaml = load("yaml");

// client-node's releases follow Kubernetes' own; package.json names them after those.
const versions = ["1.28", "1.32", "1.34"];
const api = Object.fromEntries(versions.map((version) => [version, load(`kubernetes-${version}`)]));

// Kinds that operators bring: by the group, the package that knows them.
const operators = {
    "external-secrets.io": "external-secrets",
    "gateway.networking.k8s.io": "gateway-api",
    "monitoring.coreos.com": "prometheus-operator",
};

function parse(text) {
    // Kubernetes reads YAML 1.1, where on is a boolean.
    return yaml.parseAllDocuments(text, { uniqueKeys: true, version: "1.1" }).flatMap((document) => {
        if (document.errors.length > 0) {
            throw document.errors[0];
        }
        return document.toJS() ?? [];
    });
}

function group(manifest) {
    const [first, second] = manifest.apiVersion.split("/");
    return second ? { group: first, version: second } : { group: "", version: first };
}

const isCustom = (manifest) => group(manifest).group in operators;

const capital = (word) => word[0].toUpperCase() + word.slice(1);

// The class that describes a kind, if the server of that version has the kind in that group and
// version: it then has a method that makes one.
function kindClass(kubernetes, manifest) {
    const { group: name, version } = group(manifest);
    const word = name === "" ? "Core" : capital(name.split(".")[0]);
    const methods = kubernetes[`${word}${capital(version)}Api`]?.prototype ?? {};
    const served = [`createNamespaced${manifest.kind}`, `create${manifest.kind}`].some((m) => m in methods);
    return served ? kubernetes[`${capital(version)}${manifest.kind}`] : undefined;
}

function primitive(type, value) {
    switch (type) {
        case "string":
        case "number":
        case "boolean":
            return typeof value === type;
        case "IntOrString":
            return ["string", "number"].includes(typeof value);
        case "Date":
        case "Quantity":
            return typeof value === "string";
        default:
            return undefined;
    }
}

// What the attribute maps do not know, or know with another type.
function fields(kubernetes, type, value, where, errors) {
    if (value === null || type === "any" || type === "object") {
        return;
    }
    const list = /^(?:Array|Set)<(.*)>$/.exec(type);
    const map = /^\{ ?\[key: string\]: (.*?);? ?\}$/.exec(type);
    if (list) {
        if (!Array.isArray(value)) {
            errors.push(`${where}: not a list`);
            return;
        }
        value.forEach((one, i) => fields(kubernetes, list[1], one, `${where}[${i}]`, errors));
    } else if (map) {
        if (typeof value !== "object" || Array.isArray(value)) {
            errors.push(`${where}: not a map`);
            return;
        }
        Object.entries(value).forEach(([key, one]) => fields(kubernetes, map[1], one, `${where}.${key}`, errors));
    } else if (primitive(type, value) !== undefined) {
        if (!primitive(type, value)) {
            errors.push(`${where}: ${JSON.stringify(value)} is not a ${type}`);
        }
    } else {
        const known = kubernetes[type]?.attributeTypeMap;
        if (!known) {
            throw new Error(`${where}: the type ${type} is not described`);
        }
        if (typeof value !== "object" || Array.isArray(value)) {
            errors.push(`${where}: not an object`);
            return;
        }
        for (const [key, one] of Object.entries(value)) {
            const attribute = known.find(({ baseName }) => baseName === key);
            if (attribute) {
                fields(kubernetes, attribute.type, one, `${where}.${key}`, errors);
            } else {
                errors.push(`${where}.${key}: unknown field of ${type}`);
            }
        }
    }
}

// What lacks, and what has the wrong form, by the schemas of the newest version.
function required(manifest, where, errors) {
    const { group: name, version } = group(manifest);
    const source = isCustom(manifest) ? `@kubernetes-models/${operators[name]}` : "kubernetes-models";
    // By its path: the packages export these to import declarations only.
    const file = path.join(process.env.NODE_PATH, source, name, version, `${manifest.kind}.js`);
    if (!fs.existsSync(file)) {
        errors.push(`${where}: there is no ${manifest.kind} in ${manifest.apiVersion}`);
        return;
    }
    const Model = load(file)[manifest.kind];
    try {
        new Model(manifest).validate();
    } catch (error) {
        errors.push(`${where}: ${error.message}`);
    }
}

const nameOf = (manifest) => `${manifest.kind}/${manifest.metadata?.name}`;

/** What a server of that version (one of `versions`) objects to, as a list of sentences. */
function judge(manifests, version) {
    const errors = [];
    for (const manifest of manifests) {
        const where = nameOf(manifest);
        if (!isCustom(manifest)) {
            const Kind = kindClass(api[version], manifest);
            if (!Kind) {
                errors.push(`${where}: Kubernetes ${version} has no ${manifest.kind} in ${manifest.apiVersion}`);
                continue;
            }
            fields(api[version], Kind.name, manifest, where, errors);
        }
        required(manifest, where, errors);
    }
    return errors;
}

function podsOf(manifests) {
    return manifests.flatMap((manifest) => {
        if (manifest.kind === "Pod") {
            return [{ where: nameOf(manifest), metadata: manifest.metadata, spec: manifest.spec }];
        }
        const template = manifest.spec?.template;
        return ["Deployment", "StatefulSet"].includes(manifest.kind)
            ? [{ where: nameOf(manifest), ...template, claims: manifest.spec.volumeClaimTemplates }]
            : [];
    });
}

/** What the pod security standard "restricted", and this chart beyond it, forbid. */
function insecurities(manifests) {
    const errors = [];
    for (const { where, spec } of podsOf(manifests)) {
        const expect = (right, what) => right || errors.push(`${where}: ${what}`);
        const pod = spec.securityContext ?? {};
        expect(spec.automountServiceAccountToken === false, "a token of the service account is mounted");
        expect(!spec.hostNetwork && !spec.hostPID && !spec.hostIPC, "it shares a namespace of the host's");
        for (const volume of spec.volumes ?? []) {
            expect(!volume.hostPath, `the volume ${volume.name} is a folder of the host's`);
        }
        for (const container of [...(spec.initContainers ?? []), ...spec.containers]) {
            // What a container says comes before what its pod says.
            const own = { ...pod, ...container.securityContext };
            const seccomp = own.seccompProfile?.type;
            expect(own.runAsNonRoot === true && own.runAsUser > 0, `${container.name} may run as root`);
            expect(["RuntimeDefault", "Localhost"].includes(seccomp), `${container.name} has no seccomp profile`);
            expect(own.allowPrivilegeEscalation === false, `${container.name} may gain privileges`);
            expect(own.readOnlyRootFilesystem === true, `${container.name} may write to its root`);
            expect(own.capabilities?.drop?.includes("ALL"), `${container.name} keeps capabilities`);
            expect(!own.capabilities?.add, `${container.name} adds capabilities`);
            expect(!own.privileged, `${container.name} is privileged`);
        }
    }
    return errors;
}

const matches = (labels, selector) =>
    Object.entries(selector ?? {}).every(([key, value]) => labels?.[key] === value);

const secretsOf = (spec) => [
    ...spec.containers.flatMap(({ env }) => env ?? []).map(({ valueFrom }) => valueFrom?.secretKeyRef?.name),
    ...(spec.volumes ?? []).flatMap(({ projected }) => projected?.sources ?? []).map(({ secret }) => secret?.name),
    ...(spec.imagePullSecrets ?? []).map(({ name }) => name),
];

/** Names in one manifest that lead nowhere: volumes, ports, selectors, config maps, Secrets, Services. */
function danglings(manifests) {
    const errors = [];
    const named = (kind, name) => manifests.some((m) => m.kind === kind && m.metadata.name === name);
    const pods = podsOf(manifests);
    const servers = pods.filter(({ metadata }) => metadata.labels["app.kubernetes.io/component"] === "server");
    const ports = servers.flatMap(({ spec }) => spec.containers.flatMap((c) => c.ports.map((p) => p.name)));
    const expect = (right, what) => right || errors.push(what);

    expect(servers.length === 1, `${servers.length} kinds of pods serve`);
    for (const { where, spec, claims } of pods) {
        const volumes = [...(spec.volumes ?? []), ...(claims ?? []).map((claim) => claim.metadata)];
        const mounts = spec.containers.flatMap((c) => c.volumeMounts ?? []).map((mount) => mount.name);
        for (const [i, { name }] of volumes.entries()) {
            expect(volumes.findIndex((v) => v.name === name) === i, `${where}: the volume ${name} is there twice`);
            expect(mounts.includes(name), `${where}: nothing mounts the volume ${name}`);
        }
        for (const mount of mounts) {
            expect(volumes.some(({ name }) => name === mount), `${where}: there is no volume ${mount}`);
        }
        for (const { volumeMounts = [] } of spec.containers) {
            const places = volumeMounts.map(({ mountPath }) => mountPath);
            for (const place of places.filter((one, i) => places.indexOf(one) !== i)) {
                errors.push(`${where}: ${place} is mounted twice`);
            }
        }
        for (const { configMap } of spec.volumes ?? []) {
            expect(!configMap || named("ConfigMap", configMap.name), `${where}: no ConfigMap ${configMap?.name}`);
        }
        const account = spec.serviceAccountName;
        const made = manifests.some(({ kind }) => kind === "ServiceAccount");
        expect(!made || named("ServiceAccount", account), `${where}: there is no ServiceAccount ${account}`);
        const environment = spec.containers.flatMap((c) => c.env ?? []).map(({ name }) => name);
        expect(new Set(environment).size === environment.length, `${where}: a variable is there twice`);
    }
    for (const manifest of manifests) {
        const where = nameOf(manifest);
        const spec = manifest.spec ?? {};
        if (manifest.kind === "Service") {
            expect(servers.some(({ metadata }) => matches(metadata.labels, spec.selector)), `${where} selects no pod`);
            for (const { targetPort } of spec.ports) {
                expect(ports.includes(targetPort), `${where}: no pod has the port ${targetPort}`);
            }
        } else if (["Deployment", "StatefulSet"].includes(manifest.kind)) {
            expect(matches(spec.template.metadata.labels, spec.selector.matchLabels), `${where} selects other pods`);
            expect(!spec.serviceName || named("Service", spec.serviceName), `${where}: no Service ${spec.serviceName}`);
        } else if (["PodDisruptionBudget", "NetworkPolicy"].includes(manifest.kind)) {
            const selector = (spec.selector ?? spec.podSelector).matchLabels;
            expect(servers.some(({ metadata }) => matches(metadata.labels, selector)), `${where} selects no pod`);
            for (const { port } of (spec.ingress ?? []).flatMap((rule) => rule.ports)) {
                expect(ports.includes(port), `${where}: no pod has the port ${port}`);
            }
        } else if (manifest.kind === "HorizontalPodAutoscaler") {
            const { kind, name } = spec.scaleTargetRef;
            expect(named(kind, name), `${where}: there is no ${kind} ${name}`);
        } else if (manifest.kind === "ServiceMonitor") {
            const found = manifests.filter(
                (m) => m.kind === "Service" && matches(m.metadata.labels, spec.selector.matchLabels),
            );
            expect(found.length === 1, `${where} selects ${found.length} Services`);
            for (const { port } of spec.endpoints) {
                expect(found.every((s) => s.spec.ports.some(({ name }) => name === port)), `${where}: no port ${port}`);
            }
        } else if (["Secret", "ExternalSecret"].includes(manifest.kind)) {
            const name = spec.target?.name ?? manifest.metadata.name;
            const store = spec.secretStoreRef;
            // Secrets that the chart does not make are others' own: only the way from here can be followed.
            expect(pods.some((pod) => secretsOf(pod.spec).includes(name)), `no pod uses the Secret ${name}`);
            expect(
                store?.kind !== "SecretStore" || named("SecretStore", store.name),
                `${where}: there is no SecretStore ${store?.name}`,
            );
            // Nor does it make a store of the cluster's: its own has a name that others' have not.
            expect(
                store?.kind !== "ClusterSecretStore" || !named("SecretStore", store.name),
                `${where}: there is no ClusterSecretStore ${store?.name}, but a SecretStore`,
            );
        } else if (["Ingress", "HTTPRoute"].includes(manifest.kind)) {
            const backends = manifest.kind === "Ingress"
                ? spec.rules.flatMap((rule) => rule.http.paths.map(({ backend }) => backend.service))
                : spec.rules.flatMap((rule) => rule.backendRefs);
            for (const { name, port } of backends) {
                const service = manifests.find((m) => m.kind === "Service" && m.metadata.name === name);
                expect(
                    service?.spec.ports.some((p) => p.port === port || p.name === port?.name),
                    `${where}: there is no Service ${name} with the port ${JSON.stringify(port)}`,
                );
            }
        }
    }
    const names = manifests.map(nameOf);
    for (const name of names) {
        expect(names.indexOf(name) === names.lastIndexOf(name), `${name} is there twice`);
    }
    return errors;
}

module.exports = { danglings, group, insecurities, isCustom, judge, load, nameOf, operators, parse, podsOf, versions };
