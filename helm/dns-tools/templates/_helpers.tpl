{{/* The names of everything. 63 characters are what a label and a DNS name may have; the longest
suffix that is added has 14. */}}
{{- define "dns-tools.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 49 | trimSuffix "-" }}
{{- end }}

{{- define "dns-tools.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 49 | trimSuffix "-" }}
{{- else }}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 49 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 49 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{- define "dns-tools.selectorLabels" -}}
app.kubernetes.io/name: {{ include "dns-tools.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "dns-tools.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "dns-tools.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* The labels of the pods that serve; the test's pod must not be among them. */}}
{{- define "dns-tools.podSelector" -}}
{{ include "dns-tools.selectorLabels" . }}
app.kubernetes.io/component: server
{{- end }}

{{- define "dns-tools.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "dns-tools.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "dns-tools.image" -}}
{{- $image := printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) }}
{{- if .Values.image.digest }}
{{- $image = printf "%s@%s" $image .Values.image.digest }}
{{- end }}
{{- $image }}
{{- end }}

{{- define "dns-tools.pullSecrets" -}}
{{- $secrets := .Values.imagePullSecrets }}
{{- if .Values.imagePullExternalSecret.enabled }}
{{- $secrets = append $secrets (dict "name" (printf "%s-pull" (include "dns-tools.fullname" .))) }}
{{- end }}
{{- with $secrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Where the password of the database is: the name and the key of a Secret, or nothing. */}}
{{- define "dns-tools.passwordSecret" -}}
{{- with .Values.database }}
{{- if .existingSecret.name }}
name: {{ .existingSecret.name }}
key: {{ .existingSecret.key }}
{{- else if or .externalSecret.enabled .password }}
name: {{ include "dns-tools.fullname" $ }}-database
key: password
{{- end }}
{{- end }}
{{- end }}

{{/* nginx's sizes (64m) and Kubernetes' quantities (1Gi, 500M) in bytes. */}}
{{- define "dns-tools.bytes" -}}
{{- $number := regexFind "^[0-9]+" . | int64 }}
{{- $unit := regexReplaceAll "^[0-9]+" . "" }}
{{- $factors := dict "" 1 "k" 1024 "K" 1024 "m" 1048576 "g" 1073741824 "G" 1000000000 "M" 1000000
  "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 }}
{{- mul $number (get $factors $unit) }}
{{- end }}

{{/* nginx's sizes write their units in either case. */}}
{{- define "dns-tools.nginxBytes" -}}
{{- include "dns-tools.bytes" (lower .) }}
{{- end }}

{{/* Combinations that the schema cannot refuse. */}}
{{- define "dns-tools.check" -}}
{{- $v := .Values }}
{{- if $v.database.enabled }}
{{- if not $v.database.host }}
{{- fail "\n\ndatabase.host is empty: name the PostgreSQL server, or set database.enabled=false to save nothing\n" }}
{{- end }}
{{- $sources := list }}
{{- if $v.database.password }}{{ $sources = append $sources "database.password" }}{{ end }}
{{- if $v.database.existingSecret.name }}{{ $sources = append $sources "database.existingSecret.name" }}{{ end }}
{{- if $v.database.externalSecret.enabled }}{{ $sources = append $sources "database.externalSecret.enabled" }}{{ end }}
{{- if gt (len $sources) 1 }}
{{- fail (printf "\n\n%s are set: the password of the database can come from one of them only\n" (join " and " $sources)) }}
{{- end }}
{{- if and (hasPrefix "verify-" $v.database.sslMode) (not $v.database.tls.ca.secretName) (not (dig "PGSSLROOTCERT" "" (include "dns-tools.extraEnvNames" . | fromYaml))) }}
{{- fail (printf "\n\ndatabase.sslMode is %s, and there is nothing to verify with: set database.tls.ca.secretName to the Secret of the certificate authority, or PGSSLROOTCERT in extraEnv, or choose another database.sslMode\n" $v.database.sslMode) }}
{{- end }}
{{- else }}
{{- if $v.database.retention }}
{{- fail "\n\ndatabase.retention is set, and database.enabled is false: there are no rows to remove\n" }}
{{- end }}
{{- if eq $v.record "commit" }}
{{- fail "\n\nrecord is commit, and database.enabled is false: there is nothing to commit to\n" }}
{{- end }}
{{- end }}
{{- if and (not $v.resolver.addresses) (or $v.resolver.timeout $v.resolver.attempts) }}
{{- fail "\n\nresolver.timeout or resolver.attempts is set, and resolver.addresses is empty: they go with nameservers that are named\n" }}
{{- end }}
{{- if and $v.database.externalSecret.enabled (not $v.database.externalSecret.remoteRef.key) }}
{{- fail "\n\ndatabase.externalSecret.remoteRef.key is empty: name the secret in the store\n" }}
{{- end }}
{{- if and $v.imagePullExternalSecret.enabled (not $v.imagePullExternalSecret.remoteRef.key) }}
{{- fail "\n\nimagePullExternalSecret.remoteRef.key is empty: name the secret in the store\n" }}
{{- end }}
{{- if and $v.imagePullExternalSecret.enabled (not $v.imagePullExternalSecret.secretStoreRef.name) (not $v.secretStore.enabled) }}
{{- fail "\n\nimagePullExternalSecret.secretStoreRef.name is empty, and secretStore.enabled is false: name a store\n" }}
{{- end }}
{{- if and $v.database.externalSecret.enabled (not $v.database.externalSecret.secretStoreRef.name) (not $v.secretStore.enabled) }}
{{- fail "\n\ndatabase.externalSecret.secretStoreRef.name is empty, and secretStore.enabled is false: name a store\n" }}
{{- end }}
{{- if and (eq $v.clientIp.mode "hash") (not $v.clientIp.keySecret.name) }}
{{- fail "\n\nclientIp.mode is hash, and clientIp.keySecret.name is empty: name the Secret that holds the key\n" }}
{{- end }}
{{- if eq (int $v.port) (int $v.metrics.port) }}
{{- fail (printf "\n\nport and metrics.port are both %d: they must differ\n" (int $v.port)) }}
{{- end }}
{{- if and $v.autoscaling.enabled (gt (int $v.autoscaling.minReplicas) (int $v.autoscaling.maxReplicas)) }}
{{- fail (printf "\n\nautoscaling.minReplicas is %d, more than autoscaling.maxReplicas (%d)\n" (int $v.autoscaling.minReplicas) (int $v.autoscaling.maxReplicas)) }}
{{- end }}
{{- if and $v.autoscaling.enabled (not $v.autoscaling.targetCPUUtilizationPercentage) (not $v.autoscaling.targetMemoryUtilizationPercentage) }}
{{- fail "\n\nautoscaling.enabled is true, and neither targetCPUUtilizationPercentage nor targetMemoryUtilizationPercentage is set\n" }}
{{- end }}
{{- if and $v.podDisruptionBudget.enabled (not (kindIs "invalid" $v.podDisruptionBudget.minAvailable)) (not (kindIs "invalid" $v.podDisruptionBudget.maxUnavailable)) }}
{{- fail "\n\npodDisruptionBudget.minAvailable and podDisruptionBudget.maxUnavailable are both set: Kubernetes takes one of them; set the other to null\n" }}
{{- end }}
{{- if and (eq (toString $v.updateStrategy.maxUnavailable) "0") (eq (toString $v.updateStrategy.maxSurge) "0") (not $v.journal.persistence.enabled) }}
{{- fail "\n\nupdateStrategy.maxUnavailable and updateStrategy.maxSurge are both 0: nothing could ever be updated\n" }}
{{- end }}
{{- if $v.journal.enabled }}
{{- /* 16 MiB are what the file of refused rows may grow to. */}}
{{- $need := add (mul (int64 $v.workers) (include "dns-tools.nginxBytes" $v.journal.size | int64)) 16777216 }}
{{- if gt $need (include "dns-tools.bytes" $v.journal.volumeSize | int64) }}
{{- fail (printf "\n\njournal.volumeSize is %s: %d workers with journal.size %s need %d MiB\n" $v.journal.volumeSize (int $v.workers) $v.journal.size (div $need 1048576)) }}
{{- end }}
{{- else if $v.journal.persistence.enabled }}
{{- fail "\n\njournal.persistence.enabled is true, and journal.enabled is false: there is nothing to keep\n" }}
{{- end }}
{{- if and $v.ingress.enabled (not $v.ingress.hosts) }}
{{- fail "\n\ningress.hosts is empty: name at least one host\n" }}
{{- end }}
{{- if and $v.httpRoute.enabled (not $v.httpRoute.parentRefs) }}
{{- fail "\n\nhttpRoute.parentRefs is empty: name at least one Gateway\n" }}
{{- end }}
{{- if not $v.metrics.enabled }}
{{- range $name, $one := dict "serviceMonitor" $v.metrics.serviceMonitor "prometheusRule" $v.metrics.prometheusRule "dashboard" $v.metrics.dashboard }}
{{- if $one.enabled }}
{{- fail (printf "\n\nmetrics.%s.enabled is true, and metrics.enabled is false: there would be nothing to see\n" $name) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* A map of the variables in extraEnv. */}}
{{- define "dns-tools.extraEnvNames" -}}
{{- range .Values.extraEnv }}
{{ .name }}: "set"
{{- end }}
{{- end }}
