{{/* The pods that serve: the template of the Deployment or the StatefulSet. */}}
{{- define "dns-tools.pod" -}}
{{- $v := .Values -}}
{{- $name := include "dns-tools.fullname" . -}}
metadata:
  labels:
    {{- include "dns-tools.podSelector" . | nindent 4 }}
    app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
    {{- with $v.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    kubectl.kubernetes.io/default-container: nginx
    # Of what the pods read, not of whole manifests: other labels replace no pods.
    checksum/config: {{ include "dns-tools.nginx.conf" . | sha256sum | quote }}
    {{- if $v.database.password }}
    {{- /* With the name: a password's hash alone may be found in a list. */}}
    checksum/database: {{ print $name $v.database.password | sha256sum | quote }}
    {{- end }}
    {{- with $v.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "dns-tools.serviceAccountName" . | quote }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  {{- with include "dns-tools.pullSecrets" . | trim }}
  {{- . | nindent 2 }}
  {{- end }}
  securityContext:
    {{- toYaml $v.podSecurityContext | nindent 4 }}
  # What nginx may take to finish and to save (worker_shutdown_timeout), the time before that in
  # which load balancers take the pod out, and some seconds to spare.
  terminationGracePeriodSeconds: {{ add $v.shutdown.preStopSeconds $v.shutdown.workerSeconds 5 }}
  containers:
    - name: nginx
      image: {{ include "dns-tools.image" . | quote }}
      imagePullPolicy: {{ $v.image.pullPolicy }}
      securityContext:
        {{- toYaml $v.securityContext | nindent 8 }}
      ports:
        - name: http
          containerPort: {{ $v.port }}
          protocol: TCP
        {{- if $v.metrics.enabled }}
        - name: metrics
          containerPort: {{ $v.metrics.port }}
          protocol: TCP
        {{- end }}
      {{- $env := include "dns-tools.env" . | trim }}
      {{- if or $env $v.extraEnv }}
      env:
        {{- with $env }}
        {{- . | nindent 8 }}
        {{- end }}
        {{- with $v.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- end }}
      livenessProbe:
        httpGet:
          path: /health
          port: http
        {{- toYaml $v.probes.liveness | nindent 8 }}
      readinessProbe:
        httpGet:
          path: /ready
          port: http
        {{- toYaml $v.probes.readiness | nindent 8 }}
      startupProbe:
        httpGet:
          path: /health
          port: http
        {{- toYaml $v.probes.startup | nindent 8 }}
      {{- if $v.shutdown.preStopSeconds }}
      lifecycle:
        preStop:
          exec:
            command: [sleep, {{ $v.shutdown.preStopSeconds | quote }}]
      {{- end }}
      resources:
        {{- toYaml $v.resources | nindent 8 }}
      volumeMounts:
        - name: config
          mountPath: /etc/dns-tools
          readOnly: true
        - name: tmp
          mountPath: /tmp
        - name: run
          mountPath: /run
        {{- if and $v.database.enabled $v.journal.enabled }}
        - name: journal
          mountPath: /var/lib/dns-tools/journal
        {{- end }}
        {{- if include "dns-tools.secretSources" . | trim }}
        - name: secrets
          mountPath: /etc/dns-tools-secrets
          readOnly: true
        {{- end }}
        {{- with $v.extraVolumeMounts }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    - name: config
      configMap:
        name: {{ $name | quote }}
    - name: tmp
      emptyDir:
        sizeLimit: 64Mi
    - name: run
      emptyDir:
        sizeLimit: 16Mi
    {{- if and $v.database.enabled $v.journal.enabled (not $v.journal.persistence.enabled) }}
    # As long as the pod lives: it outlives the container.
    - name: journal
      emptyDir:
        sizeLimit: {{ $v.journal.volumeSize | quote }}
    {{- end }}
    {{- with include "dns-tools.secretSources" . | trim }}
    # Group-readable, for the fsGroup: libpq refuses a key that everybody may read.
    - name: secrets
      projected:
        defaultMode: 0440
        sources:
          {{- . | nindent 10 }}
    {{- end }}
    {{- with $v.extraVolumes }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with $v.topologySpread }}
  {{- if .enabled }}
  topologySpreadConstraints:
    - topologyKey: topology.kubernetes.io/zone
      maxSkew: 1
      whenUnsatisfiable: {{ .zoneWhenUnsatisfiable }}
      labelSelector:
        matchLabels:
          {{- include "dns-tools.podSelector" $ | nindent 10 }}
    - topologyKey: kubernetes.io/hostname
      maxSkew: 1
      whenUnsatisfiable: {{ .hostWhenUnsatisfiable }}
      labelSelector:
        matchLabels:
          {{- include "dns-tools.podSelector" $ | nindent 10 }}
  {{- end }}
  {{- end }}
  {{- with $v.priorityClassName }}
  priorityClassName: {{ . | quote }}
  {{- end }}
  {{- with $v.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $v.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with $v.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{/* libpq's environment. */}}
{{- define "dns-tools.env" -}}
{{- $v := .Values -}}
{{- if $v.database.enabled }}
{{- with $v.database -}}
- name: PGHOST
  value: {{ .host | quote }}
- name: PGPORT
  value: {{ .port | quote }}
- name: PGDATABASE
  value: {{ .name | quote }}
- name: PGUSER
  value: {{ .user | quote }}
- name: PGSSLMODE
  value: {{ .sslMode }}
- name: PGTARGETSESSIONATTRS
  value: {{ .targetSessionAttrs }}
- name: PGAPPNAME
  valueFrom:
    fieldRef:
      fieldPath: metadata.name
{{- if .tls.ca.secretName }}
- name: PGSSLROOTCERT
  value: /etc/dns-tools-secrets/ca.crt
{{- end }}
{{- if .tls.client.secretName }}
- name: PGSSLCERT
  value: /etc/dns-tools-secrets/client.crt
- name: PGSSLKEY
  value: /etc/dns-tools-secrets/client.key
{{- end }}
{{- with include "dns-tools.passwordSecret" $ | trim }}
- name: PGPASSWORD
  valueFrom:
    secretKeyRef:
      {{- . | nindent 6 }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* The files of secrets, for one projected volume. */}}
{{- define "dns-tools.secretSources" -}}
{{- $v := .Values -}}
{{- if $v.database.enabled }}
{{- with $v.database.tls.ca }}
{{- if .secretName }}
- secret:
    name: {{ .secretName | quote }}
    items:
      - key: {{ .key | quote }}
        path: ca.crt
{{- end }}
{{- end }}
{{- with $v.database.tls.client }}
{{- if .secretName }}
- secret:
    name: {{ .secretName | quote }}
    items:
      - key: {{ .certificateKey | quote }}
        path: client.crt
      - key: {{ .privateKeyKey | quote }}
        path: client.key
{{- end }}
{{- end }}
{{- end }}
{{- if eq $v.clientIp.mode "hash" }}
- secret:
    name: {{ $v.clientIp.keySecret.name | quote }}
    items:
      - key: {{ $v.clientIp.keySecret.key | quote }}
        path: client-ip-key
{{- end }}
{{- end }}
