"use strict";
// The chart: what it renders from each value set of helm/dns-tools/ci, and what it refuses.
// scripts/test-chart runs this.

const assert = require("node:assert/strict");
const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { describe, test } = require("node:test");
const { unknownFields } = require("./custom-resources.js");
const { danglings, insecurities, judge, load, parse, versions } = require("./manifests.js");
const values = require("./values.js");

const yaml = load("yaml");
const chart = path.join(__dirname, "../../helm/dns-tools");
const folder = path.dirname(process.env.NODE_PATH);
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "dns-tools-chart-"));
process.on("exit", () => fs.rmSync(scratch, { recursive: true }));

function helm(...args) {
    try {
        return execFileSync("helm", args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
    } catch (error) {
        throw new Error(error.stderr + error.stdout);
    }
}

const sets = fs.readdirSync(path.join(chart, "ci")).sort();
const file = (set) => path.join(chart, "ci", set);
const render = (...args) => parse(helm("template", "rel", chart, "--namespace", "space", ...args));
const rendered = Object.fromEntries(sets.map((set) => [set, render("-f", file(set))]));

// Arguments for the smallest set and more values. Dots in their names are levels.
function withValues(values) {
    const overrides = {};
    for (const [name, value] of Object.entries(values)) {
        const levels = name.split(".");
        const last = levels.pop();
        const inner = levels.reduce((level, key) => (level[key] ??= {}), overrides);
        inner[last] = value;
    }
    const name = path.join(scratch, "values.json");
    // Helm reads YAML 1.1, where on is a boolean; in JSON it is what it is.
    fs.writeFileSync(name, JSON.stringify(overrides));
    return ["-f", file("01-smallest-values.yaml"), "-f", name];
}
const renderWith = (values) => render(...withValues(values));

const find = (manifests, kind, suffix = "") =>
    manifests.find((m) => m.kind === kind && m.metadata.name.endsWith(suffix));

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

// Values, and what the refusal must say. Dots are levels.
describe("wrong values are refused", () => {
    const labelled = ["commonLabels", "podLabels", "metrics.serviceMonitor.labels", "metrics.prometheusRule.labels", "metrics.dashboard.labels"];
    const refused = [
        ["nameOverride: dns.tools", /"rel-dns\.tools".*set fullnameOverride/],
        ["fullnameOverride: dns.tools", /"dns\.tools".*set fullnameOverride/],
        ["fullnameOverride: 2nd", /"2nd".*set fullnameOverride/],
        ["fullnameOverride: Tools", /"Tools".*set fullnameOverride/],
        ["imagePullSecrets: [{}]", /\/imagePullSecrets\/0.*missing property 'name'/],
        ["replicas: -1", /\/replicas/],
        ["replicas: two", /\/replicas.*want integer/],
        ["replica: 3", /'replica' not allowed/],
        ["image.pullPolicy: Sometimes", /\/image\/pullPolicy.*'Always', 'IfNotPresent', 'Never'/],
        ...["ghcr.io/x/y:1.0", "x:1", "registry:port/x", "host:65536/x", "a:1:2/x", "a:1/b:2/c", "a//b", "X", "a@sha256:b", ""].map((image) =>
            [`image.repository: '${image}'`, /image\.repository: ".*" is not an image without a tag.*image\.tag/]),
        ["image.tag: v1@2", /image\.tag: "v1@2" is not a tag/],
        ["image.digest: sha256:abc", /image\.digest: "sha256:abc" is not a digest, which is sha256: and 64 hexadecimal digits/],
        ["imagePullSecrets: [registry]", /\/imagePullSecrets\/0.*want object/],
        ["workers: 0", /\/workers/],
        ["port: 80", /\/port/],
        ["resolver.addresses: [dns.example.com]", /resolver\.addresses: "dns\.example\.com" is not an address/],
        ["resolver.addresses: [192.0.2.256]", /resolver\.addresses: "192\.0\.2\.256"/],
        ["resolver.addresses: ['2001:db8::53']", /resolver\.addresses: "2001:db8::53".*in brackets/],
        ["resolver.addresses: ['192.0.2.53:65536']", /resolver\.addresses: "192\.0\.2\.53:65536"/],
        ["resolver.addresses: ['[2001:db8::53]:0']", /resolver\.addresses: "\[2001:db8::53\]:0"/],
        ["resolver.addresses: ['[1:2:3]']", /resolver\.addresses: "\[1:2:3\]"/],
        ["resolver.timeout: 2 seconds", /resolver\.timeout: "2 seconds" is not a time from 1ms to 60s/],
        ["resolver.timeout: 61s", /resolver\.timeout: "61s" is not/],
        ["resolver.timeout: 0ms", /resolver\.timeout: "0ms" is not/],
        ["resolver.timeout: 2", /\/resolver\/timeout.*want string/],
        ["resolver.timeout: 1s", /resolver\.addresses is empty/],
        ["resolver.attempts: 17", /\/resolver\/attempts/],
        ["history.allow: [everybody]", /history\.allow: "everybody" is neither an address nor a network/],
        ["history.allow: ['10.0.0.0/8; }']", /history\.allow: "10\.0\.0\.0\/8; }"/],
        ["history.allow: [\"10.0.0.0/8\\n\"]", /history\.allow: "10\.0\.0\.0\/8\\n"/],
        ["limits.exempt: ['2001:db8::/129']", /limits\.exempt: "2001:db8::\/129"/],
        ["record: always", /\/record.*'on', 'off', 'commit'/],
        ["record: true", /\/record/],
        ["clientIp.mode: hash", /clientIp\.keySecret\.name is empty/],
        ["realIp.trusted: [10.0.0.0/33]", /realIp\.trusted: "10\.0\.0\.0\/33"/],
        ["realIp.header: proxy_protocol", /realIp\.header is proxy_protocol.*does not listen for/],
        ["limits.rate: 50", /\/limits\/rate.*want string/],
        ["limits.rate: 50/s", /limits\.rate: "50\/s" is not a rate, such as 50r\/s/],
        ["limits.rate: 0r/s", /limits\.rate: "0r\/s"/],
        ["limits.burst: 0", /\/limits\/burst/],
        ["log.level: verbose", /\/log\/level/],
        ["database.host: ''", /database\.host is empty/],
        ["database.host: db example", /database\.host: "db example"/],
        ["database.host: 'db.example.com:5432'", /database\.host: "db\.example\.com:5432".*database\.port/],
        ["database.host: '192.0.2.32:5432'", /database\.host: "192\.0\.2\.32:5432"/],
        ["database.host: 'dead:5432'", /database\.host: "dead:5432"/],
        ["database.host: 'db1,db2:5432'", /database\.host: "db2:5432"/],
        ["database.host: 'db1,,db2'", /database\.host: ""/],
        ["database.host: db/x", /database\.host: "db\/x"/],
        ["database.host: user@db", /database\.host: "user@db"/],
        ["database.reads.host: 'db:5432'", /database\.reads\.host: "db:5432".*database\.reads\.port/],
        ["database.reads.host: replica, history.enabled: false", /database\.reads\.host is set, and history\.enabled is false: there is nothing to read/],
        ["database.port: 65536", /\/database\/port/],
        ["database.sslMode: 'on'", /\/database\/sslMode.*'verify-full'/],
        ["database.sslMode: verify-full", /nothing to verify with/],
        ["database.schema: drop", /\/database\/schema/],
        ["database.retention: 90 days", /database\.retention: "90 days" is not a time from 1m to 100y, such as 90d\n/],
        // The module's own bounds, in each unit.
        ...["59s", "0m", "3153600001s", "52560001m", "876001h", "36501d", "5215w", "1217M", "101y", "200y"].map((time) =>
            [`database.retention: ${time}`, RegExp(`database\\.retention: "${time}" is not a time from 1m to 100y`)]),
        [`database.retention: ${"9".repeat(400)}d`, /database\.retention: "9*d" is not/],
        ["database.enabled: false, database.retention: 1d", /there are no rows/],
        ["database.enabled: false, record: commit", /nothing to commit to/],
        ["database.password: a, database.existingSecret.name: b", /database\.password and database\.existingSecret\.name/],
        ["database.externalSecret.refreshInterval: 1d", /database\.externalSecret\.refreshInterval: "1d" is not a time of hours, minutes and seconds, such as 1h30m/],
        ["imagePullExternalSecret.refreshInterval: 1w", /imagePullExternalSecret\.refreshInterval: "1w" is not/],
        ["imagePullExternalSecret.refreshInterval: 900000h", /imagePullExternalSecret\.refreshInterval: "900000h" is not/],
        ["secretStore.enabled: true", /secretStore\.provider is empty/],
        ["database.externalSecret.enabled: true", /database\.externalSecret\.remoteRef\.key is empty/],
        ["database.externalSecret.enabled: true, database.externalSecret.remoteRef.key: k", /name a store/],
        ["imagePullExternalSecret.enabled: true", /imagePullExternalSecret\.remoteRef\.key is empty/],
        ["imagePullExternalSecret.enabled: true, imagePullExternalSecret.remoteRef.key: k", /imagePullExternalSecret\.secretStoreRef\.name is empty, and secretStore\.enabled is false: name a store/],
        ...["database.externalSecret", "imagePullExternalSecret"].map((name) => [
            `secretStore: {enabled: true, provider: {fake: {}}}, ${name}: {enabled: true, remoteRef: {key: k}, secretStoreRef: {kind: ClusterSecretStore}}`,
            RegExp(`${name}\\.secretStoreRef\\.name is empty.*ClusterSecretStore: name the store`)]),
        ["journal.size: 64MB", /journal\.size: "64MB" is not a size from 1m to 32g, such as 64m or 2g/],
        ["journal.size: 32769m", /journal\.size: "32769m" is not a size from 1m to 32g/],
        ["journal.size: 64k", /journal\.size: "64k" is not/],
        ["journal.size: 0m", /journal\.size: "0m" is not/],
        ["journal.size: 8589934592g", /journal\.size: "8589934592g" is not/],
        ["journal.size: 32g", /2 workers with journal\.size 32g need 65552 MiB/],
        ["journal.sync: sometimes", /journal\.sync: "sometimes" is not off, always, or a time from 1ms to 60s/],
        ["journal.sync: ''", /journal\.sync: "" is not/],
        ["journal.sync: 2m", /journal\.sync: "2m" is not/],
        ["journal.sync: 60001ms", /journal\.sync: "60001ms" is not/],
        ["journal.full: block", /\/journal\/full/],
        ["journal.volumeSize: 1 GB", /journal\.volumeSize: "1 GB" is not a size, such as 1Gi or 500M/],
        ["journal.volumeSize: 8388608Ti", /journal\.volumeSize: "8388608Ti" is not/],
        // In Kubernetes a k is 1000.
        ["journal.volumeSize: 147456k", /2 workers with journal\.size 64m need 144 MiB/],
        ["journal.volumeSize: 100Mi", /2 workers with journal\.size 64m need 144 MiB\n\n/],
        ["journal.volumeSize: 100Mi, journal.persistence.enabled: true", /need 144 MiB.*README\.md says how a StatefulSet gets larger volumes/],
        ["journal.enabled: false, journal.persistence.enabled: true", /nothing to keep/],
        ["database.enabled: false, journal.persistence.enabled: true", /database\.enabled is false: there is nothing to keep/],
        ["metrics.port: 3000", /they must differ/],
        ["metrics.zoneSize: 64k", /metrics\.zoneSize: "64k" is not a size in megabytes, such as 2m/],
        ["metrics.zoneSize: 1g", /metrics\.zoneSize: "1g" is not/],
        ["metrics.zoneSize: 0m", /metrics\.zoneSize: "0m" is not/],
        ["metrics.enabled: false, metrics.serviceMonitor.enabled: true", /nothing to see/],
        ["metrics.serviceMonitor.enabled: true, metrics.serviceMonitor.interval: 9s", /interval is 9s, shorter than .*scrapeTimeout \(10s\)/],
        ["metrics.serviceMonitor.enabled: true, metrics.serviceMonitor.scrapeTimeout: 1m500ms, metrics.serviceMonitor.interval: 1m", /shorter/],
        ["metrics.serviceMonitor.interval: 30s1m", /metrics\.serviceMonitor\.interval: "30s1m" is not a time, such as 30s or 1m30s/],
        ["metrics.serviceMonitor.interval: ''", /metrics\.serviceMonitor\.interval: "" is not/],
        ["metrics.serviceMonitor.scrapeTimeout: 10 s", /metrics\.serviceMonitor\.scrapeTimeout: "10 s" is not/],
        ["service.type: ExternalName", /\/service\/type/],
        ["service.externalTrafficPolicy: Local", /service\.externalTrafficPolicy is set, and service\.type is ClusterIP/],
        ["service.nodePort: 30080", /service\.nodePort is set, and service\.type is ClusterIP/],
        ["ingress.enabled: true", /ingress\.hosts is empty/],
        ["ingress.hosts: [EXAMPLE.com]", /ingress\.hosts: "EXAMPLE\.com" is not a host name in small letters, such as dns\.example\.com or \*\.example\.com/],
        ["ingress.tls: [{secretName: a, hosts: [a_b]}]", /ingress\.tls: "a_b" is not a host name/],
        ["httpRoute.hostnames: ['dns.*.com']", /httpRoute\.hostnames: "dns\.\*\.com" is not a host name/],
        ["httpRoute.path: dns", /\/httpRoute\/path/],
        ["httpRoute.enabled: true", /httpRoute\.parentRefs is empty/],
        ["autoscaling.enabled: true, autoscaling.minReplicas: 11", /more than autoscaling\.maxReplicas/],
        ["autoscaling.enabled: true, autoscaling.targetCPUUtilizationPercentage: null", /neither/],
        ["autoscaling.enabled: true, resources.requests: null", /resources\.requests\.cpu is not set/],
        ["autoscaling.enabled: true, autoscaling.targetMemoryUtilizationPercentage: 80, resources.requests.memory: null, resources.limits.memory: null", /resources\.requests\.memory is not set/],
        ["podDisruptionBudget.minAvailable: 1", /set the other to null/],
        ["podDisruptionBudget.maxUnavailable: null", /neither podDisruptionBudget\.minAvailable nor podDisruptionBudget\.maxUnavailable/],
        ["podDisruptionBudget.maxUnavailable: half", /podDisruptionBudget\.maxUnavailable: "half" is not a number or a percentage of 100% at most, such as 25%/],
        ["podDisruptionBudget.maxUnavailable: '1'", /podDisruptionBudget\.maxUnavailable: "1" is not/],
        ["podDisruptionBudget.maxUnavailable: 101%", /podDisruptionBudget\.maxUnavailable: "101%" is not/],
        ["podDisruptionBudget.maxUnavailable: null, podDisruptionBudget.minAvailable: 200%", /podDisruptionBudget\.minAvailable: "200%" is not/],
        ["podDisruptionBudget.maxUnavailable: -1", /\/podDisruptionBudget\/maxUnavailable/],
        ["updateStrategy.maxSurge: 0", /nothing could ever be updated/],
        ["updateStrategy.maxSurge: 0, updateStrategy.maxUnavailable: 0%", /nothing could ever be updated/],
        ["updateStrategy.maxSurge: 00%", /nothing could ever be updated/],
        ["updateStrategy.maxUnavailable: 200%", /updateStrategy\.maxUnavailable: "200%" is not a number or a percentage of 100% at most/],
        ["updateStrategy.maxSurge: a%", /updateStrategy\.maxSurge: "a%" is not a number or a percentage, such as 25%/],
        ["updateStrategy.maxSurge: 1.5", /\/updateStrategy\/maxSurge/],
        ["shutdown.workerSeconds: 10", /\/shutdown\/workerSeconds/],
        ["probes.liveness.path: /", /'path' not allowed/],
        // Kubernetes takes 1 only.
        ["probes.liveness.successThreshold: 2", /\/probes\/liveness.*'successThreshold' not allowed/],
        ["probes.startup.successThreshold: 3", /\/probes\/startup.*'successThreshold' not allowed/],
        ["extraEnv: [{name: A, value: 1}]", /\/extraEnv\/0\/value.*want string/],
        ["extraEnv: [{name: A, valeu: a}]", /\/extraEnv\/0.*'valeu' not allowed/],
        ["extraEnv: [{name: A}, {name: A}]", /extraEnv: "A" is there twice/],
        ["extraVolumes: [{emptyDir: {}}]", /\/extraVolumes\/0.*missing property 'name'/],
        ["extraVolumes: [{name: a, emptyDir: {}}, {name: a, emptyDir: {}}]", /extraVolumes: "a" is there twice/],
        ["extraVolumeMounts: [{name: tmp}]", /\/extraVolumeMounts\/0.*missing property 'mountPath'/],
        ["extraVolumeMounts: [{name: a, mountPath: /a}]", /extraVolumeMounts: there is no volume "a": name it in extraVolumes/],
        ["extraVolumes: [{name: a}], extraVolumeMounts: [{name: a, mountPath: /tmp/}]", /extraVolumeMounts: "\/tmp" is what the chart sets itself/],
        ["nodeSelector: {disk: 1}", /\/nodeSelector\/disk.*want string/],
        ...[...labelled, "nodeSelector"].flatMap((where) => [
            [`${where}: {team: a b}`, RegExp(`${where}: team has the value "a b", which no label can have`)],
            [`${where}: {a b: c}`, RegExp(`${where}: "a b" is not the name of a label`)],
        ]),
        ...["-a", "a.", "é", "a/b", "a".repeat(64)].map((value) =>
            [`podLabels: {team: '${value}'}`, /podLabels: team has the value ".*", which no label can have/]),
        ...["-a", "a/", "/a", "a/b/c", "A.b/c", "a".repeat(64), `${"a".repeat(254)}/b`].map((key) =>
            [`podLabels: {${key}: a}`, /podLabels: ".*" is not the name of a label/]),
        ["tolerations: [{kye: x}]", /\/tolerations\/0.*'kye' not allowed/],
        ["tolerations: [{key: x, operator: Is}]", /\/tolerations\/0\/operator.*'Exists', 'Equal'/],
        ["tolerations: [{key: x, effect: NoShedule}]", /\/tolerations\/0\/effect.*'NoSchedule'/],
        ["tolerations: [{key: x, value: true}]", /\/tolerations\/0\/value.*want string/],
        ["affinity: {podAntiAfinity: {}}", /\/affinity.*'podAntiAfinity' not allowed/],
        ["affinity: {podAntiAffinity: {required: []}}", /\/affinity\/podAntiAffinity.*'required' not allowed/],
        ["affinity: {podAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {}}}", /\/affinity\/podAffinity\/required.*want array/],
        ["affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: []}}", /\/affinity\/nodeAffinity\/required.*want object/],
        ["resources: {request: {cpu: 1}}", /\/resources.*'request' not allowed/],
        ["resources.requests.cpu: [1]", /\/resources\/requests\/cpu.*want number or string/],
        ["resources.requests.cpu: 100 m", /resources\.requests\.cpu: "100 m" is not a quantity, such as 100m or 1Gi/],
        ["resources.limits.memory: 1GB", /resources\.limits\.memory: "1GB" is not a quantity/],
        ["resources.limits: {a.b/c: ''}", /resources\.limits\.a\.b\/c: "" is not a quantity/],
        ["resources.limits.cpu: -1", /resources\.limits\.cpu: "-1" is not a quantity/],
        ["networkPolicy.from: [{podSelektor: {}}]", /\/networkPolicy\/from\/0.*'podSelektor' not allowed/],
        ["networkPolicy.from: [{}]", /\/networkPolicy\/from\/0/],
        ["networkPolicy.from: [{podSelector: {app: x}}]", /\/networkPolicy\/from\/0\/podSelector.*'app' not allowed/],
        ["networkPolicy.metricsFrom: [{namespaceSelector: {matchLabel: {}}}]", /\/networkPolicy\/metricsFrom\/0\/namespaceSelector.*'matchLabel' not allowed/],
        ["networkPolicy.database.to: [{ipBlock: 10.0.0.0/8}]", /\/networkPolicy\/database\/to\/0\/ipBlock.*want object/],
        ["networkPolicy.dns.to: [{ipBlock: {cidrs: 10.0.0.0/8}}]", /\/networkPolicy\/dns\/to\/0\/ipBlock/],
        ["networkPolicy.extraEgress: [{from: []}]", /\/networkPolicy\/extraEgress\/0.*'from' not allowed/],
        ["networkPolicy.extraEgress: [{ports: [{prt: 1}]}]", /\/networkPolicy\/extraEgress\/0\/ports\/0.*'prt' not allowed/],
        ["networkPolicy.extraEgress: [{to: [{cidr: a}]}]", /\/networkPolicy\/extraEgress\/0\/to\/0.*'cidr' not allowed/],
        ["autoscaling.behavior: {scaleDwn: {}}", /\/autoscaling\/behavior.*'scaleDwn' not allowed/],
        ["autoscaling.behavior: {scaleUp: {stabilizationSeconds: 1}}", /\/autoscaling\/behavior\/scaleUp.*'stabilizationSeconds' not allowed/],
        ["autoscaling.behavior: {scaleUp: {policies: [{type: Percents, value: 1, periodSeconds: 1}]}}", /\/policies\/0\/type.*'Pods', 'Percent'/],
        ["autoscaling.behavior: {scaleUp: {policies: [{type: Pods, value: 1}]}}", /\/policies\/0.*missing property 'periodSeconds'/],
        ["journal.persistence.accessModes: []", /\/journal\/persistence\/accessModes.*minItems/],
        ["httpRoute.parentRefs: [{name: a, nmaespace: b}]", /\/httpRoute\/parentRefs\/0.*'nmaespace' not allowed/],
        ["podAnnotations: {a b: c}", /podAnnotations: "a b" is not the name of an annotation/],
    ];
    for (const [text, message] of refused) {
        test(text, () => assert.throws(() => renderWith(yaml.parse(`{${text}}`)), message));
    }
    // Whatever the pods have of the chart, with all that they may have.
    const full = yaml.parse(fs.readFileSync(file("03-tls-values.yaml"), "utf8"));
    full.clientIp = { mode: "hash", keySecret: { name: "key" } };
    const { volumes, containers: [{ env, volumeMounts }] } = find(renderWith(full), "Deployment").spec.template.spec;
    const own = [
        ...env.map(({ name }) => [name, { extraEnv: [{ name, value: "a" }] }]),
        ...volumes.map(({ name }) => [name, { extraVolumes: [{ name, emptyDir: {} }] }]),
        ...volumeMounts.map((mount) => [mount.mountPath, { extraVolumeMounts: [mount] }]),
    ];
    for (const [what, more] of own) {
        const [where] = Object.keys(more);
        test(`${what} in ${where}`, () =>
            assert.throws(() => renderWith({ ...full, ...more }), RegExp(`${where}: "${what}" is what the chart sets itself`)));
    }
    const metadata = sets.flatMap((set) => rendered[set].flatMap((m) => [m.metadata, m.spec?.template?.metadata ?? {}]));
    const labels = new Set(metadata.flatMap((m) => Object.keys(m.labels ?? {})).filter((key) => /^(app|helm)\./.test(key)));
    const annotations = new Set(Object.keys(find(rendered["04-statefulset-values.yaml"], "StatefulSet").spec.template.metadata.annotations));
    for (const [where, key] of [
        ...labelled.filter((where) => where !== "podLabels").map((where) => [where, "app.kubernetes.io/name"]),
        ...[...labels].map((key) => ["podLabels", key]),
        ...[...annotations].map((key) => ["podAnnotations", key]),
    ]) {
        test(`${key} in ${where}`, () => {
            // Dots are levels, but not in this one.
            const [first, ...inner] = where.split(".");
            const more = inner.reduceRight((value, level) => ({ [level]: value }), { [key]: "x" });
            assert.throws(() => renderWith({ [first]: more }), RegExp(`${where}: "${key}" is what the chart sets itself`));
        });
    }
    test("these are as many as the chart has", () => assert.deepEqual([labels.size, annotations.size], [6, 3]));
    test("they are as many as the chart has", () => assert.deepEqual([env, volumes, volumeMounts].map((l) => l.length), [11, 5, 5]));
    test("a release whose name no Service can have", () =>
        assert.throws(() => helm("template", "1st.release", chart, ...withValues({})), /set fullnameOverride/));
});

// A key with nothing behind removes the default.
describe("nothing in the place of a value is refused", () => {
    const { required } = values.describe();
    const levels = Map.groupBy(required, (name) => name.split(".").length);
    // Level by level: what is in a group that is not there is not looked at.
    for (const [level, names] of levels) {
        test(`all of level ${level}, by name`, () => {
            const nothing = Object.fromEntries(names.map((name) => [name, null]));
            assert.throws(() => renderWith(nothing), ({ message }) => {
                const lines = message.matchAll(/at '(.*)': missing propert(?:y|ies) (.*)/g);
                const missing = [...lines].flatMap(([, where, keys]) =>
                    keys.split(", ").map((key) => `${where}/${key.replaceAll("'", "")}`.slice(1).replaceAll("/", ".")));
                assert.deepEqual(missing.sort(), names.toSorted());
                return true;
            });
        });
    }
});

describe("what is right is taken", () => {
    const taken = [
        "database.host: 'db1.example.com,192.0.2.32,2001:db8::32,::ffff:192.0.2.33,1:2:3:4:5:6:7:8'",
        "database.host: '/run/postgresql,@/run/postgresql', database.reads.host: '::1'",
        "resolver.addresses: ['[::1]:65535', '[2001:db8::53]', '192.0.2.53:53']",
        "history.allow: ['::/0', '1::', '1:2:3:4:5:6:7::', '::2:3:4:5:6:7:8', '2001:db8::1/128', '0.0.0.0/0', '::ffff:192.0.2.0/120']",
        "database.externalSecret.refreshInterval: 1h30m, database.externalSecret.enabled: true, database.externalSecret.remoteRef.key: k, database.externalSecret.secretStoreRef.name: s",
        ...["nginx", "dns/tools_2", "localhost:5000/a", "ghcr.io/x-y/z.a", "registry.example.com:65535/a/b/c__d"].map((image) =>
            `image.repository: '${image}'`),
        // Of what the chart does not set here.
        "database.enabled: false, extraEnv: [{name: PGHOST, value: a}, {name: PGSSLROOTCERT, value: /a}]",
        "extraVolumes: [{name: a}, {name: b}], extraVolumeMounts: [{name: a, mountPath: /a}, {name: a, mountPath: /b}, {name: tmp, mountPath: /c}]",
        `podLabels: {a: '', A_b.c-d: x_y.Z-0, example.com/${"a".repeat(63)}: ${"a".repeat(63)}, app.kubernetes.io/part-of: b}`,
        "podAnnotations: {Example.com/a: any text; of 'any' kind}, service.annotations: {checksum/config: a}",
        "updateStrategy: {maxUnavailable: 100%, maxSurge: 200%}, podDisruptionBudget.maxUnavailable: 0%",
        "updateStrategy: {maxUnavailable: 1%, maxSurge: 0%}",
        "resources: {requests: {cpu: 1, memory: 1e9, ephemeral-storage: 1.5Gi, hugepages-2Mi: 4Mi}, limits: {cpu: 1500m, example.com/a: '1', memory: 134217728}}",
        "tolerations: [{operator: Exists}, {key: a, operator: Equal, value: '1', effect: NoExecute, tolerationSeconds: 60}]",
        "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: [{matchExpressions: [{key: a, operator: In, values: [b]}]}]",
        "affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: a}]",
        "networkPolicy.from: [{podSelector: {}, namespaceSelector: {matchExpressions: [{key: a, operator: Exists}]}}]",
        "networkPolicy.extraEgress: [{}, {to: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}], ports: [{port: 1, endPort: 9, protocol: UDP}, {port: http}]}]",
        "autoscaling.enabled: true, autoscaling.behavior: {scaleUp: {selectPolicy: Disabled, stabilizationWindowSeconds: 0}, scaleDown: {tolerance: 0.05}}",
        "httpRoute.enabled: true, httpRoute.parentRefs: [{group: gateway.networking.k8s.io, kind: Gateway, name: a, namespace: b, sectionName: c, port: 443}]",
        "database.reads.host: replica, history.enabled: false, nginx.extraServer: 'location = /log { dns_tools_history; }'",
        "metrics.serviceMonitor.enabled: true, metrics.serviceMonitor.interval: 1m30s, metrics.serviceMonitor.scrapeTimeout: 90s",
        ...["60s", "1m", "3153600000s", "52560000m", "876000h", "36500d", "5214w", "1216M", "100y"].map((time) =>
            `database.retention: ${time}`),
        "journal.sync: 60s, journal.size: 1G, journal.volumeSize: 2164261k, metrics.zoneSize: 1M",
        "journal.sync: 'off', journal.volumeSize: 1T, resolver.addresses: [192.0.2.53], resolver.timeout: 60000ms",
        "resolver.attempts: null, service.nodePort: null, resources.limits: null, podSecurityContext.fsGroup: null",
        // Kubernetes takes a limit for the request where there is none.
        "autoscaling.enabled: true, resources.requests.cpu: null, resources.limits.cpu: 1",
    ];
    for (const text of taken) {
        test(text, () => renderWith(yaml.parse(`{${text}}`)));
    }
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
