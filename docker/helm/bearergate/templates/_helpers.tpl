{{- define "bearergate.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "bearergate.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- $name := include "bearergate.name" . }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{- define "bearergate.selector" -}}
app.kubernetes.io/name: {{ include "bearergate.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "bearergate.labels" -}}
{{ include "bearergate.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "bearergate.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "bearergate.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{/*
The policy with what is the chart's in it: the ports that Service and probes name, the certificate,
and the time that a drain may take.
*/}}
{{- define "bearergate.config" -}}
{{- $config := deepCopy .Values.config }}
{{- $server := default dict $config.server }}
{{- $admin := default dict $config.admin }}
{{- $timeouts := default dict $server.timeouts }}
{{- if hasKey $server "listen" }}{{ fail "config.server.listen is the chart's: it must be the Service's port" }}{{ end }}
{{- if hasKey $admin "listen" }}{{ fail "config.admin.listen is the chart's: the probes ask there" }}{{ end }}
{{- if hasKey $server "tls" }}{{ fail "config.server.tls is the chart's: say tls.secretName" }}{{ end }}
{{- if hasKey $timeouts "drain" }}{{ fail "config.server.timeouts.drain is the chart's: say shutdown.drain" }}{{ end }}
{{- $_ := set $timeouts "drain" (printf "%ds" (int .Values.shutdown.drain)) }}
{{- $_ := set $server "timeouts" $timeouts }}
{{- $_ := set $server "listen" "0.0.0.0:8080" }}
{{- if .Values.tls.secretName }}
{{- $_ := set $server "tls" (dict "certificate" "/etc/bearergate-tls/tls.crt" "private_key" "/etc/bearergate-tls/tls.key") }}
{{- end }}
{{- $_ := set $admin "listen" "0.0.0.0:9901" }}
{{- $_ := set $config "server" $server }}
{{- $_ := set $config "admin" $admin }}
{{- toYaml $config }}
{{- end }}
