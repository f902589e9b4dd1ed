"use strict";
// Which values the chart refuses, with what words, and which it takes. scripts/test-chart runs this.

const assert = require("node:assert/strict");
const fs = require("node:fs");
const { describe, test } = require("node:test");
const { chart, file, find, helm, rendered, renderWith, sets, withValues } = require("./chart.js");
const { load } = require("./manifests.js");
const values = require("./values.js");

const yaml = load("yaml");

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
