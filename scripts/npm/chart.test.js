"use strict";
// The chart: what it renders from each value set of helm/dns-tools/ci, and what values become.
// scripts/test-chart runs this.

const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const { describe, test } = require("node:test");
const { chart, file, find, helm, rendered, renderWith, scratch, sets, withValues } = require("./chart.js");
const { unknownFields } = require("./custom-resources.js");
const { danglings, insecurities, judge, load, parse, versions } = require("./manifests.js");
const values = require("./values.js");

const yaml = load("yaml");
const folder = path.dirname(process.env.NODE_PATH);

test("there are a dozen value sets", () => assert.ok(sets.length >= 12));

describe("every value set", () => {
    const custom = unknownFields(Object.values(rendered), folder);
    sets.forEach((set, i) => {
        for (const version of versions) {
            test(`${set} is right for Kubernetes ${version}`, () =>
                assert.deepEqual(judge(rendered[set], version), []));
        }
        test(`${set} has no unknown fields in custom resources`, () => assert.deepEqual(custom[i], []));
        test(`${set} is restricted`, () => assert.deepEqual(insecurities(rendered[set]), []));
        test(`${set} hangs together`, () => assert.deepEqual(danglings(rendered[set]), []));
        test(`${set} passes helm lint --strict`, () => helm("lint", "--strict", chart, "-f", file(set)));
    });
    test("all kinds are among them", () => {
        const kinds = new Set(Object.values(rendered).flat().map(({ kind }) => kind));
        assert.deepEqual([...kinds].sort(), [
            "ConfigMap", "Deployment", "ExternalSecret", "HTTPRoute", "HorizontalPodAutoscaler", "Ingress",
            "NetworkPolicy", "Pod", "PodDisruptionBudget", "PrometheusRule", "Secret", "SecretStore", "Service",
            "ServiceAccount", "ServiceMonitor", "StatefulSet",
        ]);
    });
});

