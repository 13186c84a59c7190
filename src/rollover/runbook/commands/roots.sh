# Does istiod hand out the roots of stage $1 in every namespace? Looks only.
# Exit 0: yes. istiod needs a minute after its restart.
set -eu
stage=${1:?which stage? 1, 2 or 3}
cd "$(dirname "$0")/.."
all=$(kubectl get configmap -A -o json \
  --field-selector metadata.name=istio-ca-root-cert)
other=$(printf '%s' "$all" |
  jq -r --rawfile wanted "stage-$stage/root-cert.pem" '
    def roots: gsub("\\s"; "")
      | [scan("BEGINCERTIFICATE-----([A-Za-z0-9+/=]+)-----END")[0]] | unique;
    if .items == [] then "no ConfigMap istio-ca-root-cert anywhere" else
    .items[]
    | select((.data["root-cert.pem"] // "" | roots) != ($wanted | roots))
    | .metadata.namespace end')
if [ -n "$other" ]; then
  echo "$other"
  echo "other roots than those of stage $stage; is istiod restarted?" >&2
  exit 1
fi
echo "every namespace has the roots of stage $stage"