// Each damages one manifest of a good set; the checks must say so.
describe("the checks bite", () => {
    const broken = (set, kind, damage) => {
        const copy = structuredClone(rendered[set]);
        damage(find(copy, kind), copy);
        return copy;
    };
    const pod = (m) => m.spec.template.spec;
    const container = (m) => pod(m).containers[0];
    const base = "01-smallest-values.yaml";
    const objections = [
        ["an unknown field", base, "Deployment", (m) => (pod(m).restartPolice = "Always"), /restartPolice: unknown/],
        ["an unknown field deep inside", base, "Deployment", (m) => (container(m).livenessProbe.httpGet.prot = 1), /prot: unknown/],
        ["an unknown field in metadata", base, "Service", (m) => (m.metadata.lables = {}), /lables: unknown/],
        ["a number for a string", base, "Deployment", (m) => (container(m).env[0].value = 5432), /not a string/],
        ["a string for a number", base, "Deployment", (m) => (m.spec.replicas = "2"), /not a number/],
        ["an object for a list", base, "Deployment", (m) => (container(m).env = { PGHOST: "db" }), /not a list/],
        ["a list for an object", base, "Deployment", (m) => (m.metadata.labels = ["a"]), /not a map/],
        ["no selector", base, "Deployment", (m) => delete m.spec.selector, /selector/],
        ["a container without a name", base, "Deployment", (m) => delete container(m).name, /name/],
        ["a Service port without a number", base, "Service", (m) => delete m.spec.ports[0].port, /port/],
        ["an Ingress path without a type", "08-ingress-values.yaml", "Ingress", (m) => delete m.spec.rules[0].http.paths[0].pathType, /pathType/],
        ["an autoscaler's target without a type", "11-scaled-values.yaml", "HorizontalPodAutoscaler", (m) => delete m.spec.metrics[0].resource.target.type, /type/],
        ["an ExternalSecret without a key", "06-external-secrets-values.yaml", "ExternalSecret", (m) => delete m.spec.data[0].remoteRef.key, /key/],
        ["a rule without an expression", "10-monitoring-values.yaml", "PrometheusRule", (m) => delete m.spec.groups[0].rules[0].expr, /expr/],
        ["a ServiceMonitor without a selector", "10-monitoring-values.yaml", "ServiceMonitor", (m) => delete m.spec.selector, /selector/],
        ["a backend without a name", "09-gateway-values.yaml", "HTTPRoute", (m) => delete m.spec.rules[0].backendRefs[0].name, /name/],
        ["a removed version", base, "PodDisruptionBudget", (m) => (m.apiVersion = "policy/v1beta1"), /has no PodDisruptionBudget/],
        ["a removed version of an autoscaler", "11-scaled-values.yaml", "HorizontalPodAutoscaler", (m) => (m.apiVersion = "autoscaling/v2beta2"), /has no HorizontalPodAutoscaler/],
        ["a removed group", "08-ingress-values.yaml", "Ingress", (m) => (m.apiVersion = "extensions/v1beta1"), /has no Ingress/],
        ["a rewrite without a type", "09-gateway-values.yaml", "HTTPRoute", (m) => delete m.spec.rules[0].filters[0].urlRewrite.path.type, /type/],
        ["the wrong group", base, "Deployment", (m) => (m.apiVersion = "batch/v1"), /has no Deployment/],
        ["a removed version of a custom resource", "06-external-secrets-values.yaml", "SecretStore", (m) => (m.apiVersion = "external-secrets.io/v1alpha2"), /there is no SecretStore/],
    ];
    for (const [what, set, kind, damage, message] of objections) {
        for (const version of versions) {
            test(`${what}, Kubernetes ${version}`, () =>
                assert.match(judge(broken(set, kind, damage), version).join("\n"), message));
        }
    }
    test("a field that is newer than the server", () => {
        const newer = broken(base, "Deployment", (m) => (container(m).lifecycle = { stopSignal: "SIGQUIT" }));
        assert.match(judge(newer, "1.28").join(), /stopSignal: unknown/);
        assert.match(judge(newer, "1.32").join(), /stopSignal: unknown/);
        assert.deepEqual(judge(newer, "1.34"), []);
    });
    test("unknown fields of custom resources", () => {
        const damages = [
            ["06-external-secrets-values.yaml", "ExternalSecret", (m) => (m.spec.target.creationPolice = "Owner")],
            ["06-external-secrets-values.yaml", "SecretStore", (m) => (m.spec.provider.vault.pathh = "secret")],
            ["09-gateway-values.yaml", "HTTPRoute", (m) => (m.spec.rules[0].matches[0].path.regex = true)],
            ["09-gateway-values.yaml", "HTTPRoute", (m) => (m.spec.rules[0].filters[0].urlRewrite.prefix = "/")],
            ["10-monitoring-values.yaml", "PrometheusRule", (m) => (m.spec.groups[0].rules[0].severity = "high")],
            ["10-monitoring-values.yaml", "ServiceMonitor", (m) => (m.spec.endpoints[0].portt = "metrics")],
        ];
        const errors = unknownFields(damages.map(([set, kind, damage]) => broken(set, kind, damage)), folder);
        errors.forEach((found, i) => assert.match(found.join(), /does not exist in type/, damages[i][1]));
    });

    const insecure = [
        ["a root user", (m) => (pod(m).securityContext.runAsUser = 0), /root/],
        ["a root user of a container", (m) => (container(m).securityContext.runAsUser = 0), /nginx may run as root/],
        ["a container that may be root", (m) => (container(m).securityContext.runAsNonRoot = false), /nginx may run as root/],
        ["no seccomp for a container", (m) => (container(m).securityContext.seccompProfile = { type: "Unconfined" }), /nginx has no seccomp/],
        ["a privileged container before the others", (m) => {
            const securityContext = { ...container(m).securityContext, privileged: true };
            pod(m).initContainers = [{ name: "first", securityContext }];
        }, /first is privileged/],
        ["a token", (m) => delete pod(m).automountServiceAccountToken, /token/],
        ["no seccomp", (m) => delete pod(m).securityContext.seccompProfile, /seccomp/],
        ["privileges", (m) => (container(m).securityContext.allowPrivilegeEscalation = true), /privileges/],
        ["a capability", (m) => (container(m).securityContext.capabilities.add = ["NET_RAW"]), /capabilities/],
        ["a writable root", (m) => delete container(m).securityContext.readOnlyRootFilesystem, /write/],
        ["a host's folder", (m) => (pod(m).volumes[1] = { name: "tmp", hostPath: { path: "/tmp" } }), /host's/],
    ];
    for (const [what, damage, message] of insecure) {
        test(what, () => assert.match(insecurities(broken(base, "Deployment", damage)).join(), message));
    }

    const dangling = [
        ["a ServiceAccount that is not there", base, "ServiceAccount", (m) => (m.metadata.name += "x"), /no ServiceAccount/],
        ["a Secret for nobody", "04-statefulset-values.yaml", "Secret", (m) => (m.metadata.name += "x"), /no pod uses the Secret/],
        ["an ExternalSecret for nobody", "06-external-secrets-values.yaml", "ExternalSecret", (m) => (m.spec.target.name += "x"), /no pod uses the Secret/],
        ["a store of another kind", "06-external-secrets-values.yaml", "ExternalSecret", (m) => (m.spec.secretStoreRef.kind = "ClusterSecretStore"), /no ClusterSecretStore/],
        ["a store of another name", "06-external-secrets-values.yaml", "ExternalSecret", (m) => (m.spec.secretStoreRef.name += "x"), /no SecretStore/],
        ["a volume that is not mounted", base, "Deployment", (m) => container(m).volumeMounts.pop(), /nothing mounts/],
        ["a mount without a volume", base, "Deployment", (m) => pod(m).volumes.pop(), /there is no volume/],
        ["a ConfigMap that is not there", base, "ConfigMap", (m) => (m.metadata.name += "x"), /no ConfigMap/],
        ["a Service that selects nothing", base, "Service", (m) => (m.spec.selector.x = "y"), /selects no pod/],
        ["a port that is not there", base, "Service", (m) => (m.spec.ports[0].targetPort = "x"), /no pod has the port/],
        ["labels that are not selected", base, "Deployment", (m) => (m.spec.template.metadata.labels = { "app.kubernetes.io/component": "server" }), /selects other pods/],
        ["a volume that is there twice", base, "Deployment", (m) => pod(m).volumes.push({ name: "tmp", emptyDir: {} }), /the volume tmp is there twice/],
        ["two mounts in one place", base, "Deployment", (m) => (container(m).volumeMounts[1].mountPath = "/run"), /\/run is mounted twice/],
        ["a variable that is there twice", base, "Deployment", (m) => container(m).env.push({ name: "PGHOST", value: "a" }), /a variable is there twice/],
        ["a name that is there twice", base, "Service", (m, all) => all.push(m), /there twice/],
    ];
    for (const [what, set, kind, damage, message] of dangling) {
        test(what, () => assert.match(danglings(broken(set, kind, damage)).join(), message));
    }

    test("a name that is none in YAML 1.1", () => {
        const text = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: on\n";
        assert.match(judge(parse(text), "1.34").join(), /name: true is not a string/);
    });
});

describe("what values become", () => {
    const template = (manifests) => (find(manifests, "Deployment") ?? find(manifests, "StatefulSet")).spec.template;
    const env = (manifests) =>
        Object.fromEntries(template(manifests).spec.containers[0].env.map((e) => [e.name, e.value ?? e.valueFrom]));
    const checksum = (manifests) => template(manifests).metadata.annotations["checksum/config"];
    const smallest = rendered["01-smallest-values.yaml"];

    test("another configuration replaces the pods, other labels or another version of the chart do not", () => {
        assert.notEqual(checksum(renderWith({ workers: 3 })), checksum(smallest));
        const password = { "database.password": "a" };
        const before = template(renderWith(password));
        const labels = { "commonLabels.team": "platform", ...password };
        assert.deepEqual(template(renderWith(labels)), before);
        helm("package", chart, "--version", "99.0.0", "--destination", scratch);
        const newer = helm("template", "rel", path.join(scratch, "dns-tools-99.0.0.tgz"), ...withValues(password));
        assert.deepEqual(template(parse(newer)), before);

        const volume = { "journal.persistence.enabled": true };
        const claims = (values) => find(renderWith(values), "StatefulSet").spec.volumeClaimTemplates;
        assert.deepEqual(claims({ ...labels, ...volume }), claims(volume), "Kubernetes refuses others");
    });
    test("a label of one kind of object comes before the same label of all", () => {
        const kinds = { serviceMonitor: "ServiceMonitor", prometheusRule: "PrometheusRule", dashboard: "ConfigMap" };
        const groups = Object.entries(kinds).map(([name]) => [`metrics.${name}`, { enabled: true, labels: { team: name } }]);
        const manifests = renderWith({ "commonLabels": { team: "all", all: "1" }, ...Object.fromEntries(groups) });
        const common = find(manifests, "Service").metadata.labels;
        for (const [name, kind] of Object.entries(kinds)) {
            const { labels } = find(manifests, kind, kind === "ConfigMap" ? "-dashboard" : "").metadata;
            const grafana = name === "dashboard" ? { grafana_dashboard: "1" } : {};
            assert.deepEqual(labels, { ...common, ...grafana, team: name });
        }
    });
    test("another password replaces the pods", () => {
        const sum = (password) =>
            template(renderWith({ "database.password": password })).metadata.annotations["checksum/database"];
        assert.notEqual(sum("a"), sum("b"));
    });
    test("names are names, whatever else YAML has them for", () => {
        const more = withValues({
            fullnameOverride: "on", nameOverride: "123", priorityClassName: "off", "serviceAccount.name": "yes",
            "clientIp.mode": "hash", "clientIp.keySecret": { name: "no", key: "1e3" },
            "database.existingSecret": { name: "true", key: "123" },
            "database.tls.ca": { secretName: "false", key: "1" },
            "database.tls.client": { secretName: "off", certificateKey: "2", privateKeyKey: "3" },
            "imagePullExternalSecret.enabled": true, "imagePullExternalSecret.remoteRef.key": "4",
            "imagePullExternalSecret.secretStoreRef": { name: "5", kind: "ClusterSecretStore" },
            "journal.persistence.enabled": true, "journal.persistence.storageClass": "on",
            "journal.volumeSize": "1073741824",
            "ingress.enabled": true, "ingress.hosts": ["1"], "ingress.className": "6", "ingress.path": "/ #: 1",
            "httpRoute.enabled": true, "httpRoute.parentRefs": [{ name: "on" }], "httpRoute.path": "/ #: 2",
            "metrics.serviceMonitor.enabled": true, "autoscaling.enabled": true,
        });
        const manifests = parse(helm("template", "7", chart, "--namespace", "8", ...more));
        for (const version of versions) {
            assert.deepEqual(judge(manifests, version), []);
        }
        assert.deepEqual(danglings(manifests), []);
        assert.equal(find(manifests, "Ingress").spec.rules[0].http.paths[0].path, "/ #: 1");
        assert.equal(find(manifests, "HTTPRoute").spec.rules[0].matches[0].path.value, "/ #: 2");
    });
    test("any password arrives as it is", () => {
        const { data } = find(rendered["04-statefulset-values.yaml"], "Secret");
        const { database } = yaml.parse(fs.readFileSync(file("04-statefulset-values.yaml"), "utf8"));
        assert.equal(Buffer.from(data.password, "base64").toString(), database.password);
    });
    test("no password is in the configuration or in the pod", () => {
        const others = rendered["04-statefulset-values.yaml"].filter(({ kind }) => kind !== "Secret");
        assert.ok(!JSON.stringify(others).includes("word'"));
    });
    test("the environment names the database", () => {
        const { PGHOST, PGPORT, PGDATABASE, PGUSER, PGSSLMODE, PGPASSWORD } = env(rendered["03-tls-values.yaml"]);
        assert.deepEqual({ PGHOST, PGPORT, PGDATABASE, PGUSER, PGSSLMODE, PGPASSWORD }, {
            PGHOST: "primary.db.example.com,standby.db.example.com",
            PGPORT: "5433",
            PGDATABASE: "lookups",
            PGUSER: "dns_tools_writer",
            PGSSLMODE: "verify-full",
            PGPASSWORD: { secretKeyRef: { name: "postgresql-dns-tools", key: "writer" } },
        });
    });
    test("the grace period is longer than the drain", () => {
        for (const manifests of Object.values(rendered)) {
            const { terminationGracePeriodSeconds, containers } = template(manifests).spec;
            const conf = find(manifests, "ConfigMap").data["nginx.conf"];
            const drain = Number(/worker_shutdown_timeout (\d+)s;/.exec(conf)[1]);
            const wait = Number(containers[0].lifecycle?.preStop.exec.command[1] ?? 0);
            assert.ok(drain > 10 && terminationGracePeriodSeconds > drain + wait);
        }
    });
    test("Services are on IPv6 when nginx is", () => {
        const families = (manifests) => new Set(
            manifests.filter(({ kind }) => kind === "Service").map(({ spec }) => spec.ipFamilyPolicy));
        const volume = { "journal.persistence.enabled": true };
        assert.deepEqual(families(renderWith({ ...volume, ipv6: true })), new Set(["PreferDualStack"]));
        assert.deepEqual(families(renderWith(volume)), new Set([undefined]));
    });
    test("nameservers on other ports are let out", () => {
        const { egress } = find(rendered["09-gateway-values.yaml"], "NetworkPolicy").spec;
        assert.deepEqual([...new Set(egress[0].ports.map(({ port }) => port))], [53, 5353, 5300]);
    });
    const rule = (path) => {
        const route = renderWith({ httpRoute: { enabled: true, parentRefs: [{ name: "g" }], path } });
        for (const version of versions) {
            assert.deepEqual(judge(route, version), []);
        }
        assert.deepEqual(danglings(route), []);
        return find(route, "HTTPRoute").spec.rules[0];
    };
    const rewrite = { type: "URLRewrite", urlRewrite: { path: { type: "ReplacePrefixMatch", replacePrefixMatch: "/" } } };
    for (const path of ["/dns", "/v2", "/v1x", "/api/v1", "/toolsy", "/tools/dig", "/a/"]) {
        test(`an HTTPRoute takes ${path} off`, () => assert.deepEqual(rule(path).filters, [rewrite]));
    }
    // nginx.conf has these.
    for (const path of ["/", "/v1", "/v1/", "/tools", "/v1/tools/", "/tools/lookup", "/history", "/openapi.yaml"]) {
        test(`an HTTPRoute leaves ${path} there`, () => assert.equal(rule(path).filters, undefined));
    }
    test("every route of nginx.conf is left there", () => {
        const conf = find(smallest, "ConfigMap").data["nginx.conf"].split("listen 9113")[0];
        const routes = [...conf.matchAll(/location = (\/(?!error).*) \{/g)].map(([, route]) => route);
        assert.ok(routes.length >= 7);
        routes.forEach((route) => assert.equal(rule(route).filters, undefined, route));
    });
    test("an autoscaler decides about the replicas alone", () => {
        assert.equal(find(rendered["11-scaled-values.yaml"], "Deployment").spec.replicas, undefined);
        assert.equal(find(smallest, "Deployment").spec.replicas, 2);
    });
    test("names stay below 64 characters", () => {
        const name = "a-release-whose-name-is-as-long-as-helm-allows-it-123";
        const manifests = parse(helm("template", name, chart, "-f", file("05-statefulset-scaled-values.yaml")));
        for (const { metadata } of manifests) {
            assert.ok(metadata.name.length <= 63, metadata.name);
        }
        assert.deepEqual(danglings(manifests), []);
    });
    const notes = (...args) => helm("install", "rel", chart, "--dry-run=client", ...args).split("NOTES:")[1];
    test("the notes name the URL and what is missing", () => {
        assert.match(notes("-f", file("01-smallest-values.yaml")), /port-forward service\/rel-dns-tools 3000:80/);
        assert.match(notes("-f", file("01-smallest-values.yaml")), /WARNING: whoever can reach the service can read/);
        assert.match(notes("-f", file("02-no-database-values.yaml")), /WARNING: no database/);
        assert.match(notes("-f", file("08-ingress-values.yaml")), /https:\/\/dns\.example\.com\/v1\/tools\/lookup/);
    });
    test("the notes name a URL that can be used", () => {
        const url = (...hosts) => notes(...withValues({ "ingress.enabled": true, "ingress.hosts": hosts })).match(/curl '(.*)'/)[1];
        assert.equal(url("a.example.org", "b.example.org"), "http://a.example.org/tools/lookup?domain=example.com");
        assert.equal(url("*.example.org", "b.example.org"), "http://b.example.org/tools/lookup?domain=example.com");
        // Which name below it leads here, the chart does not know.
        assert.equal(url("*.example.org"), "http://localhost:3000/tools/lookup?domain=example.com");
    });
    test("the notes say when all clients count as one", () => {
        const said = (values) => notes(...withValues(values)).match(/WARNING: all clients behind (.|\n)*/)?.[0] ?? "";
        const ingress = { "ingress.enabled": true, "ingress.hosts": ["a"] };
        assert.match(said(ingress), /the proxy in front count as one/);
        assert.match(said(ingress), /50r\/s and 64 connections are for all of them together/);
        assert.match(said(ingress), /realIp\.trusted/);
        assert.match(said({ "httpRoute.enabled": true, "httpRoute.parentRefs": [{ name: "g" }] }), /realIp\.trusted/);
        assert.doesNotMatch(said({ ...ingress, "limits.enabled": false }), /together/);
        assert.match(said({ "service.type": "LoadBalancer" }), /a node count as one(.|\n)*externalTrafficPolicy=Local/);
        assert.match(said({ "service.type": "NodePort", "service.externalTrafficPolicy": "Cluster" }), /a node/);
        assert.equal(said({ "service.type": "LoadBalancer", "service.externalTrafficPolicy": "Local" }), "");
        assert.equal(said({ ...ingress, "realIp.trusted": ["10.0.0.0/8"] }), "");
        assert.equal(said({}), "");
    });
    const project = (name) => fs.readFileSync(path.join(chart, "../..", name), "utf8");
    test("the connections of a worker to PostgreSQL are as many as in the project's example", () => {
        const said = [values.read("README.md"), project("nginx.conf.example")].map((text) => /nameserver, up to (\d+) for PostgreSQL/.exec(text)?.[1]);
        assert.deepEqual(said, ["5", "5"]);
    });
    const monitoring = rendered["10-monitoring-values.yaml"];
    test("the dashboard is the one of the project", () => {
        const map = find(monitoring, "ConfigMap", "-dashboard");
        assert.deepEqual(JSON.parse(map.data["dns-tools.json"]), JSON.parse(project("observability/dashboard.json")));
    });
    test("the alerts are those of the project, and what is added", () => {
        const { groups } = find(monitoring, "PrometheusRule").spec;
        const own = yaml.parse(project("observability/alerts.yml")).groups;
        assert.deepEqual(groups.slice(0, own.length), own);
        assert.deepEqual(groups.slice(own.length).map(({ name }) => name), ["dns-tools-additional"]);
    });
    // The chart leads to files outside of its folder; a package has to hold them.
    test("a package renders what the folder does", () => {
        const [archive] = /\/.*\.tgz/.exec(helm("package", chart, "--destination", scratch));
        for (const set of sets) {
            const packed = helm("template", "rel", archive, "--namespace", "space", "-f", file(set));
            assert.deepEqual(parse(packed), rendered[set], set);
        }
    });
});

describe("the three descriptions of the values agree", () => {
    const described = values.describe();
    test("values.yaml sets only what the schema knows", () => assert.deepEqual(described.unknown, []));
    test("every value has a meaning in the schema", () =>
        assert.deepEqual(described.values.filter(({ description }) => !description), []));
    test("every value has a default in values.yaml", () => {
        const without = described.values.filter(({ value }) => value === undefined).map(({ name }) => name);
        assert.deepEqual(without.filter((name) => !/^global$|^probes\..*(initialDelay|success)/.test(name)), []);
    });
    const templates = fs.readdirSync(path.join(chart, "templates"), { recursive: true })
        .filter((name) => /\.(tpl|yaml)$/.test(name))
        .map((name) => values.read(path.join("templates", name)))
        .join("\n");
    const unused = (text) => {
        const used = values.used(text);
        return described.values.map(({ name }) => name).filter((name) => name !== "global" && !used(name));
    };
    test("every value is used by a template", () => assert.deepEqual(unused(templates), []));
    // Others' names end in the same words, and the checks have some of these.
    const removed = [
        [".Values.service.nodePort", ["service.nodePort"]],
        ["$v.history.enabled", ["history.enabled"]],
        ["key: {{ .key | quote }}\n        path: ca.crt", ["database.tls.ca.key"]],
        ["$v.probes.startup", ["periodSeconds", "timeoutSeconds", "failureThreshold", "initialDelaySeconds"].map((name) => `probes.startup.${name}`)],
        ["$monitor.scrapeTimeout", ["metrics.serviceMonitor.scrapeTimeout"]],
        ["$persistence.accessModes", ["journal.persistence.accessModes"]],
        ["with $v.affinity", ["affinity"]],
    ];
    for (const [what, names] of removed) {
        test(`that shows when ${what.replaceAll("\n", " ")} is not`, () =>
            assert.deepEqual(unused(templates.replaceAll(what, "with $nothing")), names));
    }
    test("README.md has them (scripts/npm-tools node scripts/npm/values.js --write)", () =>
        assert.equal(values.read("README.md"), values.readme()));
});
